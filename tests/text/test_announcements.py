"""Announcements: numbers digit by digit, the council's own words unchanged."""

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
    ("leg", "sentence"),
    [
        (("EDS", "busy", 1, None), "EDS: busy after 1 second"),
        (("EDS", "answered", 5, 180), "EDS: answered after 5 seconds, talked for 3 minutes"),
        (("EDS", None, None, None), "EDS: its end was not reported"),
        (("EDS", "declined", 89, None), "EDS: not accepted after 89 seconds"),
        (("EDS", "new", 90, None), "EDS: new after 2 minutes"),
    ],
)
def test_a_leg_is_described_by_its_outcome_and_durations(leg, sentence):
    assert staff_text.describe_leg(*leg) == sentence


@pytest.fixture(scope="module")
def directory():
    return load(ANYSHIRE)[0]


@pytest.fixture
def numbers(directory):
    line = directory.lines[0]
    return [(line, line.phone)]


ENGLISH = get_locale("en", ZoneInfo("Europe/London"))
DANGER = "If a child is in immediate danger, call 9 9 9."
MASH = "You can call the Multi-Agency Safeguarding Hub (MASH) yourself on 0 1 6 3 2, 9 6 0 0 0 1."


def test_the_person_who_picks_up_a_screened_line_hears_what_the_call_is(directory):
    text = announcements.accept_prompt(directory.services[0], ENGLISH)

    assert text == "A call for Worried about a child. To take it, press 1."


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
def test_every_announcement_has_999_and_another_number_digit_by_digit(
    directory, numbers, message, first, last
):
    text = getattr(announcements, message)(directory, numbers, ENGLISH)

    assert text.startswith(first)
    assert f"{DANGER} {MASH} " in text
    assert text.endswith(last)


def test_999_is_added_where_the_councils_words_do_not_name_it(directory):
    directory = replace(directory, emergency=_text("Shout for help."))

    assert "Shout for help. Call 9 9 9." in announcements.no_answer(directory, [], ENGLISH)


@pytest.mark.parametrize(
    "advice",
    [
        "Ring us at once on 01632 960999.",
        "Ring 01632 960 999.",
        "Ring +44 1632 960 999.",
        "Ring 960 999.",
        "Ring 0300 999 1234.",
        "There are 1,999 of us.",
    ],
)
def test_999_is_added_where_it_is_only_part_of_another_number(directory, advice):
    directory = replace(directory, emergency=_text(advice))
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    decision = decide(Timetables(directory, {}), "children", at)

    assert "Call 9 9 9." in announcements.no_answer(directory, [], ENGLISH)
    assert "Call 999." in announcements.sms_reply(decision, directory, at, ENGLISH)


@pytest.mark.parametrize("advice", ["Call 999.", "999", "Dial 999, or 101.", "Call 999/112 now"])
def test_999_is_not_added_where_the_council_names_it(directory, advice):
    directory = replace(directory, emergency=_text(advice))

    assert "Call 9 9 9. Call" not in announcements.no_answer(directory, [], ENGLISH)
    assert announcements.no_answer(directory, [], ENGLISH).count("9 9 9") == 1


def test_a_number_with_a_country_code_is_given_in_its_national_form(directory):
    line = directory.lines[0]
    phone = replace(line.phone, display="+44 (0)1632 960001")
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    decision = decide(Timetables(directory, {}), "children", at)
    service = replace(decision.service, number=phone)
    text = announcements.sms_reply(replace(decision, service=service), directory, at, ENGLISH)

    assert "on 0 1 6 3 2, 9 6 0 0 0 1." in announcements.no_answer(
        directory, [(line, phone)], ENGLISH
    )
    assert "Call 01632 960001," in text
    assert "18001 01632 960001." in text


def test_a_greeting_is_the_councils_own_or_nothing(directory):
    greeted = replace(directory.services[0], greeting=_text("Hello"))
    plain = replace(directory.services[0], greeting=None)

    assert announcements.greeting(greeted, ENGLISH) == "Hello"
    assert announcements.greeting(plain, ENGLISH) is None


def test_an_sms_reply_names_the_number_until_when_and_999_as_written(directory):
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    decision = decide(Timetables(directory, {}), "children", at)

    assert announcements.sms_reply(decision, directory, at, ENGLISH) == (
        "Call 01632 960100, the Multi-Agency Safeguarding Hub (MASH), until 5pm on Monday 23 "
        "November. "
        "If a child is in immediate danger, call 999. With Relay UK, dial 18001 01632 960100. "
        "You can text 999 if your phone is registered: text the word register to 999. "
        "Nobody reads texts sent to this number."
    )


def _text(english):
    return Text((("en", english),))
