"""Style sheets and scripts. Each page loads one of each, bundled from several files.

The address of a bundle has a hash of its content, so a browser may keep it for a year and never
shows an old one.
"""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, abort, current_app, request

from routing import lookup

BUNDLES = {
    "site.css": ("govuk-frontend.css", "site.css"),
    "site.js": ("exit-this-page.js", "live.js", "site.js"),
    "staff.css": ("govuk-frontend.css", "site.css", "staff.css"),
    "staff.js": ("staff.js",),
    "embed.js": ("live.js", "embed.js"),
}
DEFAULT_COLOUR = "#0b2545"
"""The brand colour of a council that names none."""

MIN_GZIP_BYTES = 1000
_MIME_TYPES = {"css": "text/css", "js": "text/javascript"}


def url(name: str) -> str:
    """Return the address of the bundle ``name``."""
    stem, _, suffix = name.partition(".")
    return f"/assets/{stem}.{hashlib.sha256(_content(name)).hexdigest()[:12]}.{suffix}"


def send_asset(address: str) -> Response:
    """Return the bundle at an address that ``url`` returned, now or for an older version.

    A 404 for any other.
    """
    stem, _, rest = address.partition(".")
    suffix = rest.rpartition(".")[2]
    name = f"{stem}.{suffix}"
    if name not in BUNDLES:
        abort(404)
    response = Response(_content(name), mimetype=_MIME_TYPES[suffix])
    is_current = url(name).endswith(address)
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_current else "no-store"
    )
    return response


def send_embed_script() -> Response:
    """Return the component's script: pages of any website may load it."""
    response = Response(_content("embed.js"), mimetype=_MIME_TYPES["js"])
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def gzip_response(response: Response) -> Response:
    """Compress a response if the client accepts gzip and the body has 1,000 bytes or more.

    Only for public pages: compressing a page with a form token would help to guess the token.
    """
    response.headers["Vary"] = "Accept-Encoding"
    if response.is_streamed or response.direct_passthrough:
        return response
    body = response.get_data()
    if request.accept_encodings["gzip"] and len(body) >= MIN_GZIP_BYTES:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _content(name: str) -> bytes:
    colour = lookup.snapshot().directory.council.colour or DEFAULT_COLOUR
    theme = f":root{{--govuk-brand-colour:{colour}}}\n" if name.endswith(".css") else ""
    return _read_bundle(Path(current_app.static_folder or ""), name) + theme.encode()


@lru_cache
def _read_bundle(folder: Path, name: str) -> bytes:
    return b"\n".join((folder / file).read_bytes() for file in BUNDLES[name])
