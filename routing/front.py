"""In front of Flask: an answer about now that went out this second goes out again without it.

Flask takes several times as long for a request as such an answer takes to be sent.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from routing.enquiry import OLDEST
from routing.formats.caching import lifetimes
from routing.formats.written import ABOUT_NOW, AboutNow

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    Headers = list[tuple[str, str]]

MOST = 4096
_OF_THE_MOMENT = {"content-length", "cache-control", "x-accel-expires", "x-answered"}

log = logging.getLogger(__name__)


class Front:
    """The application, with the answers of this second in front of it. Safe between threads."""

    def __init__(self, app: Flask) -> None:
        self.answers, self.clock = app.wsgi_app, app.config["CLOCK"]
        self.sources, self.readings = app.extensions["sources"], app.extensions["readings"]
        self._kept: dict[str, tuple[AboutNow, Headers]] = {}

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if not _plain(environ):
            return self.answers(environ, start_response)
        path = environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]
        again = self._again(path)
        if again is not None:
            start_response("200 OK", again[0])
            return [again[1]]

        def start(status: str, headers: "Headers", *error: Any) -> Callable[[bytes], object]:
            found = environ.get(ABOUT_NOW)
            if found is not None and status == "200 OK":
                self._keep(path, found, headers)
            return start_response(status, headers, *error)

        return self.answers(environ, start)

    def _again(self, path: str) -> "tuple[Headers, bytes] | None":
        """Return an answer that still holds, its time put right; None where Flask must be asked."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        (found, headers), at = kept, self.clock()
        try:
            holds = int(found.at.timestamp()) == int(at.timestamp())
            holds = holds and found.facts is self.sources.current()
            if not holds or found.diverts != self.readings.current(OLDEST).diverts:
                return None
        except Exception:
            log.exception("fault in front of Flask, which answers itself")
            return None
        body = found.text.replace(found.mark(found.at), found.mark(at), 1).encode()
        moment = lifetimes(found.until, at, at).items()
        return [*headers, ("Content-Length", str(len(body))), *moment], body

    def _keep(self, path: str, found: AboutNow, headers: "Headers") -> None:
        if len(self._kept) >= MOST or any(x.facts is not found.facts for x, _ in self._newest()):
            self._kept = {}  # answers must not keep directories that are gone
        fixed = [each for each in headers if each[0].lower() not in _OF_THE_MOMENT]
        self._kept[path] = found, fixed

    def _newest(self) -> "list[tuple[AboutNow, Headers]]":
        return list(self._kept.values())[-1:]


def _plain(environ: "WSGIEnvironment") -> bool:
    """Say whether nothing is asked but an address."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and "HTTP_IF_NONE_MATCH" not in environ
    )
