"""GOV.UK's list of bank holidays: its schema, plausibility checks, and our copy of it."""

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from routing.core.directory import BankHoliday
from routing.errors import InvalidBankHolidays
from routing.files import read_bytes, write_atomically

FIRST_YEAR, LAST_YEAR = 1999, 2100
"""The years covered. The holidays package has none later."""

PUBLISHED_THROUGH = 2028
"""The last year in https://www.gov.uk/bank-holidays.json: 2028 was added on 24 November 2025."""

MIN_HOLIDAYS_PER_YEAR: Mapping[str, int] = {
    "england-and-wales": 8,
    "scotland": 9,
    "northern-ireland": 10,
}
"""How many bank holidays law and custom give each division in any year, since 2007."""


def _parse_date(value: object) -> date:
    match = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d)(T00:00(:00)?(Z|\+00:00)?)?\s*", str(value))
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
        fewest = MIN_HOLIDAYS_PER_YEAR[name] / 2
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
        raise InvalidBankHolidays(
            f"{copy_path(folder)} cannot be read: {error.strerror}."
        ) from error
    except ValidationError as error:
        raise InvalidBankHolidays(
            f"{copy_path(folder)} is broken: {_first_error(error)} "
            "Run `who-to-call bank-holidays refresh`."
        ) from error


def save_copy(folder: Path, published: HolidayList) -> None:
    """Save the copy in ``folder``, whole or not at all. Raise InvalidBankHolidays if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(
            copy_path(folder), published.model_dump_json(by_alias=True, indent=1).encode()
        )
    except OSError as error:
        raise InvalidBankHolidays(
            f"{copy_path(folder)} cannot be written: {error.strerror}."
        ) from error


def copy_path(folder: Path) -> Path:
    """Return the path of the copy in ``folder``."""
    return folder / "bank-holidays.json"


def plausibility_errors(
    feed: HolidayFeed, known: Mapping[str, Mapping[date, BankHoliday]], today: date
) -> Iterator[str]:
    """Yield why ``feed`` cannot be the current list: it lacks dates that must be in it.

    ``known`` has the dates in use, by division. Each year from this one on that is in either must
    have no fewer dates than are known, and no fewer than law and custom give. Earlier years may be
    missing, and a year that is only begun counts as not listed.
    """
    for division, before in known.items():
        after = feed.division(division)
        counts, known_counts = (Counter(day.year for day in days) for days in (after, before))
        if today.year not in counts:
            yield f"{division}: nothing is listed for {today.year}"
        years = feed.years(division) | known_counts.keys()
        for year in sorted(year for year in years if year >= today.year):
            minimum = max(MIN_HOLIDAYS_PER_YEAR[division], known_counts[year])
            if counts[year] < minimum:
                gone = [day.isoformat() for day in before if day.year == year and day not in after]
                missing = f" (missing: {', '.join(gone)})" if 0 < len(gone) < minimum else ""
                yield f"{division}: {counts[year]} dates in {year}, not {minimum}{missing}"


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    words = {"missing": "it is missing", "json_invalid": "it is not JSON"}
    message = words.get(first["type"], first["msg"].removeprefix("Value error, "))
    value = repr(first["input"])[:60]
    return f"{place + ': ' if place else ''}{message} (found {value})."
