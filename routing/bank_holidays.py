"""Bank holidays: GOV.UK's list and our copy of it, the package's dates, and the calendar of both.

The calendar has one source for each year, corrected by the directory.
"""

import re
import threading
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Annotated, Any

import holidays
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from routing.core.directory import BankHoliday, HolidayRules
from routing.errors import InvalidBankHolidays
from routing.files import read_bytes, write_atomically
from routing.text.locale import N_

FIRST_YEAR, LAST_YEAR = 1999, 2100
"""The years covered. The holidays package has none later."""

PUBLISHED_THROUGH = 2028
"""The last year in https://www.gov.uk/bank-holidays.json: 2028 was added on 24 November 2025."""

MAX_LIST_AGE = timedelta(days=3)
"""After this, staff are warned. A holiday may be proclaimed with only ten days' notice."""

FETCH_TIMEOUT_SECONDS = 20.0
MAX_BODY_BYTES = 1_000_000

DIVISIONS: Mapping[str, tuple[str, int]] = {
    "england-and-wales": ("ENG", 8),
    "scotland": ("SCT", 9),
    "northern-ireland": ("NIR", 10),
}
"""Each division's code in the holidays package, and how many bank holidays law and custom give it
in any year since 2007."""


def _parse_date(value: object) -> date:
    match = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d)(T00:00(:00(\.0+)?)?(Z|\+00:00)?)?\s*", str(value))
    with suppress(ValueError):
        if match and FIRST_YEAR <= (day := date.fromisoformat(match[1])).year <= LAST_YEAR:
            return day
    raise ValueError(f"it is not a date as 2026-12-25, from {FIRST_YEAR} to {LAST_YEAR}")


class _StrictModel(BaseModel):
    """A part of the list; only a date is accepted as a date."""

    model_config = ConfigDict(strict=True, frozen=True, str_strip_whitespace=True)


class Event(_StrictModel):
    """A day off, with the name and the note that GOV.UK gives it."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    date: Annotated[date, BeforeValidator(_parse_date)]
    notes: Any = None


class Division(_StrictModel):
    """The days off of one part of the United Kingdom; one that is listed twice is one day off."""

    events: Annotated[list[Event], Field(min_length=1)]


class HolidayFeed(_StrictModel):
    """The contents of https://www.gov.uk/bank-holidays.json. Further keys are ignored."""

    england_and_wales: Annotated[Division, Field(alias="england-and-wales")]
    scotland: Division
    northern_ireland: Annotated[Division, Field(alias="northern-ireland")]

    def division(self, name: str) -> Mapping[date, BankHoliday]:
        """Return the dates of a division, by the name that GOV.UK gives it."""
        division: Division = getattr(self, name.replace("-", "_"))
        return {
            event.date: BankHoliday(
                event.title, str(event.notes).strip().lower() == "substitute day"
            )
            for event in division.events
        }

    def years(self, name: str) -> frozenset[int]:
        """Return the years that the list has for a division, other than one that is only begun.

        That is one after PUBLISHED_THROUGH with less than half of the dates of a year.
        """
        counts = Counter(day.year for day in self.division(name))
        fewest = DIVISIONS[name][1] / 2
        return frozenset(
            year for year in counts if year <= PUBLISHED_THROUGH or counts[year] >= fewest
        )


class HolidayList(_StrictModel):
    """A copy of the list: from where it was last fetched, and when."""

    url: str
    checked_at: datetime
    feed: HolidayFeed


def parse(body: bytes) -> HolidayFeed:
    """Return the list in ``body``. Raise InvalidBankHolidays, which says what it is instead."""
    try:
        return HolidayFeed.model_validate_json(body.removeprefix(BOM_UTF8))
    except ValidationError as error:
        raise InvalidBankHolidays(f"this is not GOV.UK's list: {_first_error(error)}") from error


def load_copy(folder: Path) -> HolidayList | None:
    """Return the copy in ``folder``, or None. Raise InvalidBankHolidays if it is broken."""
    try:
        return HolidayList.model_validate_json(read_bytes(copy_path(folder)))
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{copy_path(folder)} cannot be read: {error.strerror}."
        raise InvalidBankHolidays(message) from error
    except ValidationError as error:
        raise InvalidBankHolidays(
            f"{copy_path(folder)} is broken: {_first_error(error)} "
            "Run `who-to-call bank-holidays refresh`."
        ) from error


def save_copy(folder: Path, published: HolidayList) -> None:
    """Save the copy in ``folder``, whole or not at all. Raise InvalidBankHolidays if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = published.model_dump_json(by_alias=True, indent=1).encode()
        write_atomically(copy_path(folder), content)
    except OSError as error:
        message = f"{copy_path(folder)} cannot be written: {error.strerror}."
        raise InvalidBankHolidays(message) from error


def copy_path(folder: Path) -> Path:
    """Return the path of the copy in ``folder``."""
    return folder / "bank-holidays.json"


def _plausibility_errors(
    feed: HolidayFeed, before: HolidayList | None, today: date
) -> Iterator[str]:
    """Yield why ``feed`` cannot be the current list: it lacks dates that must be in it.

    Each year from this one on that it or the dates in use have must have no fewer dates than are in
    use, and no fewer than law and custom give. Earlier years may be missing, and a year that is
    only begun counts as not listed.
    """
    for division, (_, fewest) in DIVISIONS.items():
        calendar = build_calendar(HolidayRules(division), before)
        known = [day for day in sorted(calendar.dates) if not calendar.is_assumed(day)]
        after = feed.division(division)
        counts, known_counts = (Counter(day.year for day in days) for days in (after, known))
        if today.year not in counts:
            yield f"{division}: nothing is listed for {today.year}"
        years = feed.years(division) | known_counts.keys()
        for year in sorted(year for year in years if year >= today.year):
            minimum = max(fewest, known_counts[year])
            if counts[year] < minimum:
                gone = [day.isoformat() for day in known if day.year == year and day not in after]
                missing = f" (missing: {', '.join(gone)})" if 0 < len(gone) < minimum else ""
                yield f"{division}: {counts[year]} dates in {year}, not {minimum}{missing}"


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    words = {"missing": "it is missing", "json_invalid": "it is not JSON"}
    message = words.get(first["type"], first["msg"].removeprefix("Value error, "))
    value = repr(first["input"])[:60]
    return f"{place + ': ' if place else ''}{message} (found {value})."


_GOV_UK_NAMES: Mapping[str, str] = {
    "New Year's Day": N_("New Year’s Day"),
    "New Year Holiday": N_("2nd January"),
    "Saint Patrick's Day": N_("St Patrick’s Day"),
    "Good Friday": N_("Good Friday"),
    "Easter Monday": N_("Easter Monday"),
    "May Day": N_("Early May bank holiday"),
    "Spring Bank Holiday": N_("Spring bank holiday"),
    "Summer Bank Holiday": N_("Summer bank holiday"),
    "Late Summer Bank Holiday": N_("Summer bank holiday"),
    "Battle of the Boyne": N_("Battle of the Boyne (Orangemen’s Day)"),
    "Saint Andrew's Day": N_("St Andrew’s Day"),
    "Christmas Day": N_("Christmas Day"),
    "Boxing Day": N_("Boxing Day"),
}
"""GOV.UK's names of bank holidays by the holidays package's; only these have translations."""

_AS_PUBLISHED: Mapping[date, BankHoliday] = {
    date(2012, 6, 4): BankHoliday("Spring bank holiday", substitute=True),
    date(2012, 6, 5): BankHoliday(N_("Queen’s Diamond Jubilee")),
    date(2020, 5, 8): BankHoliday(N_("Early May bank holiday (VE day)")),
    date(2022, 6, 3): BankHoliday(N_("Platinum Jubilee bank holiday")),
    date(2022, 9, 19): BankHoliday(N_("Bank Holiday for the State Funeral of Queen Elizabeth II")),
    date(2023, 1, 2): BankHoliday("New Year’s Day", substitute=True),
    date(2023, 1, 3): BankHoliday("2nd January", substitute=True),
    date(2023, 5, 8): BankHoliday(N_("Bank holiday for the coronation of King Charles III")),
    date(2026, 6, 15): BankHoliday(N_("World Cup bank holiday")),
}
"""One-off holidays, and days that GOV.UK's list names differently, as in that list."""


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The dates in use and their source; ``listed`` are those before the directory's own rules.

    ``published`` is the copy of GOV.UK's list that was used, or None, and ``years_published`` the
    years taken from it; ``fault`` says why a copy that exists was not used.
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

    Years in ``published`` are taken from it, others from the holidays package, which also completes
    a year that GOV.UK has only begun.
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
            "GB",
            subdiv=DIVISIONS[division][0],
            years=range(FIRST_YEAR, LAST_YEAR + 1),
            expand=False,
        )
    )
    days_off = (day for day in sorted(names) if day.weekday() < 5)
    return MappingProxyType({day: _holiday(day, names) for day in days_off})


def _holiday(day: date, names: Mapping[date, str]) -> BankHoliday:
    """Return the holiday on a day off, by the name that GOV.UK gives it.

    One on the day off for the holiday before it keeps its name, and the day after stands for that
    one: Scotland's 2 January, when 1 January is a Sunday.
    """
    if day in _AS_PUBLISHED:
        return _AS_PUBLISHED[day]
    _, _, displaced = names.get(day - timedelta(days=1), "").partition("; ")
    name = displaced or names[day].partition("; ")[0]
    own = name.removesuffix(" (observed)")
    return BankHoliday(_GOV_UK_NAMES.get(own, own), substitute=own != name)


def refresh(
    folder: Path,
    url: str,
    at: datetime,
    accept_fewer: bool = False,
    timeout: float = FETCH_TIMEOUT_SECONDS,
) -> tuple[HolidayList | None, HolidayList]:
    """Fetch the list at ``url`` and save it in ``folder``, with the time ``at``.

    Return the previous copy (None if there was none that could be read) and the new one. Raise
    InvalidBankHolidays, and leave the copy as it was, when no list came within ``timeout`` seconds,
    or one with fewer dates than are in use, in this year or later, unless ``accept_fewer``.
    """
    try:
        before = load_copy(folder)
    except InvalidBankHolidays:  # broken: the new list replaces it
        before = None
    after = HolidayList(url=url, checked_at=at, feed=parse(fetch(url, timeout)))
    errors = list(_plausibility_errors(after.feed, before, at.date()))
    if errors and not accept_fewer:
        raise InvalidBankHolidays(
            f"What {url} sent makes no sense: {'; '.join(errors)}. If GOV.UK has really "
            "withdrawn a date, run this again with --accept-fewer."
        )
    save_copy(folder, after)
    return before, after


def fetch(url: str, timeout: float = FETCH_TIMEOUT_SECONDS) -> bytes:
    """Return what is at ``url``, by the environment's proxies.

    Raise InvalidBankHolidays when nothing usable came within ``timeout`` seconds.
    """
    results: SimpleQueue[bytes | InvalidBankHolidays] = SimpleQueue()
    # In a thread: no time-out of a socket limits the lookup of a name or a slow trickle of bytes.
    threading.Thread(target=lambda: results.put(_get(url, timeout)), daemon=True).start()
    try:
        result = results.get(timeout=timeout)
    except Empty:
        message = f"{url} had not sent the whole list after {timeout:g} seconds."
        raise InvalidBankHolidays(message) from None
    if isinstance(result, InvalidBankHolidays):
        raise result
    return result


def _get(url: str, timeout: float) -> bytes | InvalidBankHolidays:
    import requests  # not loaded by web workers

    try:
        with requests.get(url, timeout=timeout, stream=True) as response:
            if response.status_code != 200:
                answer = f"{response.status_code} {response.reason}"
                return InvalidBankHolidays(f"{url} answered {answer}, not 200.")
            body = b""
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    message = f"{url} sent more than {MAX_BODY_BYTES} bytes: it is not the list."
                    return InvalidBankHolidays(message)
    except (requests.RequestException, OSError) as error:
        return InvalidBankHolidays(f"{url} could not be fetched: {str(error).rstrip('.')}.")
    return body
