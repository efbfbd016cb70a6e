"""The bank holidays that the holidays package knows, by the names that GOV.UK gives them."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

import holidays

from routing.core.directory import BankHoliday

FIRST_YEAR, LAST_YEAR = 1999, 2100
"""The years covered. The package has none later."""

PUBLISHED_THROUGH = 2028
"""The last year in https://www.gov.uk/bank-holidays.json: 2028 was added on 24 November 2025."""

DIVISIONS: Mapping[str, str] = {
    "england-and-wales": "ENG",
    "scotland": "SCT",
    "northern-ireland": "NIR",
}

_GOV_UK_NAMES: Mapping[str, str] = {
    "New Year's Day": "New Year’s Day",
    "New Year Holiday": "2nd January",
    "Saint Patrick's Day": "St Patrick’s Day",
    "May Day": "Early May bank holiday",
    "Spring Bank Holiday": "Spring bank holiday",
    "Summer Bank Holiday": "Summer bank holiday",
    "Late Summer Bank Holiday": "Summer bank holiday",
    "Battle of the Boyne": "Battle of the Boyne (Orangemen’s Day)",
    "Saint Andrew's Day": "St Andrew’s Day",
}

_MOVED = " (observed)"

_AS_PUBLISHED: Mapping[date, BankHoliday] = {
    date(2012, 6, 4): BankHoliday("Spring bank holiday", substitute=True),
    date(2012, 6, 5): BankHoliday("Queen’s Diamond Jubilee"),
    date(2020, 5, 8): BankHoliday("Early May bank holiday (VE day)"),
    date(2022, 6, 3): BankHoliday("Platinum Jubilee bank holiday"),
    date(2022, 9, 19): BankHoliday("Bank Holiday for the State Funeral of Queen Elizabeth II"),
    date(2023, 1, 2): BankHoliday("New Year’s Day", substitute=True),
    date(2023, 1, 3): BankHoliday("2nd January", substitute=True),
    date(2023, 5, 8): BankHoliday("Bank holiday for the coronation of King Charles III"),
    date(2026, 6, 15): BankHoliday("World Cup bank holiday"),
}
"""One-off holidays, and days that GOV.UK's list names differently, as in that list."""

_AS_PUBLISHED_IN: Mapping[tuple[str, date], BankHoliday] = {
    ("northern-ireland", date(2012, 6, 4)): BankHoliday("Spring bank holiday")
}
"""Days on which GOV.UK's list for one division differs from its list for the others."""


def package_version() -> str:
    """Return the package and its version, in words."""
    return f"the holidays package, version {version('holidays')}"


@lru_cache
def package_holidays(division: str) -> Mapping[date, BankHoliday]:
    """Return what GOV.UK's list would have: days off, never the weekend day that one replaces."""
    # Copied at once: the package's own object fills itself as it is read, and loses holidays when
    # two threads read it at a time.
    names = dict(
        holidays.country_holidays(
            "GB", subdiv=DIVISIONS[division], years=range(FIRST_YEAR, LAST_YEAR + 1), expand=False
        )
    )
    days_off: dict[date, BankHoliday] = {}
    for day in sorted(names):
        if day.weekday() < 5:
            days_off[day] = _AS_PUBLISHED_IN.get((division, day)) or _holiday(day, names)
    return MappingProxyType(days_off)


def _holiday(day: date, names: Mapping[date, str]) -> BankHoliday:
    """Return the holiday on a day off, by the name that GOV.UK gives it.

    Where a holiday falls on the day off for the one before it, it keeps its own name, and the day
    after stands for the one before: Scotland's 2 January, when 1 January is a Sunday.
    """
    if day in _AS_PUBLISHED:
        return _AS_PUBLISHED[day]
    _, _, displaced = names.get(day - timedelta(days=1), "").partition("; ")
    name = displaced or names[day].partition("; ")[0]
    own = name.removesuffix(_MOVED)
    return BankHoliday(_GOV_UK_NAMES.get(own, own), substitute=own != name)
