"""Answers about now, each written once a second: writing one takes ten times as long as sending it.

Within a second nothing of an answer changes but its own time: handovers and diverts begin and end
on whole seconds. A divert that is set, or a directory that is read, has it written anew at once.
"""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from routing import enquiry
from routing.facts import Facts
from routing.storage.diverts import Stored

MOST = 4096
"""How many answers a process holds: beyond that it begins again."""

ABOUT_NOW = "routing.about_now"
"""Where in a request's environment a view leaves an AboutNow, to be sent again this second."""


@dataclass(frozen=True, slots=True)
class AboutNow:
    """An answer as written ``at`` an instant, by what answers rested on then.

    Its own time stands in ``text`` as ``mark(at)``, there first; ``until`` is the next handover.
    """

    at: datetime
    facts: Facts
    diverts: tuple[Stored, ...]
    text: str
    until: datetime | None
    mark: Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer about now: ``tag`` is over all of it but its time, ``until`` the next handover."""

    text: str
    tag: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer as written at ``second``, by what answers rested on then; ``mark`` is its time."""

    second: int
    facts: Facts
    diverts: tuple[Stored, ...]
    mark: str
    answer: Answer


class Written:
    """The answers of a process, by what was asked for. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}
        self._of: Facts | None = None

    def answer(
        self,
        key: Hashable,
        at: datetime,
        mark: str,
        write: Callable[[], tuple[str, datetime | None]],
    ) -> Answer:
        """Return an answer for ``at``: written now, or by the same facts and diverts earlier in the
        same second, and then its time is put right.

        ``write`` returns the text, in which ``mark`` is its time if it tells one, there first; and
        the next handover, or None.
        """
        facts, diverts = enquiry.facts(), enquiry.reading().diverts
        if facts is not self._of or len(self._kept) >= MOST:
            self._of, self._kept = facts, {}  # answers must not keep directories that are gone
        second, kept = int(at.timestamp()), self._kept.get(key)
        if kept is None or kept.second != second or not _same(kept, facts, diverts):
            text, until = write()
            tag = hashlib.sha256(text.replace(mark, "", 1).encode()).hexdigest()[:20]
            kept = _Kept(second, facts, diverts, mark, Answer(text, tag, until))
            self._kept[key] = kept
            return kept.answer
        answer = kept.answer
        return Answer(answer.text.replace(kept.mark, mark, 1), answer.tag, answer.until)


def _same(kept: _Kept, facts: Facts, diverts: tuple[Stored, ...]) -> bool:
    return kept.facts is facts and kept.diverts == diverts
