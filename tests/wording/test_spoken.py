"""What is said aloud: digits one by one, the council's words as they are."""

from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing.directory.load import load
from routing.wording import calls, spoken
from routing.wording.voice import speaking


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
    assert spoken.digits(written) == said


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
    assert spoken.spelled(written) == said


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
    assert calls.leg(*leg) == said


def test_whoever_picks_up_a_screened_line_is_told_what_the_call_is():
    directory, _ = load(ANYSHIRE)
    said = spoken.accept(directory.services[0], speaking("en", ZoneInfo("Europe/London")))

    assert said == "A call for Worried about a child. To take it, press 1."
