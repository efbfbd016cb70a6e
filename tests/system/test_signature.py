"""Signed or refused: every spelling of an address, behind a real gunicorn and a real nginx."""

from urllib.parse import urlencode

import nginx
import pytest
import serving
from telephone import CALLED, CALLER, sign

TOKEN, OTHER = "first-token", "second-token"
FORM = {"CallSid": "CA1", "From": CALLER, "To": CALLED, "CallStatus": "ringing"}
VOICE = "/twilio/voice/children"

pytestmark = nginx.NEEDED


class SignedService:
    """A running service: its own port, and that of the nginx before it."""

    def __init__(self, port, tls):
        self.port, self.tls, self.base = port, tls, f"https://127.0.0.1:{tls}/duty"

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
    serving.prepare(folder)
    tls = serving.free_port()
    settings = {"PUBLIC_BASE_URL": f"https://127.0.0.1:{tls}/duty/", "WEB_CONCURRENCY": "1"}
    settings |= {"TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_AUTH_TOKEN_2": OTHER}
    away = "location ^~ /duty/ { proxy_pass http://who_to_call/; }"
    with (
        serving.Server(folder, **settings) as server,
        nginx.before([server.address], folder, tls, away),
    ):
        yield SignedService(server.port, tls)


def post_status(service, query="", form=FORM, token=TOKEN, algorithm="sha1", signed=None, **more):
    """Post a form to an address, signed for it, or for ``signed`` after the public one."""
    address = f"{service.base}{VOICE}{query}" if signed is None else signed.format(service.base)
    signature = sign(address.partition("#")[0], form, token, algorithm)
    target = f"{VOICE}{query.partition('#')[0]}"
    return service.post(target, signature, urlencode(form).encode(), **more)


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
def test_an_address_counts_as_it_was_written(service, tls):
    statuses = {name: post_status(service, query, tls=tls) for name, query in SPELLINGS.items()}

    assert statuses == dict.fromkeys(SPELLINGS, 200)


LIES = ["X-Forwarded-Proto: http", "X-Forwarded-Host: other.example", "X-Forwarded-Prefix: /x"]
ALGORITHM = "X-Twilio-Webhooks-Signature-Settings: key=webhooks_1,algorithm="
SIGNED = {
    "an empty value": {"form": {**FORM, "CallerName": ""}},
    "spaces around a value": {"form": {**FORM, "CallerName": "  x "}},
    "other alphabets": {"form": {**FORM, "CallerName": "Żółć 😀 é"}},
    "names that Twilio added yesterday": {"form": {**FORM, "Zebra": "1", "aardvark": "2"}},
    "signs that are escaped": {"form": {**FORM, "CallerName": "a+b&c=d%e"}},
    "line ends": {"form": {**FORM, "CallerName": "a\r\nb"}},
    "no parameter at all": {"form": {}},
    "the second token": {"token": OTHER},
    "another algorithm that is named": {
        "algorithm": "sha256",
        "headers": [f"{ALGORITHM}HMAC_SHA256"],
    },
    "without the port": {"signed": f"https://127.0.0.1/duty{VOICE}"},
    "whatever a proxy says of the address": {"headers": LIES},
}
NOT_SIGNED = {
    "for another address": {"signed": f"{{}}{VOICE}x"},
    "with a third token": {"token": "third token"},
    "with an empty token": {"token": ""},
    "by another algorithm": {"algorithm": "sha256"},
    "not by the algorithm that is named": {"headers": [f"{ALGORITHM}HMAC_SHA256"]},
    "by an unknown algorithm": {"headers": [f"{ALGORITHM}NONE"]},
    "with another port": {"signed": f"https://127.0.0.1:443/duty{VOICE}"},
    "for what a proxy says": {"headers": LIES, "signed": f"http://other.example/x{VOICE}"},
}


def test_what_is_signed_is_answered_and_what_is_not_is_refused(service):
    answered = {name: post_status(service, **how) for name, how in SIGNED.items()}
    refused = {name: post_status(service, **how) for name, how in NOT_SIGNED.items()}

    assert answered == dict.fromkeys(SIGNED, 200)
    assert refused == dict.fromkeys(NOT_SIGNED, 403)


def test_a_request_without_a_form_is_signed_by_its_address(service):
    query = "?" + urlencode(FORM)
    signature = sign(f"{service.base}{VOICE}{query}", {}, TOKEN)

    assert service.post(VOICE + query, signature, b"", method="GET") == 200
    assert service.post(VOICE + query + "1", signature, b"", method="GET") == 403


def test_a_signature_counts_whole_and_for_its_own_address_and_form_alone(service):
    right, body = sign(f"{service.base}{VOICE}", FORM, TOKEN), urlencode(FORM).encode()
    altered = (right[:-1], right[1:], right + "A", right[:20], right.swapcase(), right[::-1])
    forged = (None, "", " ", "x", "=" * 28, "A" * 27 + "=", "é" * 28, "Basic abc", "\t")
    addresses = (
        *("/twilio/voice/professionals", "/twilio/sms/children", "/twilio/voice/children?x=1"),
        *("/twilio/voice/Children", "/twilio/voice//children", "/twilio/voice/children/ended"),
    )
    forms = (
        body.replace(b"123", b"124"),
        body + b"&Extra=1",
        b"",
        b"\xff\xfe",
        b"x=" + b"1" * 200_000,
    )

    assert service.post(VOICE, right, body) == 200
    for signature in (*altered, *forged):
        assert service.post(VOICE, signature, body) in (403, 400), signature
    for address in addresses:
        assert service.post(address, right, body, tls=False) == 403, address
    for form in forms:
        assert service.post(VOICE, right, form) in (403, 413), form[:20]


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
