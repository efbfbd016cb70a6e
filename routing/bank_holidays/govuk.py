"""GOV.UK's list of bank holidays: its schema, plausibility checks, and our copy of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from routing.bank_holidays.package import FIRST_YEAR, LAST_YEAR
from routing.core.directory import BankHoliday
from routing.errors import InvalidBankHolidays
from routing.files import write_atomically

MIN_HOLIDAYS_PER_YEAR: Mapping[str, int] = {
    "england-and-wales": 8,
    "scotland": 9,
    "northern-ireland": 10,
}
"""How many bank holidays law and custom give each division in any year, since 2007."""

_SUBSTITUTE = "Substitute day"


class _StrictModel(BaseModel):
    """A part of the list; only a date is accepted as a date."""

    model_config = ConfigDict(strict=True, frozen=True)


class Event(_StrictModel):
    """A day off, with the name and the note that GOV.UK gives it."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    date: date
    notes: str = ""


class Division(_StrictModel):
    """The days off of one part of the United Kingdom."""

    events: Annotated[list[Event], Field(min_length=1)]

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a date that is listed twice or is in an impossible year."""
        for day, count in Counter(event.date for event in self.events).items():
            if count > 1 or not FIRST_YEAR <= day.year <= LAST_YEAR:
                raise ValueError(f"{day} is listed twice or cannot be right")
        return self

    @property
    def dates(self) -> Mapping[date, BankHoliday]:
        """Return each date with its holiday."""
        return MappingProxyType(
            {
                event.date: BankHoliday(event.title, event.notes == _SUBSTITUTE)
                for event in self.events
            }
        )


class HolidayFeed(_StrictModel):
    """The contents of https://www.gov.uk/bank-holidays.json. Further keys are ignored."""

    england_and_wales: Annotated[Division, Field(alias="england-and-wales")]
    scotland: Division
    northern_ireland: Annotated[Division, Field(alias="northern-ireland")]

    def division(self, name: str) -> Mapping[date, BankHoliday]:
        """Return the dates of a division, by the name that GOV.UK gives it."""
        division: Division = getattr(self, name.replace("-", "_"))
        return division.dates


class HolidayList(_StrictModel):
    """A copy of the list: where and when it was fetched, and when it was last known to be current.

    ``etag`` and ``last_modified`` are the server's, for asking whether the list has changed.
    """

    url: str
    fetched_at: datetime
    checked_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    feed: HolidayFeed


def parse(body: bytes) -> HolidayFeed:
    """Return the list in ``body``. Raise InvalidBankHolidays, which says what it is instead."""
    try:
        return HolidayFeed.model_validate_json(body)
    except ValidationError as error:
        raise InvalidBankHolidays(f"this is not GOV.UK's list: {_first_error(error)}") from error


def load_copy(folder: Path) -> HolidayList | None:
    """Return the copy in ``folder``, or None. Raise InvalidBankHolidays if it is broken."""
    try:
        return HolidayList.model_validate_json(copy_path(folder).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidBankHolidays(
            f"{copy_path(folder)} cannot be read: {error.strerror}."
        ) from error
    except ValidationError as error:
        raise InvalidBankHolidays(
            f"{copy_path(folder)} is broken: {_first_error(error)} "
            "Run `flask bank-holidays refresh`."
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
    missing.
    """
    for division, before in known.items():
        after = feed.division(division)
        counts, known_counts = (Counter(day.year for day in days) for days in (after, before))
        if today.year not in counts:
            yield f"{division}: nothing is listed for {today.year}"
        for year in sorted(year for year in counts | known_counts if year >= today.year):
            minimum = max(MIN_HOLIDAYS_PER_YEAR[division], known_counts[year])
            if counts[year] < minimum:
                gone = [day.isoformat() for day in before if day.year == year and day not in after]
                missing = f" (missing: {', '.join(gone)})" if 0 < len(gone) < minimum else ""
                yield f"{division}: {counts[year]} dates in {year}, not {minimum}{missing}"


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    value = repr(first["input"])[:60]
    return f"{place + ': ' if place else ''}{first['msg']} (found {value})."
