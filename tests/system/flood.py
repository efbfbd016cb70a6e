"""One address that floods the service, and callers who ask meanwhile."""

import asyncio
import http.client
import itertools
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import nginx
from clients import VOICE, ask
from serving import OPEN, Server, prepare

RATE = 45
"""Requests a second: five fewer than nginx lets through."""

AT_ONCE = 400
INTERVAL_SECONDS = 0.5
CALLERS_ADDRESS = "127.0.0.2"
"""The address from which callers ask: not that of the flood."""

API = "/api/v1/services"
ADDRESSES = {
    "sign-in form": "/staff/sign-in",
    "provider": "/staff/sign-in/provider",
    "callback": "/staff/sign-in/callback?code=x&state=y",
    "long form": "POST /staff/sign-in",
    "password link": "/staff/sign-in/password/nobody-has-this",
    "calendar": "/calendars/nobody-has-this.ics",
    "timeline": f"{API}/children/timeline?from=2026-11-01T00:00:00Z&to=2027-12-01T00:00:00Z",
    "staff page": "/staff",
    "home": "/",
    "service": "/services/children",
    "professionals": "/services/children/professionals",
    "live part": "/services/children/now",
    "fragment": "/services/children/fragment?heading=3",
    "contacts": "/contacts?q=a",
    "accessibility": "/accessibility",
    "privacy": "/privacy",
    "logo": "/logo",
    "style sheet": "/assets/site.css",
    "script": "/static/site.js",
    "unknown page": "/nobody-has-this",
    "wrong method": "DELETE /services/children",
    "head": "HEAD /contacts",
    "Welsh": "/contacts?lang=cy",
    "long query": f"/contacts?q={'x' * 3500}",
    "unknown service": f"{API}/nobody/decision",
    "unknown fragment": "/services/nobody/fragment",
    "embed": "/embed",
    "embed script": "/embed/v1.js",
    "services": API,
    "one service": f"{API}/children",
    "lines": "/api/v1/lines",
    "bank holidays": "/api/v1/bank-holidays",
    "decision at": f"{API}/children/decision?at=2026-12-25T09:00:00Z",
    "number": f"{API}/professionals/number",
    "numbers": f"{API}/professionals/numbers?at=2026-12-25T09:00:00Z",
    "unsigned call": f"POST {VOICE}",
    "forged call": f"POST {VOICE}",
    "forged step": f"POST {VOICE}/after",
    "forged text": "POST /twilio/sms/children",
    "forged check": "POST /twilio/check",
    "alive": "/healthz",
    "readiness": "/readyz",
    "metrics": "/metrics",
    "description": "/openapi.json",
    "robots": "/robots.txt",
    "security contact": "/.well-known/security.txt",
}
"""What needs no sign-in, but for the sign-in itself, which is sent as a form: "sign-in".

What is forged has a signature that is wrong, and the longest form that is read.
"""

NAMES = ("sign-in", *ADDRESSES)
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
    for kind in ("call", "numbers", "home"):
        began = time.monotonic()
        source = (CALLERS_ADDRESS, 0)
        to = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=source)
        with closing(to):
            failure = ask(to, kind, f"{os.getpid()} {answers.count}")
        answers.count += 1
        answers.slowest = max(answers.slowest, time.monotonic() - began)
        if failure:
            answers.wrong.append(failure)


def requests(port, name):
    """Yield requests to one of NAMES or EVERY, without end: each sign-in is another person's."""
    if name == EVERY:
        pairs = itertools.product(SHAPES, ADDRESSES)
        yield from itertools.cycle([_anonymous_request(name).replace(*s, 1) for s, name in pairs])
    if name != "sign-in":
        yield from itertools.repeat(_anonymous_request(name))
    form = nginx.get(port, "/staff/sign-in")
    token = re.search(rb'name="csrf_token" value="([^"]+)"', form.body)[1].decode()
    cookie = form.headers["Set-Cookie"].partition(";")[0]
    for number in itertools.count():
        values = {"csrf_token": token, "name": f"{number}", "password": "a guess of a stranger"}
        yield _request("POST", "/staff/sign-in", urlencode(values), f"Cookie: {cookie}\r\n")


def _anonymous_request(name):
    method, _, path = ADDRESSES[name].rpartition(" ")
    if name.startswith("forged"):
        return _request(method, path, LONG_FORM, f"X-Twilio-Signature: {'A' * 27}=\r\n")
    return _request(method or "GET", path, LONG_FORM * 3 if name == "long form" else "")


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
