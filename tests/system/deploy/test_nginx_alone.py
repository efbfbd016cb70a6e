"""deploy/nginx.conf before nobody, before what dies or hangs; what reaches an application."""

import re
import shutil
import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from socketserver import BaseRequestHandler

import nginx
import pytest
import serving
import stub_server
from conftest import ANYSHIRE
from nginx import get

SERVICES = "/api/v1/services"
DECISION = f"{SERVICES}/children/decision"
FRAGMENT = "/services/children/fragment"
VOICE = "/twilio/voice/children"

pytestmark = nginx.NEEDED


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nanswered"


class DyingHandler(BaseRequestHandler):
    """Answer no request before ``first``: hang up, or hang, as a worker that is killed."""

    def handle(self):
        request = self.request.recv(65536)
        self.server.heads.append(request.partition(b"\r\n\r\n")[0].decode())
        if len(self.server.heads) > self.server.first:
            self.request.sendall(OK)
        elif self.server.hangs:
            self.server.is_over.wait(20)


@contextmanager
def dying(first=1, hangs=False):
    """Run an application whose first requests die; yield it, with the heads of all requests."""
    with stub_server.running(ThreadingHTTPServer(("127.0.0.1", 0), DyingHandler)) as application:
        application.first, application.hangs, application.heads = first, hangs, []
        application.is_over, application.address = threading.Event(), application.base[7:]
        yield application
        application.is_over.set()


def targets(application):
    return [head.partition(" HTTP")[0] for head in application.heads]


@pytest.fixture
def printed(make_app, tmp_path):
    """The page that `who-to-call directory print` writes, every night."""
    file = tmp_path / "printed" / "who-to-call.html"
    file.parent.mkdir()
    runner = make_app(ANYSHIRE).test_cli_runner()
    assert runner.invoke(args=["directory", "print", "--output", str(file)]).exit_code == 0
    return file


@contextmanager
def no_application(folder):
    """Put nginx before a port at which nobody listens."""
    with nginx.before([f"127.0.0.1:{serving.free_port()}"], folder) as port:
        yield port


def test_when_nothing_is_up_the_printed_page_answers_and_says_that_it_does(printed, tmp_path):
    paths = ["/", "/contacts?q=x", DECISION, FRAGMENT, "/nope", "/calendars/x.ics"]
    shutil.copy(printed, tmp_path)
    with no_application(tmp_path) as port:
        answers = [get(port, path) for path in paths]

    for answer in answers:
        assert answer.status == 502
        assert b"01632 960100" in answer.body
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers.get_all("Cache-Control") == ["no-store"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_when_there_is_no_printed_page_either_callers_read_999(tmp_path):
    with no_application(tmp_path) as port:
        answer = get(port, "/")

    assert answer.status == 502
    assert b"tel:999" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]


ZONES = {
    "sign-in": ("POST /staff/sign-in", "POST /staff/sign%2Din", "POST //staff/sign-in?next=x"),
    "lists": ("GET /calendars/x.ics", "GET /calendars/y.ics", f"GET {SERVICES}/x/timeline?from=y"),
    "staff": ("GET /staff", "POST /staff/diverts", "GET /staff/rota?x=1"),
    "pages": ("GET /", "GET /nobody", f"GET {DECISION}?at=x", "GET /contacts?q=x"),
    "about now": (f"GET {DECISION}", f"GET {SERVICES}/nobody", f"GET {FRAGMENT}?lang=cy"),
    "calls": (f"POST {VOICE}?x=1", "POST //twilio/sms/x", f"GET {SERVICES}/x/numbers"),
}
"""Requests of each kind that nginx limits, staff's with a cookie."""


@pytest.fixture
def strict(printed, tmp_path):
    """Run nginx before an application with limits that let three requests of each kind through.

    The client's address is that of the header X-Address, if there is one. Yield nginx's port.
    """

    def change(text):
        text = re.sub(r"rate=\d+r/s", "rate=1r/m", text)
        text = re.sub(r"burst=\d+ nodelay", "burst=2 nodelay", text)
        real = "set_real_ip_from 127.0.0.1; real_ip_header X-Address; server_tokens off;"
        return text.replace("server_tokens off;", real)

    shutil.copy(printed, tmp_path)
    with (
        dying(first=0) as application,
        nginx.before([application.address], tmp_path, change=change) as port,
    ):
        yield port


def statuses(port, zone, times=1):
    headers = {"Cookie": "staff=x"} if zone == "staff" else {}
    requests = [line.split() for line in ZONES[zone]] * times
    return [get(port, path, method, **headers).status for method, path in requests]


@pytest.mark.parametrize("zone", ZONES)
def test_a_flood_of_one_kind_is_held_back_and_costs_the_other_kinds_nothing(strict, zone):
    flooded = statuses(strict, zone, times=3)

    assert flooded == [200] * 3 + [429] * (len(flooded) - 3)
    for other in ZONES.keys() - {zone}:
        assert statuses(strict, other)[:3] == [200] * 3, other


def test_who_is_held_back_is_shown_every_number_and_staff_how_to_divert(strict):
    statuses(strict, "pages", times=2)
    statuses(strict, "sign-in", times=2)
    page, sign_in = get(strict, "/"), get(strict, "/staff/sign-in", "POST")

    assert page.status == sign_in.status == 429
    assert b"01632 960100" in page.body
    assert b"who-to-call divert set" in sign_in.body
    assert sign_in.headers["Retry-After"]
    assert get(strict, "/staff").status == 429  # without a cookie it is a stranger's
    assert get(strict, "/staff", Cookie="staff=x").status == 200


def test_every_address_of_a_network_of_ipv6_is_one_client(strict):
    for host in range(3):
        get(strict, "/", X_Address=f"2001:db8:0:1::{host + 1:x}")

    assert get(strict, "/", X_Address="2001:db8:0:1:ffff::1").status == 429
    assert get(strict, "/", X_Address="2001:db8:0:2::1").status == 200
    assert get(strict, "/", X_Address="192.0.2.1").status == 200
    assert get(strict, "/", X_Address="192.0.2.2").status == 200


def test_a_target_goes_on_as_it_was_written_and_what_clients_say_of_addresses_does_not(tmp_path):
    written = ["/a%2Fb?", "//x/../y?q=%c3%a9&&;=", "/twilio/voice/%63hildren?", f"{DECISION}?x"]
    lies = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\nX-Forwarded-Host: other"
    head = f"HTTP/1.1\r\nHost: who.example\r\nConnection: close\r\n{lies}"
    with dying(first=0) as application, nginx.before([application.address], tmp_path) as port:
        for target in written:
            nginx.ask(port, f"GET {target} {head}")

    assert targets(application) == [f"GET {target}" for target in written]
    for received in application.heads:
        assert not re.search(r"192\.0\.2\.1|other|127\.0\.0\.1", received)
        assert "Host: who.example" in received


def test_a_connection_that_may_end_with_a_form_unread_is_given_to_no_call(tmp_path):
    with dying(first=0) as application, nginx.before([application.address], tmp_path) as port:
        for path in ("/staff/sign-in", "/", VOICE):
            get(port, path)
        assert get(port, "/", "POST", b"x" * 65_536).status == 413

    assert ["\nConnection: close" in head for head in application.heads] == [True, False, False]


@pytest.mark.parametrize("hangs", [False, True], ids=["killed", "hung"])
def test_what_a_killed_worker_had_in_hand_is_asked_again_though_there_is_only_one_machine(
    tmp_path, hangs
):
    def hasty(text):
        return re.sub(r"proxy_read_timeout \d+s", "proxy_read_timeout 200ms", text)

    with (
        dying(hangs=hangs) as application,
        nginx.before([application.address], tmp_path, change=hasty) as port,
    ):
        for method, path in (("GET", "/"), ("GET", DECISION), ("GET", "/staff"), ("POST", VOICE)):
            application.heads.clear()
            answer = get(port, path, method, b"CallSid=CA1" if method == "POST" else None)

            assert (answer.status, answer.body) == (200, b"answered")
            assert targets(application) == [f"{method} {path}"] * 2


def test_a_form_of_staff_is_never_sent_twice_and_they_are_told_to_look(tmp_path):
    with dying() as application, nginx.before([application.address], tmp_path) as port:
        answer = get(port, "/staff/diverts", "POST", b"once=1")

    assert targets(application) == ["POST /staff/diverts"]
    assert answer.status == 502
    assert b"look at <a href=/staff>the staff page</a>" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]
