"""The decision about who takes a service's calls, its reason, and how a call ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from routing.core.directory import BankHoliday, Line, Phone, Service, SpecialDay

HORIZON = timedelta(days=400)
"""How far ahead of an instant the next handover is looked for."""


class ReasonCode(StrEnum):
    """Why this line answers."""

    DIVERT = "divert"
    IN_HOURS = "in_hours"
    SPECIAL_DAY = "special_day"
    BANK_HOLIDAY = "bank_holiday"
    OUT_OF_HOURS = "out_of_hours"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why this line answers, with the special day or bank holiday that closes the first line."""

    code: ReasonCode
    special_day: SpecialDay | None = None
    bank_holiday: BankHoliday | None = None


IN_HOURS = Reason(ReasonCode.IN_HOURS)
OUT_OF_HOURS = Reason(ReasonCode.OUT_OF_HOURS)
DIVERTED = Reason(ReasonCode.DIVERT)


@dataclass(frozen=True, slots=True)
class Answer:
    """The line that answers, its number, and why."""

    line: Line
    phone: Phone
    reason: Reason

    def is_same_call(self, other: "Answer") -> bool:
        """Return whether a caller would notice no difference: the same line by the same number."""
        return self.line.id == other.line.id and self.phone.e164 == other.phone.e164


@dataclass(frozen=True, slots=True)
class Decision:
    """Who takes a service's calls at an instant.

    ``until`` is the next handover in UTC: the first later instant at which the line or its number
    differs, whatever the reason. ``next`` is what takes over then. Both are None when nothing
    changes within 400 days. ``avoid`` holds lines that a caller is not to try: diverts in
    force took their calls away.
    """

    service: Service
    line: Line
    phone: Phone
    reason: Reason
    until: datetime | None
    next: Answer | None
    avoid: tuple[Line, ...] = ()


class Outcome(StrEnum):
    """How a call or one of its legs (the ringing of one line) ended, as the call log stores it."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up."""
    UNANSWERED = "unanswered"
    """Of a call: nobody was left to ring."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    DECLINED = "declined"
    """The person or machine that picked up did not accept the call."""
    UNKNOWN = "unknown"
    """The end was not reported."""
