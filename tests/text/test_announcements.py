"""What is said aloud: digits one by one, the council's words as they are."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing.core.decision import decide
from routing.core.directory import Text
from routing.core.timetable import Timetables
from routing.directory.load import load
from routing.text import announcements, staff_text
from routing.text.locale import get_locale


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("01632 960001", "0 1 6 3 2, 9 6 0 0 0 1"),
        ("999", "9 9 9"),
        ("+44 1632 960001", "4 4, 1 6 3 2, 9 6 0 0 0 1"),
        ("020 7946 0018", "0 2 0, 7 9 4 6, 0 0 1 8"),
    ],
)
def test_a_number_is_said_digit_by_digit(written, said):
    assert announcements.spell_digits(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Call 999.", "Call 9 9 9."),
        ("Call 101, or 01632 960001 now", "Call 1 0 1, or 0 1 6 3 2, 9 6 0 0 0 1 now"),
        ("Open 24 hours, from 8:30 to 5", "Open 24 hours, from 8:30 to 5"),
        ("Since 1999 there are 1,000 of us", "Since 1999 there are 1,000 of us"),
    ],
)
def test_only_telephone_numbers_in_the_councils_words_are_spelled(written, said):
    assert announcements.spell_numbers(written) == said


@pytest.mark.parametrize(
    ("leg", "said"),
    [
        (("EDS", "busy", 1, None), "EDS: busy after 1 second"),
        (("EDS", "answered", 5, 180), "EDS: answered after 5 seconds, talked for 3 minutes"),
        (("EDS", None, None, None), "EDS: its end was not reported"),
        (("EDS", "declined", 89, None), "EDS: not accepted after 89 seconds"),
        (("EDS", "new", 90, None), "EDS: new after 2 minutes"),
    ],
)
def test_what_became_of_a_line_is_said(leg, said):
    assert staff_text.describe_leg(*leg) == said


@pytest.fixture(scope="module")
def directory():
    return load(ANYSHIRE)[0]


@pytest.fixture
def shown(directory):
    mash = directory.lines[0]
    return [(mash, mash.phone)]


VOICE = get_locale("en", ZoneInfo("Europe/London"))
DANGER = "If a child is in immediate danger, call 9 9 9."
MASH = "You can call the Multi-Agency Safeguarding Hub (MASH) yourself on 0 1 6 3 2, 9 6 0 0 0 1."


def test_whoever_picks_up_a_screened_line_is_told_what_the_call_is(directory):
    said = announcements.accept_prompt(directory.services[0], VOICE)

    assert said == "A call for Worried about a child. To take it, press 1."


@pytest.mark.parametrize(
    ("message", "first", "last"),
    [
        ("no_answer_yet", "Sorry, nobody has answered yet.", "We are calling again."),
        ("no_answer", "Sorry, nobody has answered.", "Or hang up, and call this number again."),
        (
            "outcome_unknown",
            "If you have not spoken to anybody yet,",
            "and call this number again.",
        ),
    ],
)
def test_every_message_says_999_and_another_number_digit_by_digit(
    directory, shown, message, first, last
):
    said = getattr(announcements, message)(directory, shown, VOICE)

    assert said.startswith(first)
    assert f"{DANGER} {MASH} " in said
    assert said.endswith(last)


def test_999_is_added_where_the_councils_words_do_not_name_it(directory):
    words = replace(directory, emergency=_text("Shout for help."))

    assert "Shout for help. Call 9 9 9." in announcements.no_answer(words, [], VOICE)


def test_a_greeting_is_the_councils_own_or_nothing(directory):
    greeted, plain = (replace(directory.services[0], greeting=x) for x in (_text("Hello"), None))

    assert announcements.greeting(greeted, VOICE) == "Hello"
    assert announcements.greeting(plain, VOICE) is None


def test_a_text_names_the_number_until_when_and_999_as_they_are_written(directory):
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    decision = decide(Timetables(directory, {}), "children", at)

    assert announcements.sms_reply(decision, directory, at, VOICE) == (
        "Call 01632 960100, Multi-Agency Safeguarding Hub (MASH), until 5pm on Monday 23 November. "
        "If a child is in immediate danger, call 999. Nobody reads texts sent to this number."
    )


def _text(words):
    return Text((("en", words),))
