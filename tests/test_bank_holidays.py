"""Bank holidays against GOV.UK's published list, which comes from another hand."""

import json
from datetime import date
from pathlib import Path

import pytest

from routing.bank_holidays import DIVISIONS, bank_holidays
from routing.core.directory import HolidayRules
from routing.core.hours import BankHoliday

PUBLISHED = json.loads(
    Path(__file__).with_name("data").joinpath("bank-holidays.json").read_text(encoding="utf-8")
)


def dates(division="england-and-wales", **rules):
    return bank_holidays(HolidayRules(division, **rules)).dates


@pytest.mark.parametrize("division", DIVISIONS)
def test_dates_names_and_substitutes_are_those_that_gov_uk_published(division):
    published = {
        date.fromisoformat(each["date"]): BankHoliday(
            each["title"], each["notes"] == "Substitute day"
        )
        for each in PUBLISHED[division]["events"]
    }
    ours = {day: found for day, found in dates(division).items() if 2012 <= day.year <= 2028}

    assert ours.keys() == published.keys()
    assert {day: ours[day] for day in ours if day.year > 2012} == {
        day: published[day] for day in published if day.year > 2012
    }


@pytest.mark.parametrize("division", DIVISIONS)
def test_a_weekend_day_is_never_listed(division):
    assert not [day for day in dates(division) if day.weekday() >= 5]


def test_a_proclaimed_holiday_is_added_by_its_name():
    found = dates(add=((date(2027, 6, 1), "Day of national celebration"),))

    assert found[date(2027, 6, 1)] == BankHoliday("Day of national celebration")


def test_a_moved_holiday_leaves_its_old_date():
    found = dates(remove=frozenset({date(2027, 5, 31)}), add=((date(2027, 6, 1), "Spring"),))

    assert date(2027, 5, 31) not in found
    assert date(2027, 6, 1) in found


def test_asking_for_another_day_adds_nothing():
    found = dates()
    before = len(found)

    assert found.get(date(2031, 7, 9)) is None
    assert len(found) == before


@pytest.mark.parametrize(
    ("day", "assumed"), [(date(2028, 12, 31), False), (date(2029, 1, 1), True)]
)
def test_past_the_published_years_a_date_is_an_assumption(day, assumed):
    assert bank_holidays(HolidayRules("scotland")).assumed(day) is assumed
