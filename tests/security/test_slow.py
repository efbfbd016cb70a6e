"""Whoever sends too slowly, too much or nothing at all keeps nobody waiting: a real gunicorn."""

import shutil
import socket
import time
from contextlib import ExitStack, contextmanager

import nginx
import pytest
import serving
from conftest import ANYSHIRE, ROOT

from routing.headers import SECURITY_HEADERS

ASK = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close"
FORM = "POST /staff/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
MANY = 200
SOON = 10
"""Seconds: an answer takes a few thousandths, and gunicorn's own would take minutes or for ever."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve as in production, but that a request may take two seconds and not fifteen.

    Yield the port, and the file of the log.
    """
    folder = tmp_path_factory.mktemp("slow")
    shutil.copy(ANYSHIRE, folder / "directory.yaml")
    written = (ROOT / "gunicorn.conf.py").read_text()
    (folder / "gunicorn.conf.py").write_text(
        f"{written}\nimport routing.server\n\nrouting.server.LONGEST_REQUEST = 2\n"
    )
    settings = {"GUNICORN_CMD_ARGS": f"-c {folder}/gunicorn.conf.py", "WEB_CONCURRENCY": "1"}
    with (folder / "log").open("w") as log:
        process, url = serving.start(folder, stderr=log, **settings)
        try:
            serving.ask(url)
            yield int(url.split(":")[2].split("/")[0]), folder / "log"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def port(served):
    return served[0]


@contextmanager
def connected(port, sent=b""):
    """Hold many connections on which the same was sent."""
    with ExitStack() as stack:
        found = []
        for _ in range(MANY):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            stack.enter_context(connection).sendall(sent)
            found.append(connection)
        yield found


def answered(port):
    began = time.monotonic()
    for _ in range(10):
        assert nginx.ask(port, ASK)[0] == 200
    return time.monotonic() - began < SOON


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"\x16\x03\x01"])
def test_many_who_send_nothing_or_half_a_request_keep_nobody_waiting(port, sent):
    with connected(port, sent):
        assert answered(port)


def test_half_a_request_behind_a_whole_one_keeps_nobody_waiting(port):
    with connected(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he"):
        assert answered(port)


def test_a_request_in_pieces_is_answered_once_it_is_whole(port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for piece in (b"GET /hea", b"lthz HTTP/1.1\r\n", b"Host: x\r\nConnection: close\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")


def test_whoever_sends_a_byte_now_and_then_is_cut_off(port):
    with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
        for _ in range(300):
            try:
                connection.sendall(b"G")
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    raise AssertionError("it is still connected after a minute")


def test_threads_held_by_slow_forms_are_free_again_after_a_while(port):
    head = f"{FORM}\r\nContent-Length: 1000\r\n\r\nname=".encode()
    with ExitStack() as stack:
        for _ in range(8):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            stack.enter_context(connection).sendall(head)
        assert nginx.ask(port, ASK)[0] == 200


@pytest.mark.parametrize(
    ("kind", "status"), [("application/x-www-form-urlencoded", 400), (MULTIPART, 413)]
)
def test_a_form_without_end_is_read_no_further_than_a_form_may_be_long(port, kind, status):
    """In chunks, so that nobody is told its length beforehand."""
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(x), x) for x in (part, *[b"a" * 0x10000] * 80))
    head = FORM.replace("application/x-www-form-urlencoded", kind)
    answer = nginx.ask(port, f"{head}\r\nTransfer-Encoding: chunked", chunks)

    assert answer[0] == status


@pytest.mark.parametrize(
    "head",
    [
        "G<script>T / HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nHo<script>st: x",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x",
        f"GET /{'<script>' * 700} HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nHost: x\r\n" + "\r\n".join(f"X-{n}: x" for n in range(200)),
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_is_no_request_is_refused_by_gunicorn_itself_and_runs_nowhere(port, head):
    """It has our headers all the same, and says nothing of what was sent."""
    status, told, body = nginx.ask(port, head)

    assert 400 <= status < 500
    assert b"script" not in body
    assert b"999" in body
    for name, value in SECURITY_HEADERS.items():
        assert f"\r\n{name}: {value}" in told


@pytest.mark.parametrize(
    "head",
    [
        "G\x1b[2JT / HTTP/1.1\r\nHost: x",
        "GET /\x1b[2J HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nHo\x1b[2Jst: x",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b",
        "GET / HTTP/1.1\r\nHost: x\n[2026-11-23] CRITICAL: y",
    ],
)
def test_gunicorns_log_tells_it_on_one_line_and_not_who_asked(served, head):
    port, log = served
    before = len(log.read_text().splitlines())
    assert nginx.ask(port, head)[0] == 400
    for _ in range(200):  # a thread of its own writes
        written = log.read_text().splitlines()[before:]
        if written:
            break
        time.sleep(0.05)

    assert len(written) == 1
    assert written[0].isprintable()
    assert "Invalid request from ip=: " in written[0]


@pytest.mark.skipif(nginx.NGINX is None, reason="needs nginx")
def test_behind_nginx_slow_forms_reach_no_thread_at_all(port, tmp_path):
    head = f"{FORM}\r\nContent-Length: 1000\r\n\r\nname=".encode()
    with nginx.before([f"127.0.0.1:{port}"], tmp_path) as outside, ExitStack() as stack:
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", outside), timeout=60)
            stack.enter_context(connection).sendall(head)
        assert answered(port)
        assert nginx.ask(outside, ASK)[0] == 200
