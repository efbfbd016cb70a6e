"""Errors as application/problem+json (RFC 9457)."""

import json
import math
import time
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request
from werkzeug.http import HTTP_STATUS_CODES

from routing import lookup


def problem(status: int, detail: str, **more: Any) -> Response:
    """Return an error that says what was found and what to write; ``more`` are further members."""
    body = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status}
    body |= {"detail": detail, **more}
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


MAX_AGE_SECONDS = 10
SHARED_MAX_AGE_SECONDS = MAX_AGE_SECONDS - math.ceil(lookup.MAX_DIVERT_AGE_SECONDS)
"""For nginx: the diverts that an answer rests on may be a second old already, and a divert must be
in every cached answer within ten."""


def make_cacheable(response: Response, tag: str, until: datetime | None, at: datetime) -> Response:
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


SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HTTPS_ONLY = "max-age=31536000"
"""Strict-Transport-Security: for a year, and for this host alone, not the council's other hosts."""
