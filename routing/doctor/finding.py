"""What the doctor finds: in order, a doubt, or something that stops calls."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    FINE = "ok"
    DOUBT = "warning"
    STOPS = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it stands, in words, with what to do."""

    level: Level
    text: str


def fine(text: str) -> Finding:
    """Return that something is in order."""
    return Finding(Level.FINE, text)


def doubt(text: str) -> Finding:
    """Return something that may send calls wrong."""
    return Finding(Level.DOUBT, text)


def stops(text: str) -> Finding:
    """Return something that stops calls, or sends them wrong."""
    return Finding(Level.STOPS, text)
