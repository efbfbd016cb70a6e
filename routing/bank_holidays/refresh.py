"""Taking GOV.UK's list anew: fetched, checked for shape and sense, kept."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from routing.bank_holidays import published
from routing.bank_holidays.fetch import LONGEST_SECONDS, Reply, fetch
from routing.bank_holidays.in_force import covered_through, in_lists
from routing.bank_holidays.published import Published
from routing.bank_holidays.usual import DIVISIONS
from routing.core.hours import BankHoliday
from routing.errors import BadHolidays


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The copy kept before, None if there was none that could be read; and the copy kept now."""

    before: Published | None
    after: Published


def refresh(
    folder: Path,
    url: str,
    at: datetime,
    accept_fewer: bool = False,
    longest: float = LONGEST_SECONDS,
) -> Refreshed:
    """Fetch the list at ``url`` and keep it in ``folder``, with the time ``at``.

    A list that has not changed since is marked as current. One with fewer dates than are in force,
    in this year or later, is taken only if ``accept_fewer``. Raise BadHolidays, keeping what was
    kept, when no list came within ``longest`` seconds or what came cannot be one.
    """
    before = _before(folder)
    asked = before if before is not None and before.url == url else None
    reply = fetch(
        url,
        etag=asked.etag if asked else None,
        last_modified=asked.last_modified if asked else None,
        longest=longest,
    )
    if reply is None:
        assert before is not None  # nothing else makes a request conditional
        after = before.model_copy(update={"checked_at": at})
    else:
        after = _taken(reply, url, at)
        known = {division: _known(division, before) for division in DIVISIONS}
        doubts = list(published.doubts(after.feed, known, at.date()))
        if doubts and not accept_fewer:
            raise BadHolidays(
                f"What {url} sent makes no sense: {'; '.join(doubts)}. If GOV.UK has really "
                "withdrawn a date, run this again with --accept-fewer."
            )
    published.keep(folder, after)
    return Refreshed(before, after)


def _known(division: str, before: Published | None) -> dict[date, BankHoliday]:
    last = covered_through(before, division)
    return {day: each for day, each in in_lists(division, before).items() if day.year <= last}


def _taken(reply: Reply, url: str, at: datetime) -> Published:
    return Published(
        url=url,
        fetched_at=at,
        checked_at=at,
        etag=reply.etag,
        last_modified=reply.last_modified,
        feed=published.read(reply.body),
    )


def _before(folder: Path) -> Published | None:
    try:
        return published.kept(folder)
    except BadHolidays:
        return None
