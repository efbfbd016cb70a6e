"""What staff are told of calls: how each ended, and what became of each line. In English."""

from collections.abc import Mapping

OUTCOMES: Mapping[str | None, str] = {
    "answered": "Answered",
    "abandoned": "The caller hung up",
    "unanswered": "Nobody answered",
    "unknown": "The end was not reported",
    None: "Going on",
}
"""How a call ended, in the order in which tables show it."""

_LEGS: Mapping[str | None, str] = {
    "answered": "answered",
    "abandoned": "the caller hung up",
    "busy": "busy",
    "no_answer": "no answer",
    "failed": "could not be reached",
    "declined": "not accepted",
    "unknown": "no answer that we know of",
    None: "its end was not reported",
}

REASONS: Mapping[str, str] = {
    "divert": "diverted",
    "in_hours": "in hours",
    "special_day": "special day",
    "bank_holiday": "bank holiday",
    "out_of_hours": "out of hours",
}
"""Why the first line was rung."""


def leg(line: str, outcome: str | None, rang: int | None, talked: int | None) -> str:
    """Say what became of a line: "EDS: answered after 5 seconds, talked for 3 minutes"."""
    said = f"{line}: {_LEGS.get(outcome, outcome)}"
    if rang is not None:
        said += f" after {lasting(rang)}"
    return f"{said}, talked for {lasting(talked)}" if talked is not None else said


def lasting(seconds: int) -> str:
    """Say for how long something lasted: 5 seconds, 3 minutes."""
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"
