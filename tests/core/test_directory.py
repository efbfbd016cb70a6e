"""The values of a directory, and what follows from them alone."""

from dataclasses import replace
from datetime import date

import pytest
from conftest import ANYSHIRE

from routing.core.directory import (
    ALL_DAY,
    BankHoliday,
    Hours,
    Phone,
    SpecialDay,
    Text,
    TimeRange,
    date_range,
    send_digits,
)
from routing.directory.load import load

DIRECTORY, _ = load(ANYSHIRE)
LINES = {line.id: line for line in DIRECTORY.lines}
SERVICES = {service.id: service for service in DIRECTORY.services}
NINE_TO_FIVE = (TimeRange(540, 1020),)
WINTER = SpecialDay(
    *(date(2026, 12, 1), date(2026, 12, 31), Text((("en", "Winter"),))),
    hours=NINE_TO_FIVE,
    is_run=True,
)


def test_what_follows_from_a_line_or_a_service_alone():
    children = SERVICES["children"]

    assert LINES["mash"].verified.until == date(2027, 1, 30)
    assert [line.id for line in children.reachable] == ["mash", "eds", "duty-manager"]
    assert children.confirmed
    assert (DIRECTORY.line("mash"), DIRECTORY.line("nope")) == (LINES["mash"], None)
    assert (DIRECTORY.service("children"), DIRECTORY.service("nope")) == (children, None)


def test_of_two_special_numbers_on_a_date_the_later_in_the_file_wins():
    line = LINES["mash"]
    later = replace(line.special_days[2], phone=Phone("+441632960008", "01632 960008"))
    both = replace(line, special_days=(*line.special_days, later))

    assert both.phone_on(date(2026, 12, 30)).display == "01632 960008"
    assert both.hours_on(date(2026, 12, 31), {}).special_day.name.get("en") == "New Year's Eve"


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 12, 28), date(2026, 12, 29)),
        (date(2026, 12, 30), date(2026, 12, 30)),
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2027, 1, 1), None),
    ],
)
def test_the_next_date_of_a_special_day_is_on_or_after_the_day(day, following):
    assert replace(WINTER, first=date(2026, 12, 29)).next_date(day) == following


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
            *(
                date(2026, 12, 1),
                replace(WINTER, hours=None, week=Hours((NINE_TO_FIVE,) * 7)),
                NINE_TO_FIVE,
                NINE_TO_FIVE,
            ),
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


def test_the_menu_of_a_line_is_dialled_through_on_its_own_number_alone():
    line = replace(LINES["mash"], send_digits="ww1")

    assert send_digits(line, replace(line.phone, display="+44 1632 960001")) == "ww1"
    assert send_digits(line, Phone("+441632960009", "01632 960009")) is None


def test_callers_of_a_service_with_a_number_ring_it_unless_999_or_101_answers():
    number, own = Phone("+441632960100", "01632 960100"), Phone("+441632960001", "01632 960001")
    service = replace(SERVICES["professionals"], number=None)
    numbered = replace(service, number=number)

    assert service.public_phone(own) == own
    assert numbered.public_phone(own) == number
    assert numbered.public_phone(Phone("101", "101")) == Phone("101", "101")


def test_the_hours_of_a_date_are_those_that_a_special_day_or_bank_holiday_sets():
    hours = Hours((NINE_TO_FIVE,) * 7, bank_holiday=())
    line = replace(LINES["mash"], hours=hours, special_days=())
    christmas = date(2026, 12, 25)

    assert line.ranges_on(christmas, {christmas: BankHoliday("Christmas Day")}) == ()
    assert line.ranges_on(christmas, {}) == NINE_TO_FIVE


def test_a_text_is_given_in_a_language_or_else_in_the_first_one_it_has():
    text = Text((("en", "Night team"), ("cy", "Tîm nos")))

    assert text.get("cy") == "Tîm nos"
    assert text.get("pl") == "Night team"


def test_a_range_of_dates_has_both_its_ends():
    assert list(date_range(date(2026, 2, 28), date(2026, 3, 1))) == [
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
