"""What interfaces share: problem documents, bearer tokens, style sheets and scripts.

Each page loads one style sheet and one script, bundled from several files. The address of a bundle
has a hash of its content, so a browser may keep it for a year and never shows an old one.
"""

import hashlib
import hmac
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import HTTP_STATUS_CODES

BUNDLES = {
    "site.css": ("govuk-frontend.css", "site.css"),
    "site.js": ("exit-this-page.js", "live.js", "site.js"),
    "staff.css": ("govuk-frontend.css", "site.css", "staff.css"),
    "staff.js": ("staff.js",),
    "embed.js": ("live.js", "embed.js"),
}
DEFAULT_COLOUR = "#0b2545"
"""The brand colour of a council that names none."""


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


def bundle_url(name: str, colour: str | None) -> str:
    """Return the address of the bundle ``name``; a style sheet has the council's ``colour``."""
    stem, _, suffix = name.partition(".")
    return f"/assets/{stem}.{hashlib.sha256(bundle(name, colour)).hexdigest()[:12]}.{suffix}"


def bundle(name: str, colour: str | None = None) -> bytes:
    """Return the content of the bundle ``name``; a style sheet has the council's ``colour``."""
    content = _read_bundle(Path(current_app.static_folder or ""), name)
    if name.endswith(".css"):
        content += f":root{{--govuk-brand-colour:{colour or DEFAULT_COLOUR}}}\n".encode()
    return content


@lru_cache
def _read_bundle(folder: Path, name: str) -> bytes:
    return b"\n".join((folder / file).read_bytes() for file in BUNDLES[name])
