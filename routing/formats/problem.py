"""Errors as application/problem+json (RFC 9457)."""

import json
from typing import Any

from flask import Response
from werkzeug.http import HTTP_STATUS_CODES


def problem(status: int, detail: str, **more: Any) -> Response:
    """Return an error that says what was found and what to write; ``more`` are further members."""
    body = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status}
    body |= {"detail": detail, **more}
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
