"""Taking GOV.UK's list anew: fetched, checked for shape and sense, kept."""

import threading
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import requests

from routing.bank_holidays import govuk
from routing.bank_holidays.calendar import covered_through, listed_holidays
from routing.bank_holidays.govuk import HolidayList
from routing.bank_holidays.package import DIVISIONS
from routing.core.directory import BankHoliday
from routing.errors import InvalidBankHolidays

FETCH_TIMEOUT_SECONDS = 20.0
MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server sent, and its own marks of this version of it."""

    body: bytes
    etag: str | None
    last_modified: str | None


def fetch(
    url: str, etag: str | None, last_modified: str | None, longest: float = FETCH_TIMEOUT_SECONDS
) -> Reply | None:
    """Return what is at ``url``; None when it has not changed since the version marked.

    Proxies are those of the environment. Raise InvalidBankHolidays, saying what came instead, when nothing
    usable came within ``longest`` seconds.
    """
    marks = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {name: value for name, value in marks.items() if value}
    done: SimpleQueue[Reply | InvalidBankHolidays | None] = SimpleQueue()
    # In a thread: no time-out of a socket bounds a name that does not resolve, or a slow trickle.
    threading.Thread(target=lambda: done.put(_get(url, headers, longest)), daemon=True).start()
    try:
        found = done.get(timeout=longest)
    except Empty:
        found = InvalidBankHolidays(f"{url} had not sent the whole list after {longest:g} seconds.")
    if isinstance(found, InvalidBankHolidays):
        raise found
    return found


def _get(url: str, headers: dict[str, str], longest: float) -> Reply | InvalidBankHolidays | None:
    try:
        with requests.get(url, headers=headers, timeout=longest, stream=True) as answer:
            if answer.status_code == 304 and headers:
                return None
            if answer.status_code != 200:
                return InvalidBankHolidays(
                    f"{url} answered {answer.status_code} {answer.reason}, not 200."
                )
            body = b""
            for part in answer.iter_content(65536):
                body += part
                if len(body) > MAX_BODY_BYTES:
                    return InvalidBankHolidays(
                        f"{url} sent more than {MAX_BODY_BYTES} bytes: it is no list."
                    )
    except (requests.RequestException, OSError) as error:
        return InvalidBankHolidays(f"{url} could not be fetched: {str(error).rstrip('.')}.")
    return Reply(body, answer.headers.get("ETag"), answer.headers.get("Last-Modified"))


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """The copy kept before, None if there was none that could be read; and the copy kept now."""

    before: HolidayList | None
    after: HolidayList


def refresh(
    folder: Path,
    url: str,
    at: datetime,
    accept_fewer: bool = False,
    longest: float = FETCH_TIMEOUT_SECONDS,
) -> RefreshResult:
    """Fetch the list at ``url`` and keep it in ``folder``, with the time ``at``.

    A list that has not changed since is marked as current. One with fewer dates than are in force,
    in this year or later, is taken only if ``accept_fewer``. Raise InvalidBankHolidays, keeping what was
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
        doubts = list(govuk.plausibility_errors(after.feed, known, at.date()))
        if doubts and not accept_fewer:
            raise InvalidBankHolidays(
                f"What {url} sent makes no sense: {'; '.join(doubts)}. If GOV.UK has really "
                "withdrawn a date, run this again with --accept-fewer."
            )
    govuk.save_copy(folder, after)
    return RefreshResult(before, after)


def _known(division: str, before: HolidayList | None) -> dict[date, BankHoliday]:
    last = covered_through(before, division)
    return {
        day: each for day, each in listed_holidays(division, before).items() if day.year <= last
    }


def _taken(reply: Reply, url: str, at: datetime) -> HolidayList:
    return HolidayList(
        url=url,
        fetched_at=at,
        checked_at=at,
        etag=reply.etag,
        last_modified=reply.last_modified,
        feed=govuk.parse(reply.body),
    )


def _before(folder: Path) -> HolidayList | None:
    try:
        return govuk.load_copy(folder)
    except InvalidBankHolidays:
        return None
