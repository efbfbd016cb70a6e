"""deploy/nginx.conf before a real gunicorn: what it keeps, what it never keeps, what it says."""

import gzip
import json
import re
import time
from contextlib import ExitStack
from types import SimpleNamespace

import nginx
import pytest
import serving
from conftest import ANYSHIRE
from nginx import get

DECISION = "/api/v1/services/children/decision"
FRAGMENT = "/services/children/fragment"

pytestmark = nginx.NEEDED


def asset(front, kind):
    return re.search(rb'"(/assets/site[^"]+%s)"' % kind, get(front.port, "/").body)[1].decode()


def until_cached(port, path, **headers):
    """Ask until an answer has begun to be cached: none is in the second in which it ends."""
    for _ in range(50):
        first, second = get(port, path, **headers), get(port, path, **headers)
        if second.body == first.body:
            return second
        time.sleep(0.1)
    raise AssertionError(f"{path} is never cached")


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The ports of an nginx and of its TLS, before a real application; and their folder."""
    folder, tls = tmp_path_factory.mktemp("front"), serving.free_port()
    welsh = ANYSHIRE.read_text().replace("languages: [en]", "languages: [en, cy]")
    (folder / "directory.yaml").write_text(welsh)
    environ = {
        "PUBLIC_BASE_URL": "https://who.example",
        "EXCHANGE_TOKEN": "exchange",
        "WEB_CONCURRENCY": "1",
        "CLOCK_STARTS_AT": "2026-11-23T12:00:00Z",
    }
    with ExitStack() as running:
        server = running.enter_context(serving.Server(folder, **environ))
        for kind in ("plain", "tls"):
            (folder / kind).mkdir()
        printed = f"{folder}/plain/who-to-call.html"
        serving.flask(folder, "directory", "print", "--output", printed, **environ)
        plain = running.enter_context(nginx.before([server.address], folder / "plain"))
        redirecting = running.enter_context(nginx.before([server.address], folder / "tls", tls))
        yield SimpleNamespace(port=plain, tls=tls, redirecting=redirecting, folder=folder)


def cached_files(front):
    answers = front.folder / "plain" / "answers"
    return {file.name for file in answers.rglob("*") if file.is_file()}


KEPT = (
    DECISION,
    f"{DECISION}?lang=cy",
    FRAGMENT,
    "/cy/services/children/fragment",
    "/api/v1/services",
    "/api/v1/services/children",
    "/api/v1/lines",
    "/api/v1/bank-holidays",
)


def test_an_answer_about_now_is_cached_here_and_clients_ask_each_time(front):
    for _ in range(5):  # it may have ended meanwhile
        first = [get(front.port, path) for path in KEPT]
        time.sleep(1.1)
        again = [get(front.port, path) for path in KEPT]
        if [answer.body for answer in first] == [answer.body for answer in again]:
            break

    for one, other in zip(first, again, strict=True):
        assert other.body == one.body
        assert other.headers.get_all("Cache-Control") == ["no-cache"]
        assert one.headers["Date"] < other.headers["Date"]
        assert len(other.headers.get_all("Date")) == 1
        assert "X-Accel-Expires" not in other.headers


def test_a_client_that_has_the_answer_is_told_so_and_head_has_no_body(front):
    cached = until_cached(front.port, DECISION)
    same = get(front.port, DECISION, If_None_Match=cached.headers["ETag"])
    head = get(front.port, DECISION, "HEAD")

    assert (same.status, same.body) == (304, b"")
    assert same.headers["Cache-Control"] == "no-cache"
    assert same.headers["Date"]
    assert (head.status, head.body) == (200, b"")
    assert same.headers["ETag"] == head.headers["ETag"] == cached.headers["ETag"]
    assert get(front.port, DECISION, If_None_Match='W/"other"').status == 200


def test_no_other_question_is_kept_here_or_by_clients(front):
    until_cached(front.port, DECISION)
    before = cached_files(front)
    queries = ("at=2026-12-25T09:00:00Z", "x=1", "lang=cy&x=1", "lang=cy&lang=en", "lang=xx", "")
    others = [f"{DECISION}?{query}" for query in queries]
    for path in (*others, "/api/v1/services/%63hildren/decision", f"/{DECISION}"):
        answer = get(front.port, path)
        assert get(front.port, path).status == answer.status == 200, path
        assert answer.headers.get_all("Cache-Control") == ["no-cache"], path
    unknown = get(front.port, "/api/v1/services/nobody/decision")

    assert cached_files(front) <= before
    assert unknown.status == 404
    assert "max-age" not in unknown.headers.get("Cache-Control", "")


def test_each_language_is_kept_by_itself(front):
    languages = {DECISION: "en", f"{DECISION}?lang=cy": "cy", f"/cy{FRAGMENT}": "cy"}

    for path, language in languages.items():
        assert until_cached(front.port, path).headers["Content-Language"] == language


def test_what_is_compressed_goes_to_those_alone_who_can_read_it(front):
    address = asset(front, b"css")
    small = get(front.port, address, Accept_Encoding="deflate, gzip;q=0.5, br")
    plain = get(front.port, address, Accept_Encoding="gzip;q=0, identity")

    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    for encoding in ("*", "gzip;q=0.0, *", "gzip;q=0, identity"):
        answer = get(front.port, asset(front, b"js"), Accept_Encoding=encoding)
        assert "Content-Encoding" not in answer.headers, encoding
    assert {small.headers["Vary"], plain.headers["Vary"]} == {"Accept-Encoding"}


def test_what_somebody_asks_with_a_token_is_neither_kept_nor_answered_from_what_is(front):
    numbers = "/api/v1/services/children/numbers"
    cached = until_cached(front.port, DECISION)
    mine = get(front.port, DECISION, Authorization="Bearer exchange")

    assert json.loads(mine.body)["at"] > json.loads(cached.body)["at"]
    assert get(front.port, DECISION).body != mine.body
    assert get(front.port, numbers, Authorization="Bearer exchange").status == 200
    assert get(front.port, numbers).status == 401


def test_a_page_is_never_kept_and_comes_with_one_of_each_header(front):
    answer = get(front.port, "/")

    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    for name in ("Content-Security-Policy", "X-Content-Type-Options"):
        assert len(answer.headers.get_all(name)) == 1, name


def test_a_style_sheet_is_kept_and_an_address_made_up_is_not(front):
    address = asset(front, b"css")
    first = get(front.port, address)
    held = cached_files(front)
    again = get(front.port, f"{address}?x")
    made_up = get(front.port, "/assets/site.000000000000.css")

    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert again.headers["Date"] == first.headers["Date"]
    assert made_up.headers["Cache-Control"] == "no-store"
    assert cached_files(front) <= held


def test_a_staff_page_is_never_compressed(front):
    answer = get(front.port, "/staff/sign-in", Accept_Encoding="gzip, br")

    assert b"csrf_token" in answer.body
    assert "Content-Encoding" not in answer.headers


def test_what_is_too_large_is_refused_with_every_number(front):
    large = get(front.port, "/twilio/voice/children", "POST", b"x" * 70_000)
    head = get(front.port, "/", X=("x" * 9000))

    assert (large.status, head.status) == (413, 400)
    for answer in (large, head):
        assert b"01632 960100" in answer.body


def test_with_a_certificate_it_answers_by_tls_and_sends_everybody_there(front):
    status, head, body = nginx.ask(
        front.tls, f"GET {DECISION} HTTP/1.1\r\nHost: who.example\r\nConnection: close", tls=True
    )

    assert status == 200
    assert head.lower().count("strict-transport-security") == 1
    assert json.loads(body)["line"]["phone"]["e164"] == "+441632960100"
    sent_on = get(front.redirecting, f"{DECISION}?lang=cy")
    assert (sent_on.status, sent_on.headers["Location"][-7:]) == (308, "lang=cy")


def test_no_file_holds_who_asked(front):
    get(front.port, "/calendars/a-secret.ics")
    get(front.port, "/nobody-has-this")
    names = ("access.log", "error.log", "nginx.log")
    for file in (front.folder / of / name for of in ("plain", "tls") for name in names):
        text = file.read_text() if file.exists() else ""
        assert "127.0.0.1" not in text and "a-secret" not in text, file
