"""Refreshing the copy of GOV.UK's list: fetched, checked for shape and sense, saved."""

import threading
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import requests

from routing.bank_holidays import govuk
from routing.bank_holidays.calendar import DIVISIONS, build_calendar
from routing.bank_holidays.govuk import HolidayList
from routing.core.directory import HolidayRules
from routing.errors import InvalidBankHolidays

FETCH_TIMEOUT_SECONDS = 20.0
MAX_BODY_BYTES = 1_000_000


def refresh(
    folder: Path,
    url: str,
    at: datetime,
    accept_fewer: bool = False,
    timeout: float = FETCH_TIMEOUT_SECONDS,
) -> tuple[HolidayList | None, HolidayList]:
    """Fetch the list at ``url`` and save it in ``folder``, with the time ``at``.

    Return the previous copy (None if there was none that could be read) and the new one.

    One with fewer dates than are in use, in this year or later, is accepted only if
    ``accept_fewer``. Raise InvalidBankHolidays, and leave the copy as it was, when no list came
    within ``timeout`` seconds or what came cannot be one.
    """
    try:
        before = govuk.load_copy(folder)
    except InvalidBankHolidays:  # broken: the new list replaces it
        before = None
    after = HolidayList(url=url, checked_at=at, feed=govuk.parse(fetch(url, timeout)))
    known = {}
    for division in DIVISIONS:
        calendar = build_calendar(HolidayRules(division), before)
        known[division] = {
            day: name for day, name in calendar.dates.items() if not calendar.is_assumed(day)
        }
    errors = list(govuk.plausibility_errors(after.feed, known, at.date()))
    if errors and not accept_fewer:
        raise InvalidBankHolidays(
            f"What {url} sent makes no sense: {'; '.join(errors)}. If GOV.UK has really "
            "withdrawn a date, run this again with --accept-fewer."
        )
    govuk.save_copy(folder, after)
    return before, after


def fetch(url: str, timeout: float = FETCH_TIMEOUT_SECONDS) -> bytes:
    """Return what is at ``url``.

    Proxies are those of the environment. Raise InvalidBankHolidays, which says what came instead,
    when nothing usable came within ``timeout`` seconds.
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
