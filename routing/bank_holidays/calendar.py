"""The bank holidays in use: one source for each year, corrected by the directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

import holidays

from routing.bank_holidays.govuk import FIRST_YEAR, LAST_YEAR, PUBLISHED_THROUGH, HolidayList
from routing.core.directory import BankHoliday, HolidayRules

MAX_LIST_AGE = timedelta(days=3)
"""After this, staff are warned. A holiday may be proclaimed with only ten days' notice."""

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


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The dates in use, and where they come from.

    ``dates`` is complete and never grows. ``listed`` is the same before the directory's additions
    and removals. ``published`` is the copy of GOV.UK's list that was used, or None, and
    ``years_published`` the years taken from it; ``fault`` says why a copy that exists was not used.
    """

    division: str
    dates: Mapping[date, BankHoliday]
    listed: Mapping[date, BankHoliday]
    years_published: frozenset[int] = frozenset()
    published: HolidayList | None = None
    fault: str | None = None

    @property
    def covered_through(self) -> int:
        """Return the last year that GOV.UK is known to have published."""
        return max(PUBLISHED_THROUGH, *self.years_published, 0)

    def is_assumed(self, day: date) -> bool:
        """Return whether ``day`` is later than GOV.UK has published, and its holidays assumed."""
        return day.year > self.covered_through

    def is_stale(self, at: datetime) -> bool:
        """Return whether GOV.UK's list was last fetched more than MAX_LIST_AGE ago."""
        return self.published is not None and at - self.published.checked_at > MAX_LIST_AGE

    @property
    def source(self) -> str:
        """Return where the dates come from, in words."""
        package = f"the holidays package, version {version('holidays')}"
        if self.published is None:
            return package
        first, last = min(self.years_published), max(self.years_published)
        fetched = f"{self.published.checked_at:%-d %B %Y}"
        return f"GOV.UK's list of {fetched} for {first} to {last}; for other years {package}"


def build_calendar(
    rules: HolidayRules, published: HolidayList | None = None, fault: str | None = None
) -> BankHolidays:
    """Return a division's bank holidays, less those removed, and with those added.

    Years in ``published`` are taken from it, other years from the holidays package. To the dates of
    a year that GOV.UK has only begun, the package's are added.
    """
    division = rules.division
    listed, years = dict(package_holidays(division)), frozenset[int]()
    if published is not None:
        years = published.feed.years(division)
        listed = {day: holiday for day, holiday in listed.items() if day.year not in years}
        listed |= published.feed.division(division)
    dates = {day: holiday for day, holiday in listed.items() if day not in rules.remove}
    dates |= {day: BankHoliday(name) for day, name in rules.add}
    return BankHolidays(division, MappingProxyType(dates), listed, years, published, fault)


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
    own = name.removesuffix(" (observed)")
    return BankHoliday(_GOV_UK_NAMES.get(own, own), substitute=own != name)
