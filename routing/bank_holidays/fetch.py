"""Fetching GOV.UK's list over HTTP: only by command, never while anybody waits for an answer."""

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import requests

from routing.errors import BadHolidays

LONGEST_SECONDS = 20.0
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server sent, and its own marks of this version of it."""

    body: bytes
    etag: str | None
    last_modified: str | None


def fetch(
    url: str, etag: str | None, last_modified: str | None, longest: float = LONGEST_SECONDS
) -> Reply | None:
    """Return what is at ``url``; None when it has not changed since the version marked.

    Proxies are those of the environment. Raise BadHolidays, saying what came instead, when nothing
    usable came within ``longest`` seconds.
    """
    marks = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {name: value for name, value in marks.items() if value}
    done: SimpleQueue[Reply | BadHolidays | None] = SimpleQueue()
    # In a thread: no time-out of a socket bounds a name that does not resolve, or a slow trickle.
    threading.Thread(target=lambda: done.put(_get(url, headers, longest)), daemon=True).start()
    try:
        found = done.get(timeout=longest)
    except Empty:
        found = BadHolidays(f"{url} had not sent the whole list after {longest:g} seconds.")
    if isinstance(found, BadHolidays):
        raise found
    return found


def _get(url: str, headers: dict[str, str], longest: float) -> Reply | BadHolidays | None:
    try:
        with requests.get(url, headers=headers, timeout=longest, stream=True) as answer:
            if answer.status_code == 304 and headers:
                return None
            if answer.status_code != 200:
                return BadHolidays(f"{url} answered {answer.status_code} {answer.reason}, not 200.")
            body = b""
            for part in answer.iter_content(65536):
                body += part
                if len(body) > MOST_BYTES:
                    return BadHolidays(f"{url} sent more than {MOST_BYTES} bytes: it is no list.")
    except (requests.RequestException, OSError) as error:
        return BadHolidays(f"{url} could not be fetched: {str(error).rstrip('.')}.")
    return Reply(body, answer.headers.get("ETag"), answer.headers.get("Last-Modified"))
