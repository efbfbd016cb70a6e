"""How long an answer about now may be kept: never past a handover, ten seconds at most."""

from datetime import datetime

from flask import Response, request

LONGEST_AGE = 10


def kept(response: Response, tag: str, until: datetime | None, at: datetime) -> Response:
    """Return the response marked so (the contract, section 4); 304 if whoever asks has it.

    ``tag`` is equal while the answer is. ``until`` is the next handover after ``at``, None if none.
    """
    age = LONGEST_AGE
    if until is not None:
        age = min(age, int((until - at).total_seconds()))
    response.headers["Cache-Control"] = f"public, max-age={age}, must-revalidate"
    response.set_etag(tag, weak=True)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response
