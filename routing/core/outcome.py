"""How a call, or the ringing of one line, ended: the words that the call log stores."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a call or of one of its legs. The values are what the call log stores."""

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
