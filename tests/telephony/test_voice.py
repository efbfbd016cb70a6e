"""Calls as Twilio makes them: who is rung, by what really happened, until somebody answers."""

import subprocess
import sys
from urllib.parse import urlencode

import pytest
from conftest import ANYSHIRE, ROOT
from telephone import BASE, CALLED, CALLER, Telephone, sign
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS

DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"
QUIET = ANYSHIRE.read_text().replace("    greeting:", "    # greeting:")


@pytest.fixture
def quiet(make_telephoned, tmp_path):
    """A telephone to the same council without a greeting."""
    (tmp_path / "quiet.yaml").write_text(QUIET)
    return Telephone(make_telephoned(tmp_path / "quiet.yaml").test_client(), NUMBERS)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("2026-05-22T07:29:59Z", EDS),
        ("2026-05-22T07:30:00Z", MASH),
        ("2026-05-22T15:29:59Z", MASH),
        ("2026-05-22T15:30:00Z", EDS),
        ("2026-12-25T12:00:00Z", EDS),
        ("2026-12-29T12:00:00Z", "+441632960009"),
    ],
)
def test_whoever_is_on_is_rung(twilio, clock, at, number):
    clock.set(at)

    assert twilio.call("CA1").number == number


def test_without_a_greeting_ringing_comes_first_and_takes_no_call_before_somebody_answers(quiet):
    told = quiet.call("CA1")

    assert told.verbs == ["Dial"]
    assert told.dial.get("answerOnBridge") == "true"
    assert told.dial.get("timeout") == "25"


def test_a_greeting_is_spoken_before_the_first_ringing_alone(twilio):
    first = twilio.call("CA1")
    second = twilio.ends(first, "CA1", "busy")

    assert first.verbs == ["Say", "Dial"]
    assert "Please hold" in first.said
    assert second.verbs == ["Dial"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "", "answered", "in-progress"])
def test_whoever_did_not_answer_is_followed_by_the_next(twilio, clock, status):
    clock.set(NIGHT)
    first = twilio.call("CA1")

    assert first.number == EDS
    assert twilio.ends(first, "CA1", status).number == MANAGER


@pytest.mark.parametrize("more", [{}, {"DialBridged": "true"}])
def test_an_answered_call_is_over(twilio, more):
    first = twilio.call("CA1")

    assert twilio.ends(first, "CA1", "completed", **more).verbs == ["Hangup"]


def test_a_completed_call_that_was_never_bridged_goes_on(twilio):
    first = twilio.call("CA1")

    assert twilio.ends(first, "CA1", "completed", DialBridged="false").number == MANAGER


def test_a_caller_who_hangs_up_is_not_rung_on_for(twilio):
    first = twilio.call("CA1")

    assert twilio.ends(first, "CA1", "canceled").verbs == ["Hangup"]


def test_a_line_that_is_shut_is_passed_over(twilio, clock):
    clock.set(DAY)
    first = twilio.call("CA1")

    assert first.number == MASH
    assert twilio.ends(first, "CA1", "no-answer").number == MANAGER  # by day the EDS is shut


def test_a_line_that_opens_meanwhile_is_rung(twilio, clock):
    clock.set("2026-11-23T16:59:50Z")
    first = twilio.call("CA1")
    clock.set("2026-11-23T17:00:20Z")

    assert first.number == MASH
    assert twilio.ends(first, "CA1", "no-answer").number == EDS


def test_the_message_comes_between_the_rounds_and_the_round_begins_again(twilio, clock):
    clock.set(NIGHT)
    told = twilio.call("CA1")
    told = twilio.ends(told, "CA1", "busy")
    told = twilio.ends(told, "CA1", "busy")

    assert told.verbs == ["Say", "Dial"]
    assert told.number == EDS
    assert "9 9 9" in told.said
    assert "0 1 6 3 2, 9 6 0 0 0 2" in told.said


def test_what_is_internal_is_never_said(twilio, clock):
    clock.set(NIGHT)
    told, said = twilio.call("CA1"), ""
    while told.dial is not None:
        told = twilio.ends(told, "CA1", "busy")
        said += told.said

    assert "0 7 7 0 0" not in said
    assert "manager" not in said.lower()


def test_after_three_rounds_the_message_is_said_twice_and_the_call_ends(twilio, clock):
    clock.set(NIGHT)
    told, rung = twilio.call("CA1"), []
    while told.dial is not None:
        rung.append(told.number)
        told = twilio.ends(told, "CA1", "no-answer")

    assert rung == [EDS, MANAGER] * 3
    assert told.verbs == ["Say", "Pause", "Say", "Hangup"]
    assert told.root[0].text == told.root[2].text


@pytest.mark.parametrize(
    ("at", "rings"), [("22:07:59", True), ("22:08:00", False), ("22:08:01", False)]
)
def test_after_eight_minutes_the_call_is_given_up(twilio, clock, at, rings):
    clock.set(NIGHT)
    told = twilio.call("CA1")
    clock.set(f"2026-11-23T{at}Z")
    told = twilio.ends(told, "CA1", "busy")

    assert (told.dial is not None) is rings
    assert rings or told.verbs[-1] == "Hangup"


def test_a_later_round_begins_with_whoever_is_on_by_then(twilio, clock):
    clock.set("2026-11-23T16:59:00Z")
    told = twilio.call("CA1")
    told = twilio.ends(told, "CA1", "busy")
    clock.set("2026-11-23T17:00:00Z")
    told = twilio.ends(told, "CA1", "busy")
    told = twilio.ends(told, "CA1", "busy")

    assert told.number == EDS


def test_a_call_that_begins_before_five_stays_with_the_day_line(twilio, clock):
    clock.set("2026-11-23T16:59:59Z")
    first = twilio.call("CA1").number
    clock.set("2026-11-23T17:00:01Z")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == EDS


def test_a_divert_moves_the_next_call_and_not_the_one_that_rings(twilio, app, clock):
    clock.set(DAY)
    first = twilio.call("CA1").number
    done = app.test_cli_runner().invoke(
        args=[
            "divert",
            "set",
            "children",
            "eds",
            "--until",
            "1h",
            "--note",
            "x",
            "--although-closed",
        ]
    )

    assert done.exit_code == 0, done.output
    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == EDS


def test_how_long_a_line_rings_depends_on_whether_another_follows(twilio, clock, make_telephoned):
    clock.set(NIGHT)
    first = twilio.call("CA1")
    last = twilio.ends(first, "CA1", "busy")
    alone = twilio.call("CA2", service="professionals")

    assert first.dial.get("timeout") == "25"
    assert last.dial.get("timeout") == "40"  # as the directory says
    assert alone.dial.get("timeout") == "120"


def night_manager(twilio, clock, sid="CA1"):
    clock.set(NIGHT)
    told = twilio.ends(twilio.call(sid), sid, "busy")
    assert told.number == MANAGER
    return told


def test_whoever_presses_1_has_the_call(twilio, clock):
    told = night_manager(twilio, clock)
    asked = twilio.picked_up(told, "CA1")
    connected = twilio.picked_up(told, "CA1", "1")

    assert "press 1" in asked.said
    assert connected.verbs == []
    assert twilio.ends(told, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


@pytest.mark.parametrize("digits", ["2", "*", "", "11"])
def test_whoever_presses_another_key_has_declined(twilio, clock, digits):
    told = night_manager(twilio, clock)

    assert twilio.picked_up(told, "CA1", digits).verbs == ["Hangup"]
    assert twilio.ends(told, "CA1", "completed", DialBridged="true").number == EDS


@pytest.mark.parametrize("bridged", ["true", "false", None])
def test_a_voicemail_on_a_screened_line_never_has_the_call(twilio, clock, bridged):
    told = night_manager(twilio, clock)
    asked = twilio.picked_up(told, "CA1")

    assert asked.verbs == ["Gather", "Gather", "Hangup"]
    assert twilio.ends(told, "CA1", "completed", DialBridged=bridged).number == EDS


def test_the_key_counts_for_the_leg_on_which_it_was_pressed(twilio, clock):
    told = night_manager(twilio, clock)
    twilio.picked_up(told, "CA1", "1")
    told = twilio.ends(told, "CA1", "failed")
    told = twilio.ends(told, "CA1", "busy")

    assert told.number == MANAGER
    assert twilio.ends(told, "CA1", "completed", DialBridged="true").number == EDS


def test_the_key_is_known_to_another_worker_without_a_database(
    twilio, clock, make_telephoned, tmp_path
):
    told = night_manager(twilio, clock)
    (tmp_path / "instance" / "routing.sqlite").unlink()
    twilio.picked_up(told, "CA1", "1")
    other = Telephone(make_telephoned().test_client(), NUMBERS)

    assert other.ends(told, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


def test_the_key_is_known_to_another_machine_by_the_log(twilio, clock, app):
    told = night_manager(twilio, clock)
    twilio.picked_up(told, "CA1", "1")
    for mark in app.extensions["accepted"].folder.iterdir():
        mark.unlink()

    assert twilio.ends(told, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


WITHHELD = [
    "anonymous", "Anonymous", "unknown", "restricted", "unavailable", "private", "", None,
    "+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833",
    "01632960123", "+44", "+0441632960123", "sip:x@example.org", "+441632960123;ext=1", "999",
]  # fmt: skip


@pytest.mark.parametrize("caller", WITHHELD)
def test_a_withheld_number_is_replaced_by_the_one_that_was_called(twilio, caller):
    assert twilio.call("CA1", caller=caller).dial.get("callerId") == CALLED


def test_a_callers_number_is_passed_on(twilio):
    assert twilio.call("CA1", caller=CALLER).dial.get("callerId") is None


def test_a_screened_line_is_never_shown_who_rings(twilio, clock):
    assert night_manager(twilio, clock).dial.get("callerId") == CALLED


def test_the_council_may_show_its_own_number_to_all(make_telephoned):
    twilio = Telephone(make_telephoned(CALLER_ID="own").test_client(), NUMBERS)

    assert twilio.call("CA1").dial.get("callerId") == CALLED
    assert twilio.call("CA2", called="sip:who@example.org").dial.get("callerId") == CALLED


def test_the_number_that_was_called_is_never_rung(twilio, clock):
    clock.set(NIGHT)

    assert twilio.call("CA1", called=EDS).number == MANAGER


def test_a_line_that_forwarded_the_call_here_is_not_rung(twilio):
    assert twilio.call("CA1", ForwardedFrom=MASH).number == MANAGER


def test_a_call_that_could_only_come_back_is_told_what_to_do(twilio, clock):
    clock.set(DAY)
    told = twilio.call("CA1", service="professionals", called="+441632960003", ForwardedFrom=MASH)
    while told.dial is not None:
        assert told.number not in ("+441632960003", MASH)
        told = twilio.ends(told, "CA1", "busy", called="+441632960003", ForwardedFrom=MASH)

    assert "9 9 9" in told.said


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


def test_languages_are_spoken_in_the_directorys_order(make_telephoned, clock):
    clock.set(NIGHT)
    twilio = Telephone(make_telephoned(ROOT / "examples" / "swansea.yaml").test_client())
    service = "children"
    told = twilio.call("CA1", service=service)
    while told.dial is not None:
        told = twilio.ends(told, "CA1", "busy")
    tongues = [each.get("language") for each in told.root.iter("Say")]

    assert tongues == ["cy-GB", "en-GB"] * 2 or tongues == ["en-GB", "cy-GB"] * 2


def test_a_rehearsal_rings_the_rehearsals_number_alone(make_telephoned, clock):
    settings = {"CLOCK_STARTS_AT": DAY, "REHEARSAL_NUMBER": "+447700900999"}
    twilio = Telephone(make_telephoned(**settings).test_client(), {"+447700900999"})
    told, rung = twilio.call("CA1"), []
    while told.dial is not None:
        rung += told.numbers
        told = twilio.ends(told, "CA1", "busy")

    assert set(rung) == {"+447700900999"}


def test_a_rehearsal_may_ring_the_directory(make_telephoned):
    settings = {"CLOCK_STARTS_AT": DAY, "REHEARSAL_NUMBER": "directory"}

    assert Telephone(make_telephoned(**settings).test_client()).call("CA1").number == MASH


@pytest.mark.parametrize(
    "settings",
    [
        {"CLOCK_STARTS_AT": DAY},
        {"TWILIO_AUTH_TOKEN": None},
        {"PUBLIC_BASE_URL": None},
    ],
)
def test_a_door_that_is_not_set_up_is_shut_and_says_so(make_telephoned, settings):
    app = make_telephoned(**settings)
    twilio = Telephone(app.test_client())
    answer = twilio.post(f"{twilio.base}/twilio/voice/children", twilio.form("CA1", CALLER, CALLED))
    done = app.test_cli_runner().invoke(args=["status"])

    assert answer.status_code == 503
    assert "telephone_off" in done.output


def test_the_web_process_never_loads_twilios_own_client():
    code = (
        "import sys; from routing import create_app; create_app(); "
        "sys.exit('twilio.rest' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
