"""One address that floods the service, and callers who ask meanwhile."""

import asyncio
import itertools
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import nginx
import routes
from load import VOICE, Caller
from serving import OPEN, Server, close, places, prepare

from routing import create_app
from routing.staff import auth

RATE = 45
"""Requests a second: five fewer than nginx lets through."""

AT_ONCE = 400
INTERVAL_SECONDS = 0.5
CALLERS_ADDRESS = "127.0.0.2"
"""The address from which callers ask: not that of the flood."""

API = "/api/v1/services"
COSTLY = {
    "a callback": "GET /staff/sign-in/callback?code=x&state=y",
    "a long form": "POST /staff/sign-in",
    "a timeline": f"GET {API}/children/timeline?from=2026-11-01T00:00:00Z&to=2027-12-01T00:00:00Z",
    "a fragment": "GET /services/children/fragment?heading=3",
    "a search": "GET /contacts?q=a",
    "a long search": f"GET /contacts?q={'x' * 3500}",
    "Welsh": "GET /contacts?lang=cy",
    "a head": "HEAD /contacts",
    "a wrong method": "DELETE /services/children",
    "an unknown service": f"GET {API}/nobody/decision",
    "a decision at a time": f"GET {API}/children/decision?at=2026-12-25T09:00:00Z",
    "numbers at a time": f"GET {API}/professionals/numbers?at=2026-12-25T09:00:00Z",
    "a forged call": f"POST {VOICE}",
    "a forged step": f"POST {VOICE}/after",
    "a forged text": "POST /twilio/sms/children",
    "a forged check": "POST /twilio/check",
}
"""What costs more than the plain address. What is forged has a signature that is wrong, and the
longest form that is read.
"""

SIGN_IN = "a sign-in"
"""The form, sent by another person each time."""


@cache
def addresses():
    """Return by name what needs no sign-in: COSTLY, and every address by itself."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        app = create_app(places(folder))
        urls = app.url_map.bind("who.example")
        plain = {
            f"{method} {path}"
            for method, path in routes.addresses(app, ["children"])
            if method == ("POST" if path.startswith("/twilio") else "GET")
            and not path.startswith("/cy")
            and (
                not path.startswith("/staff/")
                or urls.match(path, method)[0] in auth.PUBLIC_ENDPOINTS
            )
        }
        close(app)
    return COSTLY | {line: line for line in sorted(plain)}


EVERY = "every address in turn, in every shape"
SHAPES = (
    (b"HTTP/1.1", b"HTTP/1.1"),
    (b"HTTP/1.1", b"HTTP/1.0"),
    (b"who.example", b"elsewhere.example:99999"),
    (b"Host", b"Expect: 100-continue\r\nHost"),
    (b"Host", b"Content-Encoding: gzip\r\nHost"),
    (b"Host", b"".join(b"X-%d: %060d\r\n" % (n, n) for n in range(90)) + b"Host"),
)
"""Of an ordinary request: what is replaced, and by what."""

LONG_FORM = "&".join(f"p{n}={'%C3%A9' * 30}{'x' * 140}" for n in range(99))


@dataclass
class Answers:
    """What callers saw: how many answers, the slowest in seconds, and every one that was wrong."""

    count: int = 0
    slowest: float = 0.0
    wrong: list = field(default_factory=list)


def endure(port, name, at_once=AT_ONCE, seconds=20):
    """Flood an address from another thread; return what callers saw, and the flood's statuses."""
    answers = Answers()
    with ThreadPoolExecutor(1) as pool:
        flooding = pool.submit(asyncio.run, flood(port, name, at_once, seconds))
        while not flooding.done():
            began = time.monotonic()
            call(port, answers)
            time.sleep(max(0.0, began + INTERVAL_SECONDS - time.monotonic()))
        return answers, flooding.result()


def call(port, answers):
    """Ask as a telephone, an exchange and a person do, and note how each was answered."""
    source = {"source_address": (CALLERS_ADDRESS, 0), "timeout": 30}
    for kind in ("call", "numbers", "home"):
        began = time.monotonic()
        with Caller(f"http://127.0.0.1:{port}", tries=1, **source) as caller:
            fault = caller.fault(kind)
        answers.count += 1
        answers.slowest = max(answers.slowest, time.monotonic() - began)
        answers.wrong += [fault] if fault else []


def requests(port, name):
    """Yield requests to one of the addresses, EVERY or SIGN_IN, without end."""
    if name == EVERY:
        pairs = itertools.product(SHAPES, addresses())
        yield from itertools.cycle([_anonymous_request(name).replace(*s, 1) for s, name in pairs])
    if name != SIGN_IN:
        yield from itertools.repeat(_anonymous_request(name))
    form = nginx.get(port, "/staff/sign-in")
    token = re.search(rb'name="csrf_token" value="([^"]+)"', form.body)[1].decode()
    cookie = form.headers["Set-Cookie"].partition(";")[0]
    for number in itertools.count():
        values = {"csrf_token": token, "name": f"{number}", "password": "a guess of a stranger"}
        yield _request("POST", "/staff/sign-in", urlencode(values), f"Cookie: {cookie}\r\n")


def _anonymous_request(name):
    method, path = addresses()[name].split(" ", 1)
    if name.startswith("a forged"):
        return _request(method, path, LONG_FORM, f"X-Twilio-Signature: {'A' * 27}=\r\n")
    return _request(method, path, LONG_FORM * 3 if name == "a long form" else "")


def _request(method, path, body="", head=""):
    return (
        f"{method} {path} HTTP/1.1\r\nHost: who.example\r\nConnection: close\r\n{head}"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        f"{body}"
    ).encode()


async def _send(port, request):
    """Send a request and return the status of its answer; None where there was none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        first = await reader.readline()
        await reader.read()
        writer.close()
        return first.split()[1].decode() if first else None
    except OSError:
        return None


async def flood(port, name, at_once, seconds):
    """Return how often each status was the answer."""
    source = requests(port, name)
    sent = [asyncio.create_task(_send(port, next(source))) for _ in range(at_once)]
    began = time.monotonic()
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        sent.append(asyncio.create_task(_send(port, next(source))))
    statuses = await asyncio.wait_for(asyncio.gather(*sent), 120)
    return {str(status): statuses.count(status) for status in set(statuses)}


@contextmanager
def served(folder):
    """Run the service as in production over a made database; yield its port."""
    prepare(folder)
    with Server(folder, WEB_CONCURRENCY="2", **OPEN) as server:
        yield server.port
