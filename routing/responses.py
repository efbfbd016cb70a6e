"""Headers and documents that every kind of response shares: security, caching, errors, tokens."""

import hmac
import json
import math
import time
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import HTTP_STATUS_CODES

from routing import lookup

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
"""Strict-Transport-Security: one year, for this host only and not the council's other hosts."""

MAX_AGE_SECONDS = 10
SHARED_MAX_AGE_SECONDS = MAX_AGE_SECONDS - math.ceil(lookup.MAX_DIVERT_AGE_SECONDS)
"""For nginx. The diverts behind an answer may be a second old already, and a new divert must be in
every cached answer within ten."""


def problem(status: int, detail: str, **members: Any) -> Response:
    """Return an error as application/problem+json (RFC 9457), with any further ``members``.

    ``detail`` says what was wrong and what to send instead.
    """
    body = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status}
    body |= {"detail": detail, **members}
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def has_bearer_token(setting: str) -> bool:
    """Return whether the request carries the token in ``setting``; False if that is not set."""
    token: str | None = current_app.config.get(setting)
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(credentials.strip().encode(), token.encode())


def make_cacheable(response: Response, tag: str, until: datetime | None, at: datetime) -> Response:
    """Add an ETag and cache lifetimes to an answer for ``at``; answer 304 to a matching ETag.

    Nothing may be cached for more than ten seconds, nor past ``until``, the next handover (None if
    there is none). ``tag`` must be the same for answers that differ only in the time they state.
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
    nginx knows only the machine's clock, while a rehearsal sets the service's own. So the time
    since ``at``, which is how long the request has taken, is subtracted from the machine's clock.
    An ``at`` that is not about now counts as now.
    """
    duration = lookup.now() - at
    if not timedelta(0) <= duration <= timedelta(seconds=MAX_AGE_SECONDS):
        duration = timedelta(0)
    made_at = time.time() - duration.total_seconds()
    last_second = math.floor(made_at + min(max_age, SHARED_MAX_AGE_SECONDS)) - 1
    return f"@{last_second}" if last_second >= int(made_at) else "0"
