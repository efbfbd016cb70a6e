"""Text messages: the line, until when, and 999; never to a sender that must not be answered."""

import pytest
import sqlalchemy as sa
from conftest import ANYSHIRE, ROOT
from serving import poll
from telephone import BASE, CALLED, CALLER, TOKEN, Telephone

from routing import lookup
from routing.store import calls, tables
from routing.store.calls import CallLog


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Wait for the database for as long as it takes: a busy machine may need over 0.3 seconds."""
    write = CallLog.write
    monkeypatch.setattr(
        CallLog, "write", lambda log, job, timeout=30: write(log, job, timeout and 30)
    )


@pytest.mark.parametrize(
    ("service", "number"), [("children", "01632 960100"), ("professionals", "01632 960003")]
)
def test_a_text_is_answered_with_the_number_of_the_service_or_else_the_line(
    twilio, service, number
):
    assert f"Call {number}, " in twilio.texts(service=service).root.find("Message").text


SENDERS_NOT_ANSWERED = [
    *("anonymous", "", None, "+266696687", "60123", "+4460123", "AnyCouncil", "01632960123"),
    *("+870773111632", "+881612345678"),  # satellites: Inmarsat, Iridium
    *("+882161234567", "+883510012345", "+878101234567890"),  # international networks
    "+979123456789",  # international premium rate
    *("+449098790123", "+448712345678", "+448431234567", "+447012345678"),  # costly in the UK
    *("+449641234567", "+448771234567"),  # in ranges of that kind, though not in use yet
    "+19002345678",  # premium rate in the United States
]
OWN_NUMBERS = [CALLED, "+441632960199", "whatsapp:+447700900123", "01632 960199"]


def test_a_sender_that_cannot_be_answered_or_costs_more_than_a_telephone_is_not(twilio):
    for sender in SENDERS_NOT_ANSWERED:
        assert twilio.texts(caller=sender).verbs == [], sender
    for called in OWN_NUMBERS:
        assert twilio.texts(caller=CALLED, called=called).verbs == [], called
    assert twilio.texts(caller=CALLER, called="sip:07700900123@sbc.example").verbs == []


def answered(twilio, senders):
    return [twilio.texts(caller=sender).verbs == ["Message"] for sender in senders]


def test_a_sender_is_answered_six_times_an_hour_on_all_channels_together(twilio, clock):
    clock.set("2026-11-23T12:59:59Z")
    senders = [CALLER, f"whatsapp:{CALLER}", f"rcs:{CALLER}"] * 3

    assert answered(twilio, senders) == [True] * 6 + [False] * 3
    assert answered(twilio, ["+447700900124"]) == [True]
    clock.set("2026-11-23T13:00:00Z")
    assert answered(twilio, [CALLER]) == [True]


HOME = ["+447700900201", "+447700900202"]
FOREIGN = [f"+48601{number:06}" for number in range(61)]


@pytest.fixture
def already_answered(app):
    """Count answers to a group of senders as if they had been sent in this hour."""

    def already_answered(group, count):
        with app.app_context(), lookup.database().writing() as connection:
            calls.increment(connection, f"texts_{group}", lookup.now(), more=count)

    return already_answered


@pytest.mark.parametrize(
    ("group", "senders", "most", "others"),
    [("home", HOME, 300, FOREIGN), ("foreign", FOREIGN, 60, HOME)],
)
def test_home_and_foreign_senders_have_a_ceiling_each(
    twilio, already_answered, group, senders, most, others
):
    already_answered(group, most - 1)

    assert answered(twilio, senders[:2]) == [True, False]
    assert answered(twilio, others[:1]) == [True]


def test_one_sender_cannot_use_up_what_is_meant_for_all(twilio, already_answered):
    already_answered("foreign", 50)

    # More than the 60 that a process alone allows to all.
    assert answered(twilio, FOREIGN[:1] * 61).count(True) == 6
    assert answered(twilio, FOREIGN[1:6]) == [True] * 4 + [False]


def test_the_workers_share_the_counts(twilio, make_telephoned):
    other = Telephone(make_telephoned().test_client())

    assert (
        answered(twilio, [CALLER] * 4) + answered(other, [CALLER] * 4) == [True] * 6 + [False] * 2
    )


def test_without_a_database_each_process_counts_alone(make_app):
    settings = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
    twilio = Telephone(make_app(ANYSHIRE, **settings).test_client())

    assert answered(twilio, [CALLER] * 10) == [True] * 6 + [False] * 4
    assert answered(twilio, FOREIGN) == [True] * 60 + [False]


def test_a_ceiling_that_is_reached_is_a_condition(twilio, app, already_answered):
    already_answered("foreign", 60)
    answered(twilio, FOREIGN[:1])
    poll(lambda: "texts_limited" in app.test_cli_runner().invoke(args=["status"]).output)


def test_a_sender_is_known_by_a_hash_that_is_gone_within_the_hour(twilio, app, clock):
    hashes = []
    for hour in (12, 13):
        clock.set(f"2026-11-23T{hour}:00:00Z")
        twilio.texts()
        with app.app_context(), lookup.database().reading() as connection:
            names = connection.scalars(sa.select(tables.counters.c.name)).all()
        hashes.append([name for name in names if name.startswith("text_sender:")])

    (first,), (second,) = hashes
    assert first != second
    assert CALLER.lstrip("+") not in first + second


def test_every_language_of_the_directory_is_written(make_telephoned):
    twilio = Telephone(make_telephoned(ROOT / "examples" / "swansea.yaml").test_client())

    assert "Ffoniwch" in twilio.texts().root.find("Message").text
    assert "Call " in twilio.texts().root.find("Message").text


def test_a_fault_of_ours_is_answered_with_999(twilio, app, monkeypatch):
    monkeypatch.setattr(app.extensions["snapshot_loader"], "current", None)

    assert "999" in twilio.texts().root.find("Message").text


def test_only_a_word_that_opts_out_is_not_answered(twilio):
    for body in ("Stop.", "StopAll", "unsubscribe", " Cancel ", "END\n", "“quit”"):
        assert twilio.texts(Body=body).verbs == [], body
    for body in ("HELP", "INFO", "START", "please stop him", "STOP 😭", ""):
        assert twilio.texts(Body=body).verbs == ["Message"], body


@pytest.mark.parametrize("text", ["If a child is in immediate", "Multi-Agency Safeguarding Hub"])
def test_a_text_has_at_most_1600_characters_and_the_number_and_999(make_changed, text):
    app = make_changed(text, "Please act at once. " * 100 + text)
    reply = Telephone(app.test_client()).texts().root.find("Message").text

    assert len(reply) <= 1600
    assert "01632 960100" in reply
    assert "999" in reply
