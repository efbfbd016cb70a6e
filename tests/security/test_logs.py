"""What is logged stands on one line and obeys nobody, whatever was sent."""

import logging
from urllib.parse import quote

import pytest
from telephone import BASE, sign

from routing.logging_config import redact

FORGED = "x\r\n2026-11-23 CRITICAL all is well\x1b[2J\x9b31m\u2028\u202e\x07é"
ASKED = ["/", "/services/", "/staff/", "/api/v1/services/", "/twilio/voice/", "/twilio/sms/"]
ASKED += ["/calendars/", "/assets/", "/static/", "/staff/sign-in?next=", "/contacts?q="]


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG)

    def logged():
        messages = [record.getMessage() for record in caplog.records]
        return [message for message in messages if not message.replace("\t", "").isprintable()]

    return logged


def test_no_path_forges_a_line(app, logged, caplog):
    client = app.test_client()
    for path in ASKED:
        target = path + quote(FORGED)
        for signed in (sign(BASE + target, {"CallSid": FORGED}), FORGED.encode().hex()):
            client.get(target)
            headers = {"X-Twilio-Signature": signed, "User-Agent": quote(FORGED)}
            client.post(target, data={"CallSid": FORGED}, headers=headers)

    assert logged() == []
    assert "no right signature" in caplog.text
    assert "a service that the directory does not have" in caplog.text


def test_a_number_in_a_path_is_hidden_wherever_it_stands(app, caplog):
    caplog.set_level(logging.DEBUG)
    client, form = app.test_client(), {"CallSid": "CA" + "0" * 32}
    for position in (*range(20, 62), *range(170, 202)):
        path = quote(f"/twilio/voice/{'x' * position} 01632960001")
        for signature in (sign(BASE + path, form), "wrong"):
            caplog.clear()
            client.post(path, data=form, headers={"X-Twilio-Signature": signature})
            messages = [redact(record.getMessage(), 2000) for record in caplog.records]
            assert not any("0163" in message for message in messages), position
            assert any("xxx" in message for message in messages), position


def test_no_fault_forges_one(app, logged, caplog):
    def broken(**_):
        raise RuntimeError

    app.view_functions["site.service"] = broken
    app.test_client().get(f"/services/{quote(FORGED)}")

    assert "fault while answering" in caplog.text
    assert logged() == []
