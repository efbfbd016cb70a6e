"""What every kind of response shares: security headers, problem documents, bearer tokens."""

import hmac
import json
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import HTTP_STATUS_CODES

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
