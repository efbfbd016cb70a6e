"""How a call, or ringing one line, ended: one word for each, here and in the call log."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a call or of one leg. The values are what the call log stores."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up."""
    UNANSWERED = "unanswered"
    """Of a call: nobody was left to ring."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    DECLINED = "declined"
    """Whoever, or whatever, picked up did not accept the call."""
    UNKNOWN = "unknown"
    """The end was not reported."""
