"""The bank holidays in force: one source for each year, then what the directory corrects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from routing.bank_holidays.govuk import HolidayList
from routing.bank_holidays.package import PUBLISHED_THROUGH, package_holidays, package_version
from routing.core.directory import BankHoliday, HolidayRules

MAX_LIST_AGE = timedelta(days=3)
"""A proclaimed holiday comes with ten days' notice or less: a list asked for daily is never old."""


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The dates in force, and what is known of their source.

    ``dates`` is complete and never grows. ``listed`` is the same before the directory added and
    removed any. ``covered_through`` is the last year GOV.UK published. ``published`` is the copy
    of its list that was used, None without one; ``fault`` says why one that is there was not.
    """

    division: str
    dates: Mapping[date, BankHoliday]
    listed: Mapping[date, BankHoliday]
    covered_through: int
    published: HolidayList | None = None
    fault: str | None = None

    def is_assumed(self, day: date) -> bool:
        """Say whether ``day`` is past what GOV.UK has published: the usual holidays are assumed."""
        return day.year > self.covered_through

    def is_stale(self, at: datetime) -> bool:
        """Say whether GOV.UK's list was fetched, but not for longer than FRESH."""
        return self.published is not None and at - self.published.checked_at > MAX_LIST_AGE

    @property
    def years_published(self) -> frozenset[int]:
        """Return the years whose dates are those of the copy of GOV.UK's list."""
        return years_in(self.published, self.division)

    @property
    def source(self) -> str:
        """Say where the dates come from."""
        if self.published is None:
            return package_version()
        first, last = min(self.years_published), max(self.years_published)
        fetched = f"{self.published.checked_at:%-d %B %Y}"
        return (
            f"GOV.UK's list of {fetched} for {first} to {last}; for other years {package_version()}"
        )

    @property
    def disagreements(self) -> Mapping[date, tuple[BankHoliday | None, BankHoliday | None]]:
        """Return the dates that GOV.UK's list and the package do not both have, in order.

        With each: the holiday as GOV.UK has it, and as the package does. Only years that the copy
        of GOV.UK's list has are compared; names are not.
        """
        theirs = {} if self.published is None else self.published.feed.division(self.division)
        ours = {
            day: each
            for day, each in package_holidays(self.division).items()
            if day.year in self.years_published
        }
        return {
            day: (theirs.get(day), ours.get(day)) for day in sorted(theirs.keys() ^ ours.keys())
        }


def build_calendar(
    rules: HolidayRules, published: HolidayList | None = None, fault: str | None = None
) -> BankHolidays:
    """Return a division's bank holidays, less those removed, and with those added.

    A year that ``published`` has is as it has it; any other is as the holidays package has it.
    """
    listed = listed_holidays(rules.division, published)
    dates = {day: found for day, found in listed.items() if day not in rules.remove}
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
    """Return what the sources list for a division, one source for each year."""
    theirs = {} if published is None else published.feed.division(division)
    covered = years_in(published, division)
    ours = {
        day: each for day, each in package_holidays(division).items() if day.year not in covered
    }
    return MappingProxyType(ours | dict(theirs))


def years_in(published: HolidayList | None, division: str) -> frozenset[int]:
    """Return the years that a copy of GOV.UK's list has."""
    if published is None:
        return frozenset()
    return frozenset(day.year for day in published.feed.division(division))


def covered_through(published: HolidayList | None, division: str) -> int:
    """Return the last year that GOV.UK is known to have published."""
    return max(PUBLISHED_THROUGH, *years_in(published, division), 0)
