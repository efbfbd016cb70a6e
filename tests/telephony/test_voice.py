"""Calls as Twilio makes them: who is rung, by what really happened, until somebody answers."""

import os
import shutil
import time
from io import BytesIO
from itertools import product
from urllib.parse import urlencode

import pytest
from conftest import ROOT
from telephone import BASE, CALLED, CALLER, Telephone, sign
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS, night_manager

DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"
PROFESSIONALS, FESTIVE = "+441632960003", "+441632960009"
ANSWERED = {"status": "completed", "DialBridged": "true"}


def ring_out(twilio, status="no-answer", service="children", **form):
    """Let every line of a call end alike; return the numbers rung, all speech, the last answer."""
    document = twilio.call("CA1", service=service, **form)
    rung, speech = [], ""
    while document.dial is not None:
        rung.append(document.number)
        document = twilio.ends(document, "CA1", status, called=form.get("called", CALLED))
        speech += document.speech
    return rung, speech, document


def test_the_greeting_comes_before_the_first_ringing_alone_if_there_is_one(twilio, make_changed):
    first = twilio.call("CA1")
    without = make_changed("    greeting:", "    # greeting:")

    assert first.verbs == ["Say", "Dial"]
    assert "Please hold" in first.speech
    assert first.dial.get("timeout") == "25"
    assert twilio.ends(first, "CA1", "busy").verbs == ["Dial"]
    assert Telephone(without.test_client(), NUMBERS).call("CA2").verbs == ["Dial"]


def test_an_unanswered_call_rings_three_rounds_and_ends_with_the_message_twice(twilio, clock):
    clock.set(NIGHT)
    rung, speech, last = ring_out(twilio)

    assert rung == [EDS, MANAGER] * 3
    assert last.verbs == ["Say", "Pause", "Say", "Hangup"]
    assert last.root[0].text == last.root[2].text
    assert speech.count("0 1 6 3 2, 9 6 0 0 0 2") == 4
    assert "0 7 7 0 0" not in speech  # the manager's line is internal
    assert "manager" not in speech.lower()


def test_a_call_that_begins_before_five_stays_with_the_day_line(twilio, clock):
    clock.set("2026-11-23T16:59:59Z")
    first = twilio.call("CA1").number
    clock.set("2026-11-23T17:00:01Z")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == EDS


@pytest.mark.parametrize(("end", "verb"), [("07:59", "Dial"), ("08:00", "Hangup")])
def test_the_eight_minutes_of_a_call_that_is_repeated_run_from_its_beginning(
    twilio, clock, end, verb
):
    clock.set(DAY)
    twilio.call("CA1")
    clock.set("2026-11-23T12:07:00Z")
    document = twilio.call("CA1")
    clock.set(f"2026-11-23T12:{end}Z")

    assert twilio.ends(document, "CA1", "busy").verbs[-1] == verb


def divert(app, options):
    command = f"divert set {options} --note x --although-closed"
    done = app.test_cli_runner().invoke(args=command.split())
    assert done.exit_code == 0, done.output


def test_a_divert_moves_the_next_call_and_not_the_one_that_rings(twilio, app, clock):
    clock.set(DAY)
    first = twilio.call("CA1").number
    divert(app, "children eds --until 1h")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == EDS


@pytest.mark.parametrize(
    ("option", "numbers"), [("", [MASH, MANAGER]), (" --may-ring", [MASH, EDS, MANAGER])]
)
def test_a_dead_line_that_was_diverted_is_neither_rung_nor_named_unless_it_may_be(
    twilio, app, clock, option, numbers
):
    clock.set(NIGHT)
    divert(app, f"children mash --until 4h{option}")
    rung, speech, _ = ring_out(twilio)
    page = app.test_client().get("/").text.partition("<footer")[0]

    assert rung == numbers * 3
    assert "9 6 0 0 0 1" in speech
    assert ("9 6 0 0 0 2" in speech) is (EDS in numbers)
    assert EDS in numbers or "01632 960002" not in page


def test_a_call_keeps_the_number_it_began_with_over_midnight(twilio, app, clock):
    clock.set("2026-12-28T23:59:59Z")
    divert(app, "children mash --until 4h")
    first = twilio.call("CA1").number
    clock.set("2026-12-29T00:00:01Z")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == FESTIVE  # from then on, for three days


def test_when_every_line_is_engaged_the_caller_hears_so_and_waits_for_twenty_seconds(twilio, clock):
    clock.set(NIGHT)
    document = twilio.ends(twilio.call("CA1"), "CA1", "busy")
    document = twilio.ends(document, "CA1", "busy")

    assert (document.verbs, document.number) == (["Say", "Pause", "Dial"], EDS)
    assert document.root.find("Pause").get("length") == "20"
    assert "9 9 9" in document.speech
    assert twilio.ends(document, "CA1", "busy").verbs == ["Dial"]


def test_on_a_screened_line_whoever_presses_1_has_the_call(twilio, clock):
    document = night_manager(twilio, clock)

    assert "press 1" in twilio.picked_up(document, "CA1").speech
    assert twilio.picked_up(document, "CA1", "1").verbs == []
    assert twilio.ends(document, "CA1", **ANSWERED).verbs == ["Hangup"]


@pytest.mark.parametrize(
    ("digits", "bridged"),
    [*product(("2", "*", "", "11"), ("true",)), *product((None,), ("true", "false", None))],
)
def test_another_key_or_a_voicemail_never_has_the_call(twilio, clock, digits, bridged):
    document = night_manager(twilio, clock)
    heard = twilio.picked_up(document, "CA1", digits)

    assert heard.verbs == (["Gather", "Hangup"] if digits is None else ["Hangup"])
    assert twilio.ends(document, "CA1", "completed", DialBridged=bridged).number == EDS


def test_the_key_counts_for_the_leg_on_which_it_was_pressed(twilio, clock):
    document = night_manager(twilio, clock)
    twilio.picked_up(document, "CA1", "1")
    for status in ("failed", "busy"):
        document = twilio.ends(document, "CA1", status)

    assert document.number == MANAGER
    assert twilio.ends(document, "CA1", **ANSWERED).number == EDS


def test_the_key_is_known_to_another_worker_without_a_database(
    twilio, clock, make_telephoned, tmp_path
):
    document = night_manager(twilio, clock)
    (tmp_path / "instance" / "routing.sqlite").unlink()
    twilio.picked_up(document, "CA1", "1")
    other = Telephone(make_telephoned().test_client(), NUMBERS)

    assert other.ends(document, "CA1", **ANSWERED).verbs == ["Hangup"]


def test_the_key_is_known_to_another_machine_by_the_log(twilio, clock, tmp_path):
    document = night_manager(twilio, clock)
    twilio.picked_up(document, "CA1", "1")
    shutil.rmtree(tmp_path / "instance" / "accepted")

    assert twilio.ends(document, "CA1", **ANSWERED).verbs == ["Hangup"]


def test_a_file_system_of_marks_that_hangs_costs_nobody_the_call(
    twilio, clock, tmp_path, hang_below
):
    document = night_manager(twilio, clock)
    hang_below(tmp_path / "instance" / "accepted")

    assert twilio.picked_up(document, "CA1", "1").verbs == []
    assert twilio.ends(document, "CA1", **ANSWERED).verbs == ["Hangup"]


def test_a_mark_is_deleted_once_it_is_more_than_a_day_old(twilio, clock, tmp_path):
    folder, document = tmp_path / "instance" / "accepted", night_manager(twilio, clock)
    folder.mkdir()
    for name, hours in (("old", 25), ("new", 23)):
        (folder / name).touch()
        os.utime(folder / name, times=(time.time() - 3600 * hours,) * 2)
    twilio.picked_up(document, "CA1", "1")

    assert "new" in {mark.name for mark in folder.iterdir()}
    assert not (folder / "old").exists()


def test_a_line_screened_when_it_rang_stays_so_though_the_directory_changes(
    twilio, clock, make_changed
):
    document = night_manager(twilio, clock)
    app = make_changed("press_1_to_accept: yes", "press_1_to_accept: no")
    changed = Telephone(app.test_client(), NUMBERS)

    assert changed.ends(document, "CA1", **ANSWERED).number == EDS


LONG_NAMES = """
council: {name: A, website: https://a.example}
zone: Europe/London
languages: [cy, en]
emergency: {cy: Ffoniwch 999., en: Call 999.}
bank_holidays: {division: england-and-wales}
lines:
  a: {name: {cy: A, en: A}, phone: 01632 960001, hours: always, press_1_to_accept: yes}
services:
  children: {name: NAME, lines: [a], out_of_hours: a}
"""


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("{cy: Poeni am blentyn, en: Worried about a child}", ["cy-GB", "en-GB"]),
        (f"{{cy: {'enw hir ' * 9}, en: {'long name ' * 7}}}", ["cy-GB"]),
    ],
)
def test_whoever_picks_up_is_asked_for_fifteen_seconds_at_most(
    make_telephoned, tmp_path, name, languages
):
    (tmp_path / "long.yaml").write_text(LONG_NAMES.replace("NAME", name))
    twilio = Telephone(make_telephoned(tmp_path / "long.yaml").test_client(), {MASH})
    document = twilio.picked_up(twilio.call("CA1"), "CA1")
    gather = document.root.find("Gather")

    assert [words.get("language") for words in gather] == languages
    assert len(document.speech) / 14 + int(gather.get("timeout")) <= 15


WITHHELD = [
    "anonymous", "Anonymous", "unknown", "restricted", "unavailable", "private", "", None,
    "+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833",
    "01632960123", "+44", "+0441632960123", "sip:x@example.org", "+441632960123;ext=1", "999",
]  # fmt: skip


def test_a_callers_number_is_passed_on_unless_it_is_withheld_but_never_to_a_screened_line(
    twilio, clock
):
    for number, caller in enumerate(WITHHELD):
        assert twilio.call(f"CA{number}", caller=caller).dial.get("callerId") == CALLED, caller
    assert twilio.call("CA", caller=CALLER).dial.get("callerId") is None
    assert night_manager(twilio, clock, "night").dial.get("callerId") == CALLED


def test_the_council_may_show_its_own_number_to_all(make_telephoned):
    twilio = Telephone(make_telephoned(CALLER_ID="own").test_client(), NUMBERS)

    for called in (CALLED, "sip:who@example.org"):
        assert twilio.call(called, called=called).dial.get("callerId") == CALLED


SPELLINGS = [
    *("+441632960001", "00441632960001", "441632960001", "01632960001", "1632960001"),
    *("01632 960001", "+44 (0)1632 960001", "tel:+44-1632-960001|tel:+441632960111"),
    "sip:+441632960001@192.0.2.7:5060;user=phone",
    '"MASH" <sip:01632960001@sbc.example>;reason=user-busy;counter=1',
]
FORWARDERS = ["ForwardedFrom", "CalledVia", "SipHeader_X-Diversion-1", "SipHeader_X-History-Info"]


def test_the_number_that_was_called_or_forwarded_the_call_is_not_rung_however_it_is_spelled(twilio):
    for spelling in SPELLINGS:
        assert twilio.call(f"to {spelling}", called=spelling).number == MANAGER, spelling
        for parameter in FORWARDERS:
            sid = f"{parameter} {spelling}"
            document = twilio.call(sid, **{parameter: spelling})

            assert document.number == MANAGER, sid
            later = twilio.ends(document, sid, "busy", **{parameter: spelling})
            assert "9 6 0 0 0 1" not in later.speech


def test_a_forwarding_number_of_nobody_here_changes_nothing(twilio):
    for value in ("", "anonymous", "999", "960001", "+441632960000", "sip:x@y"):
        assert twilio.call(f"call {value}", ForwardedFrom=value).number == MASH, value


def test_two_lines_that_forwarded_the_call_are_rung_in_no_later_round_either(twilio, clock):
    clock.set(NIGHT)  # Twilio sends the header with the first request alone
    header = "<sip:01632960002@a.example>;reason=busy, <tel:+44-1632-960001>;reason=no-answer"
    rung, speech, _ = ring_out(twilio, SipHeader_Diversion=header)

    assert rung == [MANAGER] * 3
    assert "9 6 0 0 0 2" not in speech


def test_a_line_that_forwarded_a_call_is_in_an_address_by_any_number_and_no_number_is(
    twilio, clock
):
    clock.set("2026-12-29T12:00:00Z")  # the day team has another number for three days
    forwarders = {
        "ForwardedFrom": "+447700900876",
        "CalledVia": EDS,
        "SipHeader_Diversion": FESTIVE,
    }
    document = twilio.call("CA1", **forwarders)

    assert "forwarded=mash_eds" in document.dial.get("action")
    assert "7700900876" not in document.text


def test_a_number_set_up_with_get_connects_too(twilio):
    path = "/twilio/voice/children?" + urlencode({"CallSid": "CA1", "From": CALLER, "To": CALLED})
    headers = {"X-Twilio-Signature": sign(BASE + path, {})}

    assert f"<Number>{MASH}</Number>" in twilio.client.get(path, headers=headers).text


def test_a_mistyped_address_still_puts_the_caller_through(twilio):
    for path in ("childen", "children/", "x/y/z", "", "children/afte", "children/after", "../etc"):
        form = twilio.form(f"call {path}", CALLER, CALLED)

        assert twilio.document(f"{BASE}/twilio/voice/{path}", form).number == MASH, path
    step = twilio.call("CA1").dial.get("action").replace("/after?", "/afte?")
    assert "&tried=mash&" in twilio.document(step, form).dial.get("action")


SERVICE_PATHS = [
    *("voice/professionals", "sms/professionals", "SMS/professionals/", "Voice/Professionals"),
    *("sms/voice/professionals", "voice/sms/professionals", "professionals/voice"),
    *("professionals", "calls/professionals", "voice/ professionals"),
]


def test_a_call_and_a_text_reach_the_service_wherever_the_address_names_it(twilio):
    for number, path in enumerate(SERVICE_PATHS):
        call = twilio.form(f"CA{number}", CALLER, CALLED)
        sender = f"+4477009002{number:02}"
        text = {"MessageSid": "SM1", "From": sender, "To": CALLED, "Body": "help"}
        reply = twilio.document(f"{BASE}/twilio/{path}", text, text=True).root.find("Message").text

        assert twilio.document(f"{BASE}/twilio/{path}", call).number == PROFESSIONALS, path
        assert "Call 01632 960003" in reply


def test_a_mistyped_address_leads_to_the_service_of_the_number_called(make_changed):
    professionals = "  professionals:\n"
    app = make_changed(professionals, f"{professionals}    number: 01632 960101\n")
    twilio = Telephone(app.test_client())
    for called in ("+441632960101", "sip:01632960101@sbc.example", "01632960101"):
        form = twilio.form(f"call {called}", CALLER, called)

        assert twilio.document(f"{BASE}/twilio/voice/mistyped", form).number == PROFESSIONALS


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_whatever_is_signed_is_put_through(twilio, method):
    for path in ("/twilio/voice/children", "/twilio//voice///children", "//twilio", "/twilio/"):
        form = twilio.form(f"call {path}", CALLER, CALLED)
        headers = {"X-Twilio-Signature": sign(BASE + path, form)}
        environ = {"PATH_INFO": path, "RAW_URI": path}
        answer = twilio.client.open(
            method=method, data=form, headers=headers, environ_overrides=environ
        )

        assert f"<Number>{MASH}</Number>" in answer.text, path


def test_whatever_is_not_signed_is_refused(twilio):
    for path in ("/twilio/voice/children", "/twilio/mistyped", "/twilio"):
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            assert twilio.client.open(path, method=method).status_code == 403, (method, path)
    assert twilio.client.get("/contact/twilio").status_code == 404  # that one is for people


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


def test_languages_are_spoken_in_the_directorys_order(make_telephoned, clock):
    clock.set(NIGHT)
    twilio = Telephone(make_telephoned(ROOT / "examples" / "swansea.yaml").test_client())
    _, _, last = ring_out(twilio, "busy")

    assert [say.get("language") for say in last.root.iter("Say")] == ["cy-GB", "en-GB"] * 2


@pytest.mark.parametrize(
    ("number", "rings"), [("+447700900999", "+447700900999"), ("directory", MASH)]
)
def test_a_rehearsal_rings_the_rehearsals_number_alone_or_the_directory(
    make_telephoned, number, rings
):
    app = make_telephoned(CLOCK_STARTS_AT=DAY, REHEARSAL_NUMBER=number)
    rung, _, _ = ring_out(Telephone(app.test_client()), "busy")

    assert rung[0] == rings
    assert number == "directory" or set(rung) == {number}


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

    assert answer.status_code == 503
    assert code in app.test_cli_runner().invoke(args=["status"]).output
