"""The values of a directory, and what follows from them alone."""

from dataclasses import replace
from datetime import date

import pytest
from conftest import ANYSHIRE

from routing.core.directory import ALL_DAY, Hours, Phone, SpecialDay, Text, TimeRange
from routing.directory.load import load

DIRECTORY, _ = load(ANYSHIRE)
LINES = {line.id: line for line in DIRECTORY.lines}
NINE_TO_FIVE = (TimeRange(540, 1020),)
WINTER = SpecialDay(
    *(date(2026, 12, 1), date(2026, 12, 31), Text((("en", "Winter"),))),
    hours=NINE_TO_FIVE,
    is_run=True,
)
OWN_WEEK = replace(WINTER, hours=None, week=Hours((NINE_TO_FIVE,) * 7))


def test_of_two_special_numbers_on_a_date_the_later_in_the_file_wins():
    line = LINES["mash"]
    later = replace(line.special_days[2], phone=Phone("+441632960008", "01632 960008"))
    both = replace(line, special_days=(*line.special_days, later))

    assert both.phone_on(date(2026, 12, 30)).display == "01632 960008"
    assert both.hours_on(date(2026, 12, 31), {}).special_day.name.get("en") == "New Year's Eve"


def test_of_an_internal_line_callers_see_its_name_and_the_number_that_they_ring():
    service, text = DIRECTORY.services[0], Text((("en", "secret"),))
    details = {"aliases": (text,), "options": text, "you_will_hear": text, "email": "a@b.example"}
    line = replace(LINES["duty-manager"], also=LINES["mash"].also, **details)

    shown = service.public_line(line)
    assert shown == replace(LINES["duty-manager"], phone=service.number)
    assert shown.phone.display == "01632 960100"


@pytest.mark.parametrize(
    ("day", "special_day", "saturday", "monday"),
    [
        pytest.param(date(2026, 11, 30), WINTER, (), ALL_DAY, id="before a season"),
        pytest.param(
            date(2026, 12, 1), WINTER, (), NINE_TO_FIVE, id="a season opens no day of the week"
        ),
        pytest.param(date(2027, 1, 1), WINTER, (), ALL_DAY, id="after it"),
        pytest.param(
            *(date(2026, 12, 20), replace(WINTER, first=date(2026, 12, 18)), (), ALL_DAY),
            id="a run of 14 days is no season",
        ),
        pytest.param(
            *(date(2026, 12, 1), OWN_WEEK, NINE_TO_FIVE, NINE_TO_FIVE),
            id="a season with a week of its own",
        ),
        pytest.param(
            *(date(2026, 12, 1), replace(WINTER, hours=None), (), ALL_DAY),
            id="a season with another number alone",
        ),
    ],
)
def test_the_week_of_a_line_is_changed_by_the_season_of_that_day(
    day, special_day, saturday, monday
):
    hours = Hours((ALL_DAY,) * 5 + ((),) * 2)
    line = replace(LINES["mash"], hours=hours, special_days=(special_day,))

    assert line.week_on(day)[5] == saturday
    assert line.week_on(day)[0] == monday


def test_a_text_is_given_in_a_language_or_else_in_the_first_one_it_has():
    text = Text((("en", "Night team"), ("cy", "Tîm nos")))

    assert text.get("cy") == "Tîm nos"
    assert text.get("pl") == "Night team"
