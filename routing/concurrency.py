"""Limits on expensive requests that run at the same time, so that none of them delays a caller.

Each worker process counts for itself. A request over a limit is refused at once and never waits:
a thread that waits is one that answers no caller. Calls, numbers, decisions and the pages about now
are cheap and have no limit.
"""

import re
import sys
import threading
from enum import Enum

from flask import Flask, Response, current_app, request, session

from routing.responses import problem
from routing.store import calls
from routing.store.call_log import CallLog

RETRY_AFTER_SECONDS = 3
SWITCH_INTERVAL_SECONDS = 0.001
"""How long a thread computes before one that answers a caller gets its turn. With Python's 0.005 a
call took 2.6 s while 490 people asked for the contacts of 200 lines; with this 0.6 s."""

SESSION_TOKEN_KEY = "token"  # noqa: S105 - the name of a value, no secret
"""What a session holds from sign-in to sign-out, and at no other time."""


class RequestKind(Enum):
    """A kind of expensive request: its name, and how many run at the same time in a worker."""

    ANONYMOUS = "anonymous", 2
    """Staff pages without sign-in, sign-in itself, calendars, and timelines."""

    STAFF = "staff", 2
    """Staff pages of somebody who has signed in: strangers cannot use these up."""

    LISTING = "listing", 2
    """Public pages and answers that grow with the directory: 83 ms for 200 lines, 3 ms for ten."""

    READINESS = "readiness", 1
    """`/readyz` without a token. It is never refused: the last word is repeated."""


_PLACE = "routing.concurrency_place"
_STAFF = re.compile(r"/staff(/.*)?", re.DOTALL)
_ANONYMOUS = re.compile(
    r"/staff/sign-in(/.*)?|/calendars/.*|/api/v1/services/[^/]+/timeline", re.DOTALL
)
_LISTING = re.compile(r"(/cy)?/(contacts|embed)|/api/v1/(services|lines|bank-holidays)")


def init_app(app: Flask) -> None:
    """Limit the requests of ``app``. Call it before any other hook is registered."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    app.extensions["concurrency"] = {
        kind: threading.Semaphore(kind.value[1]) for kind in RequestKind
    }
    app.before_request(limit)
    app.teardown_request(release)


def limit() -> Response | None:
    """Refuse this request when as many of its kind run as may."""
    kind = request_kind()
    return None if kind is None or acquire(kind) else refusal(kind)


def request_kind() -> RequestKind | None:
    """Return the kind of this request; None where it is not limited.

    Somebody has signed in when their cookie holds a session's token and our signature over it. The
    database is not asked: a session that has ended counts as staff too, but its requests are cheap.
    """
    if _ANONYMOUS.fullmatch(request.path):
        return RequestKind.ANONYMOUS
    if _STAFF.fullmatch(request.path):
        return (
            RequestKind.STAFF
            if isinstance(session.get(SESSION_TOKEN_KEY), str)
            else RequestKind.ANONYMOUS
        )
    return RequestKind.LISTING if _LISTING.fullmatch(request.path) else None


def acquire(kind: RequestKind) -> bool:
    """Take a place among the requests of a kind until this request ends. False: there is none.

    A request that has a place, of whatever kind, keeps that one and needs no other.
    """
    if _PLACE in request.environ:
        return True
    places: threading.Semaphore = current_app.extensions["concurrency"][kind]
    if not places.acquire(blocking=False):
        return False
    request.environ[_PLACE] = places
    return True


def release(error: BaseException | None = None) -> None:
    """Give back the place of this request, if it has one."""
    places: threading.Semaphore | None = request.environ.pop(_PLACE, None)
    if places is not None:
        places.release()


def refusal(kind: RequestKind, status: int = 503) -> Response:
    """Return the answer to a request over its limit, and count it for the staff's warnings."""
    call_log: CallLog = current_app.extensions["call_log"]
    call_log.count(calls.OVER_LIMIT)
    if request.path.startswith("/api/"):
        response = problem(status, "Too many such requests run at this moment. Send it again.")
    else:
        response = Response(_page(kind), status, mimetype="text/html")
        response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _page(kind: RequestKind) -> str:
    """Return a page that costs nothing to make: no template, directory or database."""
    retry = ""
    if request.method == "GET":
        retry = f'<meta http-equiv="refresh" content="{RETRY_AFTER_SECONDS}">'
    return _PAGE.format(retry=retry, words=_STAFF_WORDS if kind is not RequestKind.LISTING else "")


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{retry}
<title>Too many requests at this moment</title>
<h1>Too many requests at this moment</h1>
<p>If a child is in immediate danger, call <a href="tel:999">999</a>.
<a href="/">Who to call now</a> is always shown.</p>
<p>This page works again in a few seconds. A page that you opened loads again by itself. Nothing of
a form that you sent was kept: go back, and send it again.</p>
{words}
</html>
"""
_STAFF_WORDS = """<h2>If calls must be diverted now</h2>
<p>Somebody at the server can do it without signing in, with <code>flask divert set</code>, a
service, a line, an end and a reason. For example:</p>
<pre><code>flask divert set children duty-manager --until 4h --note "No telephones"</code></pre>"""
