"""Signed or refused: every spelling of an address, behind a real gunicorn and a real nginx."""

from dataclasses import dataclass
from urllib.parse import urlencode

import nginx
import pytest
import serving
from conftest import ANYSHIRE
from telephone import CALLED, CALLER, sign

TOKEN, OTHER = "first-token", "second-token"
FORM = {"CallSid": "CA1", "From": CALLER, "To": CALLED, "CallStatus": "ringing"}
VOICE = "/twilio/voice/children"

pytestmark = nginx.NEEDED


@dataclass
class SignedService:
    """A running service: its own port, and that of the nginx before it."""

    port: int
    tls: int

    @property
    def base(self):
        return f"https://127.0.0.1:{self.tls}/duty"

    def post(self, target, signature, body, headers=(), tls=True, method="POST"):
        """Send a request with a target as it stands, through nginx or straight."""
        head = [
            f"{method} {'/duty' if tls else ''}{target} HTTP/1.1",
            "Host: who.example",
            "Connection: close",
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            f"Content-Length: {len(body)}",
            *([f"X-Twilio-Signature: {signature}"] if signature is not None else []),
            *headers,
        ]
        return nginx.ask(self.tls if tls else self.port, "\r\n".join(head), body, tls)[0]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    (folder / "directory.yaml").write_text(ANYSHIRE.read_text())
    serving.flask(folder, "db", "upgrade")
    tls = serving.free_port()
    settings = {"PUBLIC_BASE_URL": f"https://127.0.0.1:{tls}/duty/", "WEB_CONCURRENCY": "1"}
    settings |= {"TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_AUTH_TOKEN_2": OTHER}
    away = "location ^~ /duty/ { proxy_pass http://who_to_call/; }"
    with (
        serving.serving(folder, **settings) as server,
        nginx.before([server.address], folder, tls, away),
    ):
        yield SignedService(server.port, tls)


def post_status(service, query="", form=FORM, token=TOKEN, algorithm="sha1", signed=None, **more):
    """Post a form to an address, signed for it, or for ``signed``."""
    address = (signed or f"{service.base}{VOICE}{query}").partition("#")[0]
    body = urlencode(form).encode()
    return service.post(
        f"{VOICE}{query.partition('#')[0]}", sign(address, form, token, algorithm), body, **more
    )


SPELLINGS = {
    "as it is": "",
    "a bare question mark": "?",
    "a query": "?a=1&b=2",
    "letters that are not English": "?name=Caf%C3%A9",
    "commas, colons and at signs": "?x=%2C%3A%40",
    "a plus and a space": "?x=%2B44&y=%20",
    "an empty value": "?x=",
    "no value at all": "?x",
    "the same name twice": "?x=1&x=2",
    "small letters in an escape": "?x=%c3%a9",
    "a fragment, which is not signed": "?x=1#rc=2&rp=all",
    "a percent sign by itself": "?x=100%",
    "a semicolon": "?a=1;b=2",
}


@pytest.mark.parametrize("tls", [True, False], ids=["nginx", "direct"])
@pytest.mark.parametrize("query", SPELLINGS.values(), ids=SPELLINGS)
def test_an_address_counts_as_it_was_written(service, query, tls):
    assert post_status(service, query, tls=tls) == 200


FORMS = {
    "an empty value": {**FORM, "CallerName": ""},
    "spaces around a value": {**FORM, "CallerName": "  x "},
    "other alphabets": {**FORM, "CallerName": "Żółć 😀 é"},
    "names that Twilio added yesterday": {**FORM, "Zebra": "1", "aardvark": "2"},
    "signs that are escaped": {**FORM, "CallerName": "a+b&c=d%e"},
    "line ends": {**FORM, "CallerName": "a\r\nb"},
    "nothing at all": {},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_value_of_the_form_is_signed(service, form):
    assert post_status(service, form=form) == 200
    assert post_status(service, form=form, signed=f"{service.base}{VOICE}x") == 403


def test_either_token_counts_and_no_third(service):
    assert post_status(service, token=TOKEN) == 200
    assert post_status(service, token=OTHER) == 200
    assert post_status(service, token="third token") == 403
    assert post_status(service, token="") == 403


def test_both_algorithms_count_when_they_are_named(service):
    named = ["X-Twilio-Webhooks-Signature-Settings: key=webhooks_1,algorithm=HMAC_SHA256"]
    unknown = ["X-Twilio-Webhooks-Signature-Settings: key=webhooks_1,algorithm=NONE"]

    assert post_status(service, algorithm="sha256", headers=named) == 200
    assert post_status(service, algorithm="sha256") == 403
    assert post_status(service, algorithm="sha1", headers=named) == 403
    assert post_status(service, algorithm="sha1", headers=unknown) == 403


def test_the_port_may_be_left_out_or_written(service):
    without = f"https://127.0.0.1/duty{VOICE}"

    assert post_status(service, signed=without) == 200
    assert post_status(service, signed=f"https://127.0.0.1:443/duty{VOICE}") == 403


def test_what_a_proxy_says_of_the_address_counts_for_nothing(service):
    lies = ["X-Forwarded-Proto: http", "X-Forwarded-Host: other.example", "X-Forwarded-Prefix: /x"]

    assert post_status(service, headers=lies) == 200
    assert post_status(service, headers=lies, signed=f"http://other.example/x{VOICE}") == 403


def test_a_request_without_a_form_is_signed_by_its_address(service):
    query = "?" + urlencode(FORM)
    signature = sign(f"{service.base}{VOICE}{query}", {}, TOKEN)

    assert service.post(VOICE + query, signature, b"", method="GET") == 200
    assert service.post(VOICE + query + "1", signature, b"", method="GET") == 403


FORGERIES = [None, "", " ", "x", "=" * 28, "A" * 27 + "=", "é" * 28, "Basic abc", "\t"]


@pytest.mark.parametrize("forged", FORGERIES, ids=repr)
def test_a_forged_signature_is_refused(service, forged):
    assert service.post(VOICE, forged, urlencode(FORM).encode()) in (403, 400)


def test_a_truncated_or_altered_signature_is_refused(service):
    right, body = sign(f"{service.base}{VOICE}", FORM, TOKEN), urlencode(FORM).encode()
    swapped = right.swapcase()

    assert service.post(VOICE, right, body) == 200
    for wrong in (right[:-1], right[1:], right + "A", right[:20], swapped, right[::-1]):
        assert service.post(VOICE, wrong, body) == 403, wrong


@pytest.mark.parametrize(
    "elsewhere",
    [
        "/twilio/voice/professionals",
        "/twilio/voice/children/after?began=1&round=1&leg=1&tried=mash",
        "/twilio/voice/children/ended",
        "/twilio/sms/children",
        "/twilio/voice/children?x=1",
        "/twilio/voice/Children",
        "/twilio/voice//children",
    ],
)
def test_a_signature_counts_for_its_own_address_alone(service, elsewhere):
    right = sign(f"{service.base}{VOICE}", FORM, TOKEN)
    answered = service.post(elsewhere, right, urlencode(FORM).encode(), tls=False)

    assert answered == 403


@pytest.mark.parametrize(
    "body",
    [
        urlencode({**FORM, "From": "+447700900124"}),
        urlencode({**FORM, "Extra": "1"}),
        urlencode({"CallSid": "CA1"}),
        "",
        "\xff\xfe",
        '{"CallSid": "CA1"}',
        "x=" + "1" * 200_000,
        "&".join(f"x{n}=1" for n in range(3000)),
    ],
    ids=lambda body: body[:20],
)
def test_a_signature_counts_for_its_own_form_alone(service, body):
    right = sign(f"{service.base}{VOICE}", FORM, TOKEN)

    assert service.post(VOICE, right, body.encode("latin-1")) in (403, 413)


def test_a_body_in_broken_chunks_is_refused_and_told_no_number(service):
    head = [
        f"POST {VOICE} HTTP/1.1",
        "Host: who.example",
        "Connection: close",
        "Content-Type: application/x-www-form-urlencoded",
        "Transfer-Encoding: chunked",
    ]
    status, _, answer = nginx.ask(service.port, "\r\n".join(head), b"zz\r\nCallSid\r\n\r\n")

    assert status in (400, 403)
    assert b"+44" not in answer
