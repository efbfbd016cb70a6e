"""How calls end."""

from enum import StrEnum


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
