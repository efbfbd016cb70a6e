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
    response.headers.update(lifetimes(until, at, enquiry.now()))
    response.set_etag(tag, weak=True)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def lifetimes(until: datetime | None, at: datetime, now: datetime) -> dict[str, str]:
    """Return the headers that say so, of an answer about ``at`` that is sent ``now``."""
    age = LONGEST_AGE
    if until is not None:
        age = min(age, int((until - at).total_seconds()))
    made = _made(at, now)
    return {
        "Cache-Control": f"public, max-age={age}, must-revalidate",
        "X-Answered": str(int(made)),
        "X-Accel-Expires": _last_second(made, min(age, SHARED_AGE)),
    }


def _made(at: datetime, now: datetime) -> float:
    """Return when an answer about now was made, in Unix seconds of the machine's clock.

    Proxies know that clock alone: the service's may be a rehearsal's. An answer about another time
    is made as it is sent.
    """
    took = now - at
    about_now = timedelta(0) <= took <= timedelta(seconds=LONGEST_AGE)
    return time.time() - (took.total_seconds() if about_now else 0)


def _last_second(made: float, age: int) -> str:
    """Return the last whole second in which nginx may give an answer, in nginx's own words.

    nginx knows whole seconds alone: one that it may give for n seconds more, it gives for nearly
    n + 1, and it counts from when it stored it. So it is told the end.
    """
    last = math.floor(made + age) - 1
    return f"@{last}" if last >= int(made) else "0"
