"""Any fault of ours still connects the caller: the handler of last resort, and the fallback."""

import xml.etree.ElementTree as ET
from datetime import date
from itertools import count

import pytest
from core.test_decision import compiled
from flask.sessions import SecureCookieSessionInterface
from serving import poll
from telephone import CALLED, CALLER, Telephone
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS

from routing import lookup, snapshot
from routing.telephony import call_flow, twiml, views

PARTS = [
    (lookup, "who_to_call"),
    (lookup, "read_diverts"),
    (lookup, "now"),
    (call_flow, "first_step"),
    (views, "unrecognised_reason"),
    (twiml, "for_step"),
    (twiml, "greeting"),
    (twiml, "is_presentable"),
    (views, "numbers_in"),
]


def fault(*arguments, **more):
    raise RuntimeError("a fault of ours")


def assert_fallback(document):
    assert document.numbers == [EDS, MASH]
    assert document.dial.get("action") is None
    assert document.dial.get("sequential") == "true"
    assert "9 9 9" in document.speech


@pytest.mark.parametrize(("module", "name"), PARTS, ids=[name for _, name in PARTS])
def test_a_caller_is_put_through_whatever_breaks(twilio, monkeypatch, module, name):
    before = twilio.call("CA1")
    monkeypatch.setattr(module, name, fault)

    assert_fallback(twilio.call("CA2"))
    assert twilio.ends(before, "CA1", "busy").number in (EDS, MANAGER)
    assert twilio.call("CA3", service="professionals").numbers[0] == EDS


def test_the_fallback_presses_the_keys_of_each_line(make_changed):
    eds = "    phone: 01632 960002\n"
    app = make_changed(eds, f"{eds}    send_digits: ww1\n")
    document = app.test_cli_runner().invoke(args=["twilio", "fallback", "children"]).output

    assert f'<Number sendDigits="ww1">{EDS}</Number>' in document
    assert f"<Number>{MASH}</Number>" in document


def test_without_directory_or_documents_the_fallback_made_before_answers(twilio, app, monkeypatch):
    twilio.call("CA1")
    monkeypatch.setattr(twiml, "for_step", fault)
    monkeypatch.setattr(twiml, "fallback", fault)
    assert_fallback(twilio.call("CA2"))

    monkeypatch.setattr(app.extensions["snapshot_loader"], "current", fault)
    assert_fallback(twilio.call("CA3"))


def test_where_there_never_was_a_directory_the_caller_hears_999(make_app, tmp_path):
    settings = {"TWILIO_AUTH_TOKEN": "12345", "PUBLIC_BASE_URL": "https://who.example"}
    app = make_app(tmp_path / "missing.yaml", **settings)
    document = Telephone(app.test_client()).call("CA1")

    assert document.verbs == ["Say", "Pause", "Say"]
    assert "dial 9 9 9" in document.speech


def test_a_fault_in_what_the_one_who_picks_up_hears_rings_the_next(twilio, clock, monkeypatch):
    clock.set("2026-11-23T22:00:00Z")
    document = twilio.ends(twilio.call("CA1"), "CA1", "busy")
    monkeypatch.setattr(twiml, "acceptance", fault)

    assert twilio.picked_up(document, "CA1").verbs == ["Hangup"]


def test_a_fault_is_a_condition(twilio, app, monkeypatch):
    monkeypatch.setattr(lookup, "who_to_call", fault)
    twilio.call("CA1")
    poll(lambda: "telephone_faults" in app.test_cli_runner().invoke(args=["status"]).output)


def test_a_rehearsals_last_resort_rings_the_rehearsals_number(make_telephoned, monkeypatch):
    settings = {"CLOCK_STARTS_AT": "2026-11-23T12:00:00Z", "REHEARSAL_NUMBER": "+447700900999"}
    twilio = Telephone(make_telephoned(**settings).test_client(), {"+447700900999"})
    monkeypatch.setattr(lookup, "who_to_call", fault)

    assert twilio.call("CA1", CALLER, CALLED).numbers == ["+447700900999"]


def test_the_last_resort_rings_the_number_that_a_line_has_that_day(twilio, clock, monkeypatch):
    clock.set("2026-12-28T23:59:59Z")
    twilio.call("CA1")
    monkeypatch.setattr(lookup, "who_to_call", fault)

    assert twilio.call("CA2").numbers == [EDS, MASH]
    clock.set("2026-12-29T00:00:00Z")
    assert twilio.call("CA3").numbers == [EDS, "+441632960009", MASH]


def test_the_last_resort_rings_what_the_directory_says_since_it_was_changed(
    make_changed, tmp_path, monkeypatch
):
    monkeypatch.setattr(snapshot, "POLL_INTERVAL_SECONDS", 0.05)
    mash, file = "    phone: 01632 960001 ", tmp_path / "changed.yaml"
    twilio, sids = Telephone(make_changed(mash, mash).test_client()), map("CA{}".format, count())
    assert twilio.call(next(sids)).number == MASH
    file.write_text(file.read_text().replace(mash, "    phone: 01632 960008 "))
    poll(lambda: twilio.call(next(sids)).number == "+441632960008")
    monkeypatch.setattr(lookup, "who_to_call", fault)

    assert twilio.call(next(sids)).numbers == [EDS, "+441632960008"]


def test_the_fallback_rings_ten_numbers_at_most_and_not_its_own_and_speaks_once_a_minute():
    names = [f"line{number}" for number in range(12)]
    lines = "\n".join(
        f"  {name}: {{name: {name}, phone: 01632 9601{number:02}, hours: always}}"
        for number, name in enumerate(names)
    )
    service = f"name: S, number: 01632 960103, lines: [{', '.join(names)}], out_of_hours: line0"
    services = f"services: {{s: {{{service}}}}}"
    directory = compiled(f"lines:\n{lines}\n{services}\n").directory
    root = ET.fromstring(twiml.fallback(directory.services[0], directory, date(2026, 11, 23)))
    dials = root.findall("Dial")

    numbers = [number.text for number in root.iter("Number")]
    assert len(numbers) == 10
    assert "+441632960103" not in numbers  # the service's own: the call would come back
    assert [verb.tag for verb in root][: 2 * len(dials)] == ["Dial", "Say"] * len(dials)
    for dial in dials:
        assert len(dial) * (int(dial.get("timeout")) + 5) <= 60


def unsigned(app):
    form = Telephone.form("CA1", CALLER, CALLED)
    return app.test_client().post("/twilio/voice/children", data=form)


def test_no_fault_answers_an_unsigned_request(app, monkeypatch):
    for module, name in PARTS:
        monkeypatch.setattr(module, name, fault)

    assert unsigned(app).status_code == 403


class BrokenSessions(SecureCookieSessionInterface):
    open_session = save_session = fault


def break_before(app):
    app.before_request(fault)


def break_after(app):
    app.after_request(fault)


def break_sessions(app):
    app.session_interface = BrokenSessions()


def require_csrf_token(app):
    app.config["WTF_CSRF_CHECK_DEFAULT"] = True


@pytest.mark.parametrize(
    "break_app", [break_before, break_after, break_sessions, require_csrf_token]
)
def test_nothing_that_the_application_does_around_requests_comes_between(app, break_app):
    break_app(app)
    twilio = Telephone(app.test_client(), NUMBERS)
    first = twilio.call("CA1")

    assert first.number == MASH  # not the fallback: the line that answers now
    assert twilio.ends(first, "CA1", "busy").number == MANAGER
    assert twilio.call("CA2", service="x/y/z").number == MASH
    assert twilio.texts().verbs == ["Message"]
    assert unsigned(app).status_code == 403
    assert app.test_client().post("/twilio/mistyped").status_code == 403


@pytest.mark.parametrize("break_app", [break_before, break_sessions])
def test_two_faults_at_once_are_answered_with_the_fallback(app, monkeypatch, break_app):
    break_app(app)
    monkeypatch.setattr(lookup, "who_to_call", fault)

    assert_fallback(Telephone(app.test_client(), NUMBERS).call("CA1"))
