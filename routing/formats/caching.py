"""How long an answer about now may be cached: never past a handover, ten seconds at most."""

import math
import time
from datetime import datetime, timedelta

from flask import Response, request

from routing import lookup

MAX_AGE_SECONDS = 10
SHARED_MAX_AGE_SECONDS = MAX_AGE_SECONDS - math.ceil(lookup.MAX_DIVERT_AGE_SECONDS)
"""For nginx: the diverts that an answer rests on may be a second old already, and a divert must be
in every cached answer within ten."""


def cacheable(response: Response, tag: str, until: datetime | None, at: datetime) -> Response:
    """Return the response with its ETag and lifetimes; a 304 if the client has that ETag.

    ``tag`` is the same as long as the answer is, apart from its time. ``until`` is the next
    handover after ``at``, None if there is none.
    """
    max_age = MAX_AGE_SECONDS
    if until is not None:
        max_age = min(max_age, int((until - at).total_seconds()))
    response.headers["Cache-Control"] = f"public, max-age={max_age}, must-revalidate"
    response.headers["X-Accel-Expires"] = _nginx_expiry(at, max_age)
    response.set_etag(tag, weak=True)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def _nginx_expiry(at: datetime, max_age: int) -> str:
    """Return the last whole second (Unix time) in which nginx may use an answer; "0" if none.

    nginx compares whole seconds: an answer that expires in second n is used until n + 1 begins.
    It knows only the machine's clock, while the service's may be set for a rehearsal: so ``at`` is
    converted, as far back as the request has taken. An answer about another time is made now.
    """
    duration = lookup.now() - at
    if not timedelta(0) <= duration <= timedelta(seconds=MAX_AGE_SECONDS):
        duration = timedelta(0)
    made_at = time.time() - duration.total_seconds()
    last = math.floor(made_at + min(max_age, SHARED_MAX_AGE_SECONDS)) - 1
    return f"@{last}" if last >= int(made_at) else "0"
