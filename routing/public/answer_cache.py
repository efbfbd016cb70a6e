"""Answers about now, each rendered once a second: the only cache of answers.

GOV.UK's components take 2 ms to render, ten times as long as the rest of a request. Within a
second, and before the next handover, nothing in an answer changes but its own time.
"""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime

from routing import lookup

MAX_ANSWERS = 1000

Render = Callable[[], tuple[str, datetime | None]]
"""Returns the text of an answer, and the next handover, None if there is none."""


@dataclass(frozen=True, slots=True)
class RenderedAnswer:
    """A text that writes its own time as ``time``; ``tag`` is a hash of all of it but that."""

    text: str
    time: str
    tag: str
    until: datetime | None


def render_answer(time: str, render: Render) -> RenderedAnswer:
    """Return an answer, rendered."""
    text, until = render()
    tag = hashlib.sha256(text.replace(time, "", 1).encode()).hexdigest()[:20]
    return RenderedAnswer(text, time, tag, until)


class AnswerCache:
    """The answers of one process by what was requested. Safe to share between threads."""

    def __init__(self) -> None:
        # What this second's answers rest on, and those answers by what was requested.
        self._second: tuple[object, dict[Hashable, RenderedAnswer]] = (None, {})

    def get(self, key: Hashable, at: datetime, time: str, render: Render) -> RenderedAnswer:
        """Return the answer for ``at``, which is now: rendered, or that of the same second.

        The first ``time`` in a cached text is put right. Nothing is used past its handover (a
        divert may end within a second), nor from another second, directory or set of diverts.
        """
        basis, answers = self._second
        now = int(at.timestamp()), lookup.snapshot(), lookup.latest_diverts().diverts
        if basis != now:
            basis, answers = self._second = (now, {})
        cached = answers.get(key)
        if cached is not None and (cached.until is None or at < cached.until):
            return replace(cached, text=cached.text.replace(cached.time, time, 1), time=time)
        rendered = render_answer(time, render)
        if len(answers) < MAX_ANSWERS:
            answers[key] = rendered
        return rendered
