"""deploy/nginx.conf before a real gunicorn: what it keeps, what it never keeps, what it says."""

import gzip
import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nginx
import pytest
import serving
from conftest import ANYSHIRE
from nginx import get
from telephone import CALLED, CALLER, TOKEN, sign

DECISION = "/api/v1/services/children/decision"
FRAGMENT = "/services/children/fragment"
VOICE = "/twilio/voice/children"
FORM = {"CallSid": "CA1", "From": CALLER, "To": CALLED, "CallStatus": "ringing"}
WHO = "https://who.example"

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
    """The ports of an nginx, of its TLS, and of the application behind; and their folder."""
    folder, tls = tmp_path_factory.mktemp("front"), serving.free_port()
    welsh = ANYSHIRE.read_text().replace("languages: [en]", "languages: [en, cy]")
    (folder / "directory.yaml").write_text(welsh)
    environ = {
        "PUBLIC_BASE_URL": WHO,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "EXCHANGE_TOKEN": "exchange",
        "WEB_CONCURRENCY": "1",
        "CLOCK_STARTS_AT": "2026-11-23T12:00:00Z",
        "REHEARSAL_NUMBER": "directory",
    }
    with ExitStack() as running:
        server = running.enter_context(serving.serving(folder, **environ))
        for kind in ("plain", "tls"):
            (folder / kind).mkdir()
        printed = f"{folder}/plain/who-to-call.html"
        serving.flask(folder, "directory", "print", "--output", printed, **environ)
        plain = running.enter_context(nginx.before([server.address], folder / "plain"))
        running.enter_context(nginx.before([server.address], folder / "tls", tls))
        yield Front(plain, tls, server.port, folder)


@dataclass
class Front:
    port: int
    tls: int
    own: int
    folder: Path


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


def test_a_client_that_has_the_answer_is_told_that_it_is_the_same(front):
    cached = until_cached(front.port, DECISION)
    answer = get(front.port, DECISION, If_None_Match=cached.headers["ETag"])

    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == cached.headers["ETag"]
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Date"]
    assert get(front.port, DECISION, If_None_Match='W/"other"').status == 200


@pytest.mark.parametrize("path", [f"{DECISION}?at=2026-12-25T09:00:00Z", f"{DECISION}?x"])
def test_what_is_passed_on_may_be_cached_by_clients_no_longer(front, path):
    assert get(front.port, path).headers.get_all("Cache-Control") == ["no-cache"]


def test_an_error_is_given_no_lifetime(front):
    answer = get(front.port, "/api/v1/services/nobody/decision")

    assert answer.status == 404
    assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_head_is_answered_as_get_without_a_body(front):
    cached = until_cached(front.port, DECISION)
    head = get(front.port, DECISION, "HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["ETag"] == cached.headers["ETag"]


@pytest.mark.parametrize(
    "query",
    ["?at=2026-12-25T09:00:00Z", "?x=1", "?lang=cy&x=1", "?lang=cy&lang=en", "?lang=xx", "?"],
)
def test_no_other_question_is_kept(front, query):
    until_cached(front.port, DECISION)
    files = {
        file.name for file in (front.folder / "plain" / "answers").rglob("*") if file.is_file()
    }
    for _ in range(2):
        assert get(front.port, DECISION + query).status == 200
    for spelt in ("/api/v1/services/%63hildren/decision", f"/{DECISION}"):
        get(front.port, spelt)
    after = {
        file.name for file in (front.folder / "plain" / "answers").rglob("*") if file.is_file()
    }

    assert after <= files


def test_each_language_is_kept_by_itself(front):
    english, welsh = (
        until_cached(front.port, DECISION),
        until_cached(front.port, f"{DECISION}?lang=cy"),
    )

    assert english.headers["Content-Language"] == "en"
    assert welsh.headers["Content-Language"] == "cy"
    assert until_cached(front.port, "/cy" + FRAGMENT).headers["Content-Language"] == "cy"


def test_what_is_compressed_goes_to_those_alone_who_can_read_it(front):
    address = asset(front, b"css")
    small = get(front.port, address, Accept_Encoding="deflate, gzip;q=0.5, br")
    plain = get(front.port, address, Accept_Encoding="gzip;q=0, identity")

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small.body) == plain.body
    for encoding in ("*", "gzip;q=0.0, *"):
        assert (
            "Content-Encoding"
            not in get(front.port, asset(front, b"js"), Accept_Encoding=encoding).headers
        )
    assert {small.headers["Vary"], plain.headers["Vary"]} == {"Accept-Encoding"}


def test_what_somebody_asks_with_a_token_is_neither_kept_nor_answered_from_what_is(front):
    cached = until_cached(front.port, DECISION)
    mine = get(front.port, DECISION, Authorization="Bearer exchange")
    after = get(front.port, DECISION)

    assert json.loads(mine.body)["at"] > json.loads(cached.body)["at"]
    assert after.body != mine.body


def test_an_exchange_is_answered_by_the_application_each_time(front):
    path = "/api/v1/services/children/numbers"
    with_token = get(front.port, path, Authorization="Bearer exchange")

    assert with_token.status == 200
    assert b"+447700900001" in with_token.body
    assert get(front.port, path).status == 401


def test_twilio_signs_the_address_as_it_is_written(front):
    for query in ("", "?", "?x=%c3%a9&y=a b"[:12], "?x=100%", "?a=1;b=2"):
        address = f"{WHO}{VOICE}{query}"
        answer = get(
            front.port,
            VOICE + query,
            "POST",
            "&".join(f"{key}={value.replace('+', '%2B')}" for key, value in FORM.items()),
            Content_Type="application/x-www-form-urlencoded",
            X_Twilio_Signature=sign(address, FORM),
            X_Forwarded_Proto="http",
            X_Forwarded_Ssl="on",
            X_Forwarded_Prefix="/x",
        )
        assert answer.status == 200, query
        assert b"<Dial" in answer.body


def test_a_page_is_never_kept_and_comes_with_one_of_each_header(front):
    answer = get(front.port, "/")

    assert answer.status == 200
    for name in ("Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"):
        assert len(answer.headers.get_all(name)) == 1, name
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_style_sheet_is_kept_and_an_address_made_up_is_not(front):
    address = asset(front, b"css")
    answers = front.folder / "plain" / "answers"
    first = get(front.port, address)
    held = sum(file.is_file() for file in answers.rglob("*"))
    again = get(front.port, f"{address}?x")
    made_up = get(front.port, "/assets/site.000000000000.css")

    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert again.headers["Date"] == first.headers["Date"]
    assert made_up.headers["Cache-Control"] == "no-store"
    assert sum(file.is_file() for file in answers.rglob("*")) <= held


def test_a_staff_page_is_never_compressed(front):
    answer = get(front.port, "/staff/sign-in", Accept_Encoding="gzip, br")

    assert b"csrf_token" in answer.body
    assert "Content-Encoding" not in answer.headers


def test_what_is_too_large_is_refused_with_every_number(front):
    large = get(front.port, VOICE, "POST", b"x" * 70_000)
    head = get(front.port, "/", X=("x" * 9000))

    assert large.status == 413
    assert head.status == 400
    for answer in (large, head):
        assert b"01632 960100" in answer.body


def test_with_a_certificate_it_answers_by_tls_and_sends_everybody_there(front):
    status, head, body = nginx.ask(
        front.tls, f"GET {DECISION} HTTP/1.1\r\nHost: who.example\r\nConnection: close", tls=True
    )

    assert status == 200
    assert head.lower().count("strict-transport-security") == 1
    assert json.loads(body)["line"]["phone"]["e164"] == "+441632960100"


def test_no_file_holds_who_asked(front):
    get(front.port, "/calendars/a-secret.ics")
    get(front.port, "/nobody-has-this")
    for name in ("access.log", "error.log", "nginx.log"):
        for of in ("plain", "tls"):
            file = front.folder / of / name
            assert not file.exists() or "127.0.0.1" not in file.read_text(), file
            assert not file.exists() or "a-secret" not in file.read_text(), file
