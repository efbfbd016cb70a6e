"""How long an answer about now may be kept: never past a handover, ten seconds at most."""

import math
import time
from datetime import datetime, timedelta

from flask import Response, request

from routing import enquiry

LONGEST_AGE = 10
SHARED_AGE = LONGEST_AGE - math.ceil(enquiry.OLDEST)
"""Seconds that a cache before the service keeps an answer at most: what it rests on may be a second
old already, and a divert is in answers from caches within ten."""


def kept(response: Response, tag: str, until: datetime | None, at: datetime) -> Response:
    """Return the response marked so (the contract, section 4); 304 if whoever asks has it.

    ``tag`` is equal while the answer is. ``until`` is the next handover after ``at``, None if none.
    """
    age = LONGEST_AGE
    if until is not None:
        age = min(age, int((until - at).total_seconds()))
    response.headers["Cache-Control"] = f"public, max-age={age}, must-revalidate"
    made = _made(at)
    response.headers["X-Answered"] = str(int(made))
    response.headers["X-Accel-Expires"] = _last_second(made, min(age, SHARED_AGE))
    response.set_etag(tag, weak=True)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def _made(at: datetime) -> float:
    """Return when an answer about now was made, in Unix seconds of the machine's clock.

    Proxies know that clock alone: the service's may be a rehearsal's. An answer about another time
    is made as it is sent.
    """
    took = enquiry.now() - at
    about_now = timedelta(0) <= took <= timedelta(seconds=LONGEST_AGE)
    return time.time() - (took.total_seconds() if about_now else 0)


def _last_second(made: float, age: int) -> str:
    """Return the last whole second in which nginx may give an answer, in nginx's own words.

    nginx knows whole seconds alone: one that it may give for n seconds more, it gives for nearly
    n + 1, and it counts from when it stored it. So it is told the end.
    """
    last = math.floor(made + age) - 1
    return f"@{last}" if last >= int(made) else "0"
