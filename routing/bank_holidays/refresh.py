"""Refreshing the copy of GOV.UK's list: fetched, checked for shape and sense, saved."""

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
    """The list as the server sent it, with its ETag and Last-Modified."""

    body: bytes
    etag: str | None
    last_modified: str | None


def fetch(
    url: str, etag: str | None, last_modified: str | None, timeout: float = FETCH_TIMEOUT_SECONDS
) -> Reply | None:
    """Return what is at ``url``, or None if it has not changed since that version.

    Proxies are those of the environment. Raise InvalidBankHolidays, which says what came instead,
    when nothing usable came within ``timeout`` seconds.
    """
    marks = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {name: value for name, value in marks.items() if value}
    results: SimpleQueue[Reply | InvalidBankHolidays | None] = SimpleQueue()
    # In a thread: no time-out of a socket limits the lookup of a name or a slow trickle of bytes.
    threading.Thread(target=lambda: results.put(_get(url, headers, timeout)), daemon=True).start()
    try:
        result = results.get(timeout=timeout)
    except Empty:
        message = f"{url} had not sent the whole list after {timeout:g} seconds."
        raise InvalidBankHolidays(message) from None
    if isinstance(result, InvalidBankHolidays):
        raise result
    return result


def _get(url: str, headers: dict[str, str], timeout: float) -> Reply | InvalidBankHolidays | None:
    try:
        with requests.get(url, headers=headers, timeout=timeout, stream=True) as response:
            if response.status_code == 304 and headers:
                return None
            if response.status_code != 200:
                return InvalidBankHolidays(
                    f"{url} answered {response.status_code} {response.reason}, not 200."
                )
            body = b""
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return InvalidBankHolidays(
                        f"{url} sent more than {MAX_BODY_BYTES} bytes: it is not the list."
                    )
    except (requests.RequestException, OSError) as error:
        return InvalidBankHolidays(f"{url} could not be fetched: {str(error).rstrip('.')}.")
    return Reply(body, response.headers.get("ETag"), response.headers.get("Last-Modified"))


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """The previous copy (None if there was none that could be read) and the current one."""

    before: HolidayList | None
    after: HolidayList


def refresh(
    folder: Path,
    url: str,
    at: datetime,
    accept_fewer: bool = False,
    timeout: float = FETCH_TIMEOUT_SECONDS,
) -> RefreshResult:
    """Fetch the list at ``url`` and save it in ``folder``, with the time ``at``.

    A list that has not changed is marked as current. One with fewer dates than are in use, in
    this year or later, is accepted only if ``accept_fewer``. Raise InvalidBankHolidays, and leave
    the copy as it was, when no list came within ``timeout`` seconds or what came cannot be one.
    """
    before = _load_copy(folder)
    same = before if before is not None and before.url == url else None
    reply = fetch(
        url,
        etag=same.etag if same else None,
        last_modified=same.last_modified if same else None,
        timeout=timeout,
    )
    if reply is None:
        assert before is not None  # nothing else makes a request conditional
        after = before.model_copy(update={"checked_at": at})
    else:
        after = _new_copy(reply, url, at)
        known = {division: _known(division, before) for division in DIVISIONS}
        errors = list(govuk.plausibility_errors(after.feed, known, at.date()))
        if errors and not accept_fewer:
            raise InvalidBankHolidays(
                f"What {url} sent makes no sense: {'; '.join(errors)}. If GOV.UK has really "
                "withdrawn a date, run this again with --accept-fewer."
            )
    govuk.save_copy(folder, after)
    return RefreshResult(before, after)


def _known(division: str, before: HolidayList | None) -> dict[date, BankHoliday]:
    last = covered_through(before, division)
    listed = listed_holidays(division, before)
    return {day: holiday for day, holiday in listed.items() if day.year <= last}


def _new_copy(reply: Reply, url: str, at: datetime) -> HolidayList:
    return HolidayList(
        url=url,
        fetched_at=at,
        checked_at=at,
        etag=reply.etag,
        last_modified=reply.last_modified,
        feed=govuk.parse(reply.body),
    )


def _load_copy(folder: Path) -> HolidayList | None:
    try:
        return govuk.load_copy(folder)
    except InvalidBankHolidays:
        return None
