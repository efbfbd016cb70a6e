"""Bank holidays against GOV.UK's published list, which is an independent source."""

import json
from datetime import date
from pathlib import Path

import pytest

from routing.bank_holidays import DIVISIONS, FIRST_YEAR, LAST_YEAR, build_calendar
from routing.core.directory import BankHoliday, HolidayRules

PUBLISHED = json.loads(
    Path(__file__)
    .parent.with_name("data")
    .joinpath("bank-holidays.json")
    .read_text(encoding="utf-8")
)


def dates(division="england-and-wales", **rules):
    return build_calendar(HolidayRules(division, **rules)).dates


@pytest.mark.parametrize("division", DIVISIONS)
def test_dates_names_and_substitutes_are_those_that_gov_uk_published(division):
    published = {
        date.fromisoformat(event["date"]): BankHoliday(
            event["title"], event["notes"] == "Substitute day"
        )
        for event in PUBLISHED[division]["events"]
    }
    ours = {day: holiday for day, holiday in dates(division).items() if 2012 <= day.year <= 2028}

    assert ours == published


@pytest.mark.parametrize("division", DIVISIONS)
def test_a_weekend_day_is_never_listed(division):
    assert not [day for day in dates(division) if day.weekday() >= 5]


def test_a_date_already_listed_takes_the_name_that_the_directory_adds():
    holidays = dates(add=((date(2027, 12, 27), "Christmas, by proclamation"),))

    assert holidays[date(2027, 12, 27)] == BankHoliday("Christmas, by proclamation")


def test_a_date_both_removed_and_added_is_a_holiday():
    day = date(2027, 5, 31)

    assert dates(remove=frozenset({day}), add=((day, "Kept"),))[day] == BankHoliday("Kept")


def test_an_added_weekend_day_stays():
    day = date(2027, 6, 5)

    assert dates(add=((day, "Coronation"),))[day] == BankHoliday("Coronation")


def test_a_removed_date_is_an_ordinary_day_for_that_directory_alone():
    day = date(2027, 5, 31)

    assert day not in dates(remove=frozenset({day}))
    assert day in dates()


def test_when_1_january_is_a_sunday_scotland_has_3_january_for_it():
    holidays = dates("scotland")

    assert holidays[date(2034, 1, 2)] == BankHoliday("2nd January")
    assert holidays[date(2034, 1, 3)] == BankHoliday("New Year’s Day", substitute=True)


@pytest.mark.parametrize("division", DIVISIONS)
def test_every_year_is_filled_at_once(division):
    assert {day.year for day in dates(division)} == set(range(FIRST_YEAR, LAST_YEAR + 1))


@pytest.mark.parametrize(
    ("day", "assumed"), [(date(2028, 12, 31), False), (date(2029, 1, 1), True)]
)
def test_after_the_published_years_a_date_is_assumed(day, assumed):
    assert build_calendar(HolidayRules("scotland")).is_assumed(day) is assumed
