"""The bank holidays in use: one source for each year, corrected by the directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from routing.bank_holidays.govuk import HolidayList
from routing.bank_holidays.package import PUBLISHED_THROUGH, package_holidays, package_version
from routing.core.directory import BankHoliday, HolidayRules

MAX_LIST_AGE = timedelta(days=3)
"""After this, staff are warned. A holiday may be proclaimed with only ten days' notice."""


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The dates in use, and where they come from.

    ``dates`` is complete and never grows. ``listed`` is the same before the directory's additions
    and removals. ``covered_through`` is the last year that GOV.UK published. ``published`` is the
    copy of its list that was used, or None; ``fault`` says why a copy that exists was not used.
    """

    division: str
    dates: Mapping[date, BankHoliday]
    listed: Mapping[date, BankHoliday]
    covered_through: int
    published: HolidayList | None = None
    fault: str | None = None

    def is_assumed(self, day: date) -> bool:
        """Return whether ``day`` is later than GOV.UK has published, and its holidays assumed."""
        return day.year > self.covered_through

    def is_stale(self, at: datetime) -> bool:
        """Return whether GOV.UK's list was last fetched more than MAX_LIST_AGE ago."""
        return self.published is not None and at - self.published.checked_at > MAX_LIST_AGE

    @property
    def years_published(self) -> frozenset[int]:
        """Return the years whose dates are those of the copy of GOV.UK's list."""
        return years_in(self.published, self.division)

    @property
    def source(self) -> str:
        """Return where the dates come from, in words."""
        if self.published is None:
            return package_version()
        first, last = min(self.years_published), max(self.years_published)
        fetched = f"{self.published.checked_at:%-d %B %Y}"
        return (
            f"GOV.UK's list of {fetched} for {first} to {last}; for other years {package_version()}"
        )

    @property
    def disagreements(self) -> Mapping[date, tuple[BankHoliday | None, BankHoliday | None]]:
        """Return the dates that only one of GOV.UK's list and the package has, in order.

        With each comes the holiday as GOV.UK has it, and as the package has it. Only the years in
        the copy of GOV.UK's list are compared, and names are not.
        """
        theirs = {} if self.published is None else self.published.feed.division(self.division)
        ours = {
            day: holiday
            for day, holiday in package_holidays(self.division).items()
            if day.year in self.years_published
        }
        return {
            day: (theirs.get(day), ours.get(day))
            for day in sorted(theirs.keys() ^ ours.keys())
            if day.year in self.years_published
        }


def build_calendar(
    rules: HolidayRules, published: HolidayList | None = None, fault: str | None = None
) -> BankHolidays:
    """Return a division's bank holidays, less those removed, and with those added.

    Years in ``published`` are taken from it, other years from the holidays package.
    """
    listed = listed_holidays(rules.division, published)
    dates = {day: holiday for day, holiday in listed.items() if day not in rules.remove}
    dates |= {day: BankHoliday(name) for day, name in rules.add}
    return BankHolidays(
        rules.division,
        MappingProxyType(dates),
        listed,
        covered_through(published, rules.division),
        published,
        fault,
    )


def listed_holidays(division: str, published: HolidayList | None) -> Mapping[date, BankHoliday]:
    """Return what the sources list for a division, one source for each year.

    To the dates of a year that GOV.UK has only begun, the package's are added.
    """
    theirs = {} if published is None else published.feed.division(division)
    covered = years_in(published, division)
    ours = {
        day: holiday
        for day, holiday in package_holidays(division).items()
        if day.year not in covered
    }
    return MappingProxyType(ours | dict(theirs))


def years_in(published: HolidayList | None, division: str) -> frozenset[int]:
    """Return the years that a copy of GOV.UK's list has."""
    return frozenset() if published is None else published.feed.years(division)


def covered_through(published: HolidayList | None, division: str) -> int:
    """Return the last year that GOV.UK is known to have published."""
    return max(PUBLISHED_THROUGH, *years_in(published, division), 0)
