"""What a page fetches: one style sheet and one script, each a few files as one.

Their addresses hold a hash of what they say, so a browser keeps them for a year and never has an
old one.
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
_TYPES = {"css": "text/css", "js": "text/javascript"}
_DARK = "#0b2545"


def url(name: str) -> str:
    """Return the address of a bundle."""
    stem, _, kind = name.partition(".")
    return f"/assets/{stem}.{hashlib.sha256(_body(name)).hexdigest()[:12]}.{kind}"


def send_asset(address: str) -> Response:
    """Return the bundle at an address that ``url`` made, or at an older one; 404 for any other."""
    stem, _, rest = address.partition(".")
    kind = rest.rpartition(".")[2]
    name = f"{stem}.{kind}"
    if name not in BUNDLES:
        abort(404)
    response = Response(_body(name), mimetype=_TYPES[kind])
    kept = "public, max-age=31536000, immutable" if url(name).endswith(address) else "no-store"
    response.headers["Cache-Control"] = kept
    return response


def send_embed_script() -> Response:
    """Return the component's script, for any page of any website to load."""
    response = Response(_body("embed.js"), mimetype=_TYPES["js"])
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def gzip_response(response: Response) -> Response:
    """Return the response gzipped, if the client accepts that and it is long enough.

    For public pages only: a page with a form token must not be compressed.
    """
    response.headers["Vary"] = "Accept-Encoding"
    if response.is_streamed or response.direct_passthrough:
        return response
    body = response.get_data()
    if request.accept_encodings["gzip"] and len(body) > 1000:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _body(name: str) -> bytes:
    colour = lookup.snapshot().directory.council.colour or _DARK
    theme = f":root{{--govuk-brand-colour:{colour}}}\n" if name.endswith(".css") else ""
    return _read(Path(current_app.static_folder or ""), name) + theme.encode()


@lru_cache
def _read(folder: Path, name: str) -> bytes:
    return b"\n".join((folder / part).read_bytes() for part in BUNDLES[name])
