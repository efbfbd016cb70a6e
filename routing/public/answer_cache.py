"""Caching of answers: rendered once a second here, and how long browsers and proxies keep them.

GOV.UK's components take 2 ms to render, ten times the rest of a request. The decision as JSON
reaches 0.49 of the rate of a one-file app without this cache and 0.64 with it; the target is 0.6.
"""

import hashlib
import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from flask import Response, current_app, request

from routing import lookup

MAX_ANSWERS = 1000

MAX_AGE_SECONDS = 10
SHARED_MAX_AGE_SECONDS = MAX_AGE_SECONDS - math.ceil(lookup.MAX_DIVERT_AGE_SECONDS)
"""For nginx. The diverts behind an answer may be a second old already, and a new divert must be in
every cached answer within ten."""

Render = Callable[[], tuple[str, datetime | None]]
"""Returns the text of an answer, and the next handover (None if there is none)."""


@dataclass(frozen=True, slots=True)
class RenderedAnswer:
    """An answer that states its own time, once, as ``time``; ``tag`` is a hash of the rest."""

    text: str
    time: str
    tag: str
    until: datetime | None


def render_answer(render: Render, time: str = "") -> RenderedAnswer:
    """Render an answer that states its own time as ``time``."""
    text, until = render()
    tag = hashlib.sha256(text.replace(time, "", 1).encode()).hexdigest()[:20]
    return RenderedAnswer(text, time, tag, until)


@dataclass(slots=True)
class _Entry:
    """An answer once it is rendered, and the lock of whoever renders it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: RenderedAnswer | None = None


class AnswerCache:
    """One process's answers of the current second, by request. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._basis: object = None
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, at: datetime, render: Render, time: str = "") -> RenderedAnswer:
        """Return the answer for ``at``, which must be now; a cached one states ``time`` as its own.

        A cached answer is used only in its own second, before its handover (a divert may end within
        a second), and with the same directory and diverts.
        """
        basis = int(at.timestamp()), lookup.snapshot(), lookup.latest_diverts().diverts
        with self._lock:
            if self._basis != basis:
                self._basis, self._entries = basis, {}
            entry = self._entries.get(key, _Entry())
            if len(self._entries) < MAX_ANSWERS:
                self._entries[key] = entry
        with entry.lock:  # at a handover all open pages ask: one renders, the others wait
            answer = entry.answer
            if answer is None or (answer.until is not None and at >= answer.until):
                answer = entry.answer = render_answer(render, time)
        return replace(answer, text=answer.text.replace(answer.time, time, 1), time=time)


def cached_answer(key: Hashable, at: datetime, render: Render, time: str = "") -> RenderedAnswer:
    """Return the answer of this application's cache: see ``AnswerCache.get``."""
    cache: AnswerCache = current_app.extensions["answer_cache"]
    return cache.get(key, at, render, time)


def cacheable_response(answer: RenderedAnswer, at: datetime, mimetype: str) -> Response:
    """Return an answer for ``at`` with an ETag and cache lifetimes, or a 304 to a matching ETag.

    Nothing may be cached for more than ten seconds, nor past the next handover.
    """
    max_age = MAX_AGE_SECONDS
    if answer.until is not None:
        max_age = min(max_age, int((answer.until - at).total_seconds()))
    # nginx uses an answer that expires in second n until n + 1 begins, by the machine's clock,
    # while a rehearsal sets the service's own: so only the time since ``at`` is read from that.
    age_seconds = max(0.0, (lookup.now() - at).total_seconds())
    now = datetime.now(UTC).timestamp()
    last_second = math.floor(now - age_seconds + min(max_age, SHARED_MAX_AGE_SECONDS)) - 1
    response = Response(answer.text, mimetype=mimetype)
    response.headers |= {
        "Content-Language": lookup.locale().language,
        "Cache-Control": f"public, max-age={max_age}, must-revalidate",
        "X-Accel-Expires": f"@{last_second}" if last_second >= int(now) else "0",
    }
    response.set_etag(answer.tag, weak=True)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response
