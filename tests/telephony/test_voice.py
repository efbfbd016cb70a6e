"""Calls as Twilio makes them: who is rung, by what really happened, until somebody answers."""

from telephone import Telephone
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS

DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"


def test_without_a_greeting_ringing_comes_first_and_takes_no_call_before_somebody_answers(
    make_changed,
):
    app = make_changed("    greeting:", "    # greeting:")
    document = Telephone(app.test_client(), NUMBERS).call("CA1")

    assert document.verbs == ["Dial"]
    assert document.dial.get("answerOnBridge") == "true"
    assert document.dial.get("timeout") == "25"


def test_a_greeting_is_spoken_before_the_first_ringing_alone(twilio):
    first = twilio.call("CA1")
    second = twilio.ends(first, "CA1", "busy")

    assert first.verbs == ["Say", "Dial"]
    assert "Please hold" in first.speech
    assert second.verbs == ["Dial"]


def test_the_message_comes_between_the_rounds_and_the_round_begins_again(twilio, clock):
    clock.set(NIGHT)
    document = twilio.call("CA1")
    document = twilio.ends(document, "CA1", "no-answer")
    document = twilio.ends(document, "CA1", "no-answer")

    assert document.verbs == ["Say", "Dial"]
    assert document.number == EDS
    assert "9 9 9" in document.speech
    assert "0 1 6 3 2, 9 6 0 0 0 2" in document.speech


def test_an_internal_line_is_never_spoken_of(twilio, clock):
    clock.set(NIGHT)
    document, speech = twilio.call("CA1"), ""
    while document.dial is not None:
        document = twilio.ends(document, "CA1", "busy")
        speech += document.speech

    assert "0 7 7 0 0" not in speech
    assert "manager" not in speech.lower()


def test_after_three_rounds_the_message_is_said_twice_and_the_call_ends(twilio, clock):
    clock.set(NIGHT)
    document, rung = twilio.call("CA1"), []
    while document.dial is not None:
        rung.append(document.number)
        document = twilio.ends(document, "CA1", "no-answer")

    assert rung == [EDS, MANAGER] * 3
    assert document.verbs == ["Say", "Pause", "Say", "Hangup"]
    assert document.root[0].text == document.root[2].text


def test_a_call_that_begins_before_five_stays_with_the_day_line(twilio, clock):
    clock.set("2026-11-23T16:59:59Z")
    first = twilio.call("CA1").number
    clock.set("2026-11-23T17:00:01Z")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == EDS


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


def rings_and_words(twilio):
    document, rung, speech = twilio.call("CA1"), [], ""
    while document.dial is not None:
        rung.append(document.number)
        document = twilio.ends(document, "CA1", "no-answer")
        speech += document.speech
    return rung, speech


def test_a_dead_line_that_was_diverted_is_neither_rung_nor_named(twilio, app, clock):
    clock.set(NIGHT)
    divert(app, "children mash --until 4h")
    rung, speech = rings_and_words(twilio)

    assert rung == [MASH, MANAGER] * 3
    assert "9 6 0 0 0 1" in speech
    assert "9 6 0 0 0 2" not in speech
    assert "01632 960002" not in app.test_client().get("/").text.partition("<footer")[0]


def test_a_line_that_may_still_be_rung_is(twilio, app, clock):
    clock.set(NIGHT)
    divert(app, "children mash --until 4h --may-ring")
    rung, speech = rings_and_words(twilio)

    assert rung == [MASH, EDS, MANAGER] * 3
    assert "9 6 0 0 0 2" in speech


def test_a_call_keeps_the_number_it_began_with_over_midnight(twilio, app, clock):
    clock.set("2026-12-28T23:59:59Z")
    divert(app, "children mash --until 4h")
    first = twilio.call("CA1").number
    clock.set("2026-12-29T00:00:01Z")

    assert twilio.call("CA1").number == first == MASH
    assert twilio.call("CA2").number == "+441632960009"  # from then on, for three days


def test_when_every_line_is_engaged_the_caller_hears_so_and_waits_for_twenty_seconds(twilio, clock):
    clock.set(NIGHT)
    document = twilio.ends(twilio.call("CA1"), "CA1", "busy")
    for _ in range(4):  # more than the three rounds of a call that rings
        document = twilio.ends(document, "CA1", "busy")

        assert document.verbs == ["Say", "Pause", "Dial"]
        assert document.root.find("Pause").get("length") == "20"
        assert "9 9 9" in document.speech
        assert document.number == EDS
        document = twilio.ends(document, "CA1", "busy")

        assert (document.verbs, document.number) == (["Dial"], MANAGER)
