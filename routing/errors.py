"""Every error that this package raises on purpose: all are a RoutingError.

An error says what was found, where, and what to write instead. It knows nothing of HTTP: the view
that catches it chooses the status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class RoutingError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidTime(RoutingError, ValueError):
    """A time that is malformed, outside the years covered, or that clocks show never or twice.

    As a ValueError, a form shows it beside the field in which the time was typed.
    """


class NaiveTime(InvalidTime):
    """A time without a zone. In October 01:30 happens twice, so no zone is assumed."""

    def __init__(self, value: datetime) -> None:
        super().__init__(f"{value} has no zone. Add the offset, as in 2026-05-22T16:59:00+01:00.")


class UnknownService(RoutingError):
    """A service that the directory does not have; ``known`` lists those that it has."""

    def __init__(self, service: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no service '{service}'. The services are: {', '.join(known)}.")
        self.known = tuple(known)


class InvalidSetting(RoutingError):
    """An environment variable, or the machine itself, that cannot be used as it is."""


class InvalidBankHolidays(RoutingError):
    """A list of bank holidays that cannot be fetched, has the wrong shape, or makes no sense."""


class DatabaseUnavailable(RoutingError):
    """The database does not answer in time, or was never created. Says which, without secrets."""


class ConstraintViolation(RoutingError):
    """A change that the database's own rules forbid. Says which rule, without the values."""


class UnknownDivert(RoutingError):
    """A divert that does not exist."""

    def __init__(self, divert_id: object) -> None:
        super().__init__(f"There is no divert {divert_id}. `who-to-call divert list` lists them.")


class InvalidForm(RoutingError):
    """A request that is refused: ``field`` names the field to change, the message says to what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidDivert(InvalidForm):
    """A divert that is refused."""


class UnknownShift(RoutingError):
    """A shift, cover, person, change of the rota or calendar feed that does not exist."""


class InvalidRotaChange(InvalidForm):
    """A change of the rota that is refused."""


class RotaConflict(InvalidRotaChange):
    """A change worked out from a rota that somebody else has changed since. Nothing is saved."""

    def __init__(self) -> None:
        super().__init__(
            "",
            "Somebody else changed the rota while this was worked out. Nothing of yours was saved. "
            "Look at the rota, and try again.",
        )


class InvalidSpreadsheet(InvalidForm):
    """A spreadsheet that is not imported. ``problems`` lists each problem with its row."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("file", "\n".join(("Nothing was imported.", *problems)))
        self.problems = tuple(problems)


class AccountError(RoutingError):
    """An account that cannot be created, changed or found. Says why."""


class SignInError(RoutingError):
    """Somebody who may not sign in, or has to wait. Does not reveal whether the account exists."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a directory file, where it is, and what to write instead.

    ``line`` and ``column`` count from 1; 0 where the whole file is meant. ``details`` is the
    message in full where ``message`` is only its beginning, or else "".
    """

    line: int
    column: int
    code: str
    message: str
    level: str = "error"
    details: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{self.level}: {self.message}"


KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value from the root of the file."""


class PathProblem(NamedTuple):
    """A problem with what is at a path, and what to write instead.

    It is at the value if ``offset`` says how many characters into it, and at the key if that is
    None.
    """

    path: KeyPath
    code: str
    message: str
    offset: int | None = None


class InvalidDirectory(RoutingError):
    """Every problem in a directory file, not just the first, so that one edit can correct them all.

    Of more than MAX_SHOWN problems, the first: the file is probably not a directory at all.
    """

    MAX_SHOWN = 200

    def __init__(self, path: object, problems: Sequence[Problem]) -> None:
        self.path = str(path)
        self.problems = tuple(sorted(problems)[: self.MAX_SHOWN])
        super().__init__("\n".join(f"{self.path}: {problem}" for problem in self.problems))
