"""Slow and malformed requests: nginx keeps the slow ones from callers; no log quotes a request."""

import json
import re
import socket
from contextlib import ExitStack

import nginx
import pytest
import serving
from conftest import ROOT
from load import Caller

SIGN_IN = (
    "POST /staff/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
)
HALF_A_REQUEST = b"GET /services/children HTTP/1.1\r\nHost: x\r\nX-Sl"
STALLED_BODY = f"{SIGN_IN}\r\nContent-Length: 1000\r\n\r\nname=".encode()
MULTIPART = "multipart/form-data; boundary=b"
SAFETY_NET_SECONDS = 8
"""Fewer than the 10 after which nginx closes a slow connection."""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Serve as in production."""
    folder = tmp_path_factory.mktemp("slow")
    serving.prepare(folder)
    with serving.Server(folder, WEB_CONCURRENCY="1", **serving.OPEN) as server:
        yield server


@nginx.NEEDED
def test_behind_nginx_2000_half_requests_and_64_stalled_bodies_hold_up_no_call_and_no_number(
    service, tmp_path
):
    """Each is answered while nginx still waits for the slow ones, which it does for 10 seconds."""
    with (
        nginx.before([service.address], tmp_path) as outside,
        ExitStack() as slow_clients,
    ):
        for sent in [HALF_A_REQUEST] * 2000 + [STALLED_BODY] * 64:
            connection = socket.create_connection(("127.0.0.1", outside), timeout=60)
            slow_clients.enter_context(connection).sendall(sent)
        faults = []
        for _ in range(10):
            url = f"http://127.0.0.1:{outside}"
            with Caller(url, tries=1, timeout=SAFETY_NET_SECONDS) as caller:
                faults += [caller.fault("call"), caller.fault("numbers")]

    assert faults == [None] * 20


@pytest.mark.parametrize(
    ("kind", "status"), [("application/x-www-form-urlencoded", 302), (MULTIPART, 413)]
)
def test_a_form_without_end_is_read_no_further_than_a_form_may_be_long(service, kind, status):
    """In chunks, so that no length is declared beforehand."""
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(chunk), chunk)
        for chunk in (part, *[b"a" * 0x10000] * 4)  # just over 256 kB
    )
    head = SIGN_IN.replace("application/x-www-form-urlencoded", kind)
    answer = nginx.ask(service.port, f"{head}\r\nTransfer-Encoding: chunked", chunks)

    assert answer[0] == status


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTQ/01632-960777",
        "GET 01632-960777 / HTTP/1.1\r\nHost: x",
        "G<script>T / HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nHo\x1b[2J01632-960777: x",
        f"GET /{'<script>01632-960777' * 400} HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nHost: x\n[2026-11-23] CRITICAL: 01632 960777",
        "GET / HTTP/1.1\r\nHost: x\r\n" + "\r\n".join(f"X-{n}: 01632" for n in range(200)),
        "POST /calendars/01632-960777 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: 01632",
        "POST /01632 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
        "GET /01632 HTTP/1.1\r\nHost: x\r\nHost: y",
    ],
)
def test_a_malformed_request_runs_nowhere_and_the_log_has_whole_lines_that_quote_nothing_of_it(
    service, head
):
    before = len(service.log().splitlines())
    status, _, body = nginx.ask(service.port, head)
    serving.poll(lambda: len(service.log().splitlines()) > before)
    lines = service.log().splitlines()[before:]

    assert 400 <= status < 600
    assert b"<script>" not in body
    for line in lines:  # connections that earlier tests left may end meanwhile
        assert line.isprintable()
        assert json.loads(line)["event"] == "Refused a malformed request."
        for words in ("01632", "127.0.0.1", "ip="):
            assert words not in line


def test_gunicorn_is_bounded_to_the_versions_whose_messages_these_tests_know():
    assert re.search(r"^gunicorn>=25\.3,<28\b", (ROOT / "requirements.in").read_text(), re.M)
