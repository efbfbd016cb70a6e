"""Pages about now, each written once a second: writing one takes ten times as long as sending it.

Within a second nothing of a page changes but its own time: handovers and diverts begin and end on
whole seconds. A divert that is set, or a directory that is read, has the page written anew at once.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from routing.facts import Facts
from routing.storage.diverts import Stored

MOST = 512
"""How many pages a process holds: beyond that it begins again."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was written at ``second``, by what the answers rested on then."""

    second: int
    facts: Facts
    diverts: tuple[Stored, ...]
    at: str
    body: str


class Written:
    """The pages of a process, by what was asked for. Safe to share between threads."""

    def __init__(self) -> None:
        self._of: Facts | None = None
        self._kept: dict[Hashable, Page] = {}

    def page(
        self,
        key: Hashable,
        at: datetime,
        iso: str,
        facts: Facts,
        diverts: tuple[Stored, ...],
        write: Callable[[], str],
    ) -> str:
        """Return a page for ``at``, whose own time stands in it as ``iso``: written now, or earlier
        in the same second by the same facts and diverts and with its time put right.
        """
        if facts is not self._of or len(self._kept) >= MOST:
            self._of, self._kept = facts, {}  # pages must not keep directories that are gone
        second, kept = int(at.timestamp()), self._kept.get(key)
        if kept is None or kept.second != second or not _same(kept, facts, diverts):
            kept = Page(second, facts, diverts, iso, write())
            self._kept[key] = kept
        return kept.body.replace(_mark(kept.at), _mark(iso), 1)


def _same(kept: Page, facts: Facts, diverts: tuple[Stored, ...]) -> bool:
    return kept.facts is facts and kept.diverts == diverts


def _mark(iso: str) -> str:
    return f'data-at="{iso}"'
