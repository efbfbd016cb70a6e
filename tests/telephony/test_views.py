"""However the webhooks are set up or mistyped, callers are connected, or the telephone is off."""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from conftest import ROOT
from telephone import BASE, CALLED, CALLER, Telephone, sign
from telephony.conftest import MASH

DAY = "2026-11-23T12:00:00Z"
NIGHT = "2026-11-23T22:00:00Z"
PROFESSIONALS = "+441632960003"


def test_a_number_set_up_with_get_connects_too(twilio):
    path = "/twilio/voice/children?" + urlencode({"CallSid": "CA1", "From": CALLER, "To": CALLED})
    headers = {"X-Twilio-Signature": sign(BASE + path, {})}

    assert f"<Number>{MASH}</Number>" in twilio.client.get(path, headers=headers).text


@pytest.mark.parametrize(
    "path", ["childen", "children/", "x/y/z", "", "children/afte", "children/after", "../etc"]
)
def test_a_mistyped_address_still_puts_the_caller_through(twilio, path):
    form = twilio.form("CA1", CALLER, CALLED)

    assert twilio.document(f"{BASE}/twilio/voice/{path}", form).number == MASH


SERVICE_PATHS = [
    *("voice/professionals", "sms/professionals", "SMS/professionals/", "Voice/Professionals"),
    *("sms/voice/professionals", "voice/sms/professionals", "professionals/voice"),
    *("professionals", "calls/professionals", "voice/ professionals"),
]


@pytest.mark.parametrize("path", SERVICE_PATHS)
def test_a_call_and_a_text_reach_the_service_wherever_the_address_names_it(twilio, path):
    call = twilio.form("CA1", CALLER, CALLED)
    text = {"MessageSid": "SM1", "From": CALLER, "To": CALLED, "Body": "help"}
    reply = twilio.document(f"{BASE}/twilio/{path}", text, text=True).root.find("Message").text

    assert twilio.document(f"{BASE}/twilio/{path}", call).number == PROFESSIONALS
    assert "Call 01632 960003" in reply


@pytest.mark.parametrize("called", ["+441632960101", "sip:01632960101@sbc.example", "01632960101"])
def test_a_mistyped_address_leads_to_the_service_of_the_number_called(make_changed, called):
    professionals = "  professionals:\n"
    app = make_changed(professionals, f"{professionals}    number: 01632 960101\n")
    twilio = Telephone(app.test_client())
    form = twilio.form("CA1", CALLER, called)

    assert twilio.document(f"{BASE}/twilio/voice/mistyped", form).number == PROFESSIONALS


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
@pytest.mark.parametrize(
    "path", ["/twilio/voice/children", "/twilio//voice///children", "//twilio", "/twilio/"]
)
def test_whatever_is_signed_is_put_through(twilio, method, path):
    form = twilio.form("CA1", CALLER, CALLED)
    headers = {"X-Twilio-Signature": sign(BASE + path, form)}
    environ = {"PATH_INFO": path, "RAW_URI": path}
    answer = twilio.client.open(
        method=method, data=form, headers=headers, environ_overrides=environ
    )

    assert f"<Number>{MASH}</Number>" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/twilio/voice/children", "/twilio/mistyped", "/twilio"])
def test_whatever_is_not_signed_is_refused(twilio, method, path):
    assert twilio.client.open(path, method=method).status_code == 403


class Cut(BytesIO):
    """A body that ends too early, for which each server raises an error of its own."""

    def read(self, *_):
        raise RuntimeError("no more of it comes")

    readinto = read


@pytest.mark.parametrize("body", [BytesIO(b"CallSid="), Cut()], ids=["cut short", "an error"])
def test_a_body_that_cannot_be_read_is_unsigned_and_gets_no_number(twilio, body):
    answer = twilio.client.post(
        "/twilio/voice/children",
        input_stream=body,
        content_length=50,
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 403
    assert "+44" not in answer.text


def test_a_path_that_only_contains_twilio_is_for_people(twilio):
    assert twilio.client.get("/contact/twilio").status_code == 404
    assert twilio.client.get("/twilio").status_code == 403


def test_languages_are_spoken_in_the_directorys_order(make_telephoned, clock):
    clock.set(NIGHT)
    twilio = Telephone(make_telephoned(ROOT / "examples" / "swansea.yaml").test_client())
    service = "children"
    document = twilio.call("CA1", service=service)
    while document.dial is not None:
        document = twilio.ends(document, "CA1", "busy")
    languages = [say.get("language") for say in document.root.iter("Say")]

    assert languages == ["cy-GB", "en-GB"] * 2 or languages == ["en-GB", "cy-GB"] * 2


def test_a_rehearsal_rings_the_rehearsals_number_alone(make_telephoned, clock):
    settings = {"CLOCK_STARTS_AT": DAY, "REHEARSAL_NUMBER": "+447700900999"}
    twilio = Telephone(make_telephoned(**settings).test_client(), {"+447700900999"})
    document, rung = twilio.call("CA1"), []
    while document.dial is not None:
        rung += document.numbers
        document = twilio.ends(document, "CA1", "busy")

    assert set(rung) == {"+447700900999"}


def test_a_rehearsal_may_ring_the_directory(make_telephoned):
    settings = {"CLOCK_STARTS_AT": DAY, "REHEARSAL_NUMBER": "directory"}

    assert Telephone(make_telephoned(**settings).test_client()).call("CA1").number == MASH


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"CLOCK_STARTS_AT": DAY}, "telephone_incomplete"),
        ({"TWILIO_AUTH_TOKEN": None}, "telephone_off"),
        ({"PUBLIC_BASE_URL": None}, "telephone_incomplete"),
    ],
)
def test_telephony_that_is_not_set_up_is_off_and_says_so(make_telephoned, settings, code):
    app = make_telephoned(**settings)
    twilio = Telephone(app.test_client())
    answer = twilio.post(f"{twilio.base}/twilio/voice/children", twilio.form("CA1", CALLER, CALLED))
    done = app.test_cli_runner().invoke(args=["status"])

    assert answer.status_code == 503
    assert code in done.output
