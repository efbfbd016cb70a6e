"""What goes on around every request: staff's cookie, limits on expensive requests, headers.

Each worker process limits how many expensive requests run at the same time. One over a limit is
refused at once rather than queued: a thread that waits answers no caller. Calls, numbers, decisions
and the pages about now are cheap and have no limit.
"""

import re
import threading
from enum import Enum
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from routing import files, lookup
from routing.config import SESSION_TOKEN_KEY
from routing.responses import problem
from routing.store import calls

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

RETRY_AFTER_SECONDS = 3


class RequestKind(Enum):
    """A kind of expensive request: its name, and how many run at the same time in a worker."""

    ANONYMOUS = "anonymous", 2
    """Staff pages without sign-in, sign-in itself, calendars, and timelines."""

    STAFF = "staff", 2
    """Staff pages of somebody who has signed in: strangers cannot use these up."""

    LISTING = "listing", 2
    """Searches, and answers that grow with the directory: 83 ms for 200 lines, 3 ms for ten."""

    READINESS = "readiness", 1
    """`/readyz` without a token. It is never refused: the previous answer is repeated."""


_SEMAPHORE_KEY = "routing.semaphore"
"""Under which a request's environ holds the semaphore that it has acquired."""

_STAFF = re.compile(r"/staff(/.*)?", re.DOTALL)
_ANONYMOUS = re.compile(
    r"/staff/sign-in(/.*)?|/calendars/.*|/api/v1/services/[^/]+/timeline", re.DOTALL
)
_LISTING = re.compile(r"(/cy)?/embed|/api/v1/(services|lines|bank-holidays)")


class StaffSessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, read and sent below SESSION_COOKIE_PATH only: on staff pages.

    A caller's request neither reads the cookie nor waits for the disk that holds its key.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; on any other page a session that cannot be changed."""
        home = self.get_cookie_path(app)
        if request.path != home and not request.path.startswith(f"{home}/"):
            return self.make_null_session(app)
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie. Without SECRET_KEY, load or create the key's file.

        That happens at the first staff page rather than in ``create_app``: a command run as root
        would create a file that the web server's user cannot read.
        """
        if not app.secret_key:
            app.secret_key = files.load_secret_key(lookup.instance_path())
        return super().get_signing_serializer(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return False only for plain http on this very machine, with no proxy in between."""
        if (app.config["PUBLIC_BASE_URL"] or "").startswith("https://"):
            return True
        host = urlsplit(f"//{request.host}").hostname
        is_local = {request.remote_addr, host} <= {"127.0.0.1", "::1", "localhost"}
        is_direct = request.scheme == "http" and "X-Forwarded-For" not in request.headers
        return not (is_local and is_direct)


def init_app(app: Flask) -> None:
    """Put all this around the requests of ``app``. Call it before any other hook is registered."""
    app.extensions["semaphores"] = {
        kind: threading.Semaphore(kind.value[1]) for kind in RequestKind
    }
    app.session_interface = StaffSessionInterface()
    app.before_request(_limit)
    app.after_request(_add_security_headers)
    app.teardown_request(_release)


def _add_security_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if (current_app.config["PUBLIC_BASE_URL"] or "").startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", HTTPS_ONLY)
    return response


def _limit() -> Response | None:
    kind = _request_kind()
    return None if kind is None or acquire(kind) else refusal(kind)


def _request_kind() -> RequestKind | None:
    """Return the kind of the current request; None where it is not limited.

    Somebody has signed in when their cookie holds a session's token and our signature over it. The
    database is not read: a session that has ended counts as staff too, but its requests are cheap.
    """
    if _ANONYMOUS.fullmatch(request.path):
        return RequestKind.ANONYMOUS
    if _STAFF.fullmatch(request.path):
        is_signed_in = isinstance(session.get(SESSION_TOKEN_KEY), str)
        return RequestKind.STAFF if is_signed_in else RequestKind.ANONYMOUS
    return RequestKind.LISTING if _LISTING.fullmatch(request.path) else None


def acquire(kind: RequestKind) -> bool:
    """Count the current request among its kind until it ends; return False if there are too many.

    A request that is counted already, as any kind, is not counted again.
    """
    if _SEMAPHORE_KEY in request.environ:
        return True
    semaphore: threading.Semaphore = current_app.extensions["semaphores"][kind]
    if not semaphore.acquire(blocking=False):
        return False
    request.environ[_SEMAPHORE_KEY] = semaphore
    return True


def _release(error: BaseException | None) -> None:
    semaphore: threading.Semaphore | None = request.environ.pop(_SEMAPHORE_KEY, None)
    if semaphore is not None:
        semaphore.release()


def refusal(kind: RequestKind, status: int = 503) -> Response:
    """Return the answer to a request over its limit, and count it for the warning to staff."""
    current_app.extensions["call_log"].count(calls.OVER_LIMIT)
    if request.path.startswith("/api/"):
        response = problem(status, "Too many requests of this kind are running. Try again.")
    else:  # a page that costs nothing to make: no template, directory or database
        retry = f'<meta http-equiv="refresh" content="{RETRY_AFTER_SECONDS}">'
        advice = _STAFF_ADVICE if kind is not RequestKind.LISTING else ""
        page = _PAGE.format(retry=retry if request.method == "GET" else "", advice=advice)
        response = Response(page, status, mimetype="text/html")
        response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{retry}
<title>Too many requests at this moment</title>
<h1>Too many requests at this moment</h1>
<p>If a child is in immediate danger, call <a href="tel:999">999</a>.
<a href="/">Who to call now</a> is always shown.</p>
<p>This page works again in a few seconds. If you opened it, it loads again by itself. If you sent a
form, nothing was saved: go back, and send it again.</p>
{advice}
</html>
"""
_STAFF_ADVICE = """<h2>If calls must be diverted now</h2>
<p>Somebody at the server can do it without signing in, with <code>who-to-call divert set</code>, a
service, a line, an end and a reason. For example:</p>
<pre><code>who-to-call divert set children duty-manager --until 4h --note "No phones"</code></pre>
"""
