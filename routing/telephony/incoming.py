"""What Twilio tells of a call. The caller's number is read here, used at once, and kept nowhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber

from routing.core.directory import Directory, Line, Service
from routing.storage.calls import known_by

WITHHELD = frozenset({"+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833"})
"""ANONYMOUS, UNAVAILABLE, UNKNOWN, BLOCKED and RESTRICTED, typed on a telephone's keys: how
networks write a number that is withheld."""

GONE = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""What CallStatus says of a call that has ended."""

SHORTEST_SENDER = 10
"""Digits of a number that can be a person's telephone; shorter ones are services."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call: what the log knows it by (None without a CallSid), and the numbers it is between.

    ``called`` and ``forwarded_from`` are in E.164, None otherwise. ``caller`` may be anything.
    """

    key: str | None
    caller: str
    called: str | None
    forwarded_from: str | None
    gone: bool

    def barred(self, directory: Directory) -> frozenset[str]:
        """Return the numbers that would bring the call back: the one that was called, the one that
        sent it on to there, and those of every service.
        """
        services = (each.number.e164 for each in directory.services if each.number)
        return frozenset(filter(None, (self.called, self.forwarded_from, *services)))

    def own_number(self, service: Service) -> str | None:
        """Return the council's own number to show: the one that was called. None if unknown."""
        return self.called or (service.number.e164 if service.number else None)

    def shown_to(self, line: Line, service: Service, policy: str) -> str | None:
        """Return the number that a line is shown in place of the caller's; None for the caller's.

        ``policy`` is the setting CALLER_ID. A screened line is somebody's own telephone: it
        is never shown who rings.
        """
        passed_on = policy == "caller" and not line.press_1_to_accept and usable(self.caller)
        return None if passed_on else self.own_number(service)


def read(given: Mapping[str, str]) -> Incoming:
    """Read what Twilio sent. Whatever is missing or malformed is left out."""
    sid = given.get("CallSid", "")
    called, forwarded = given.get("To", ""), given.get("ForwardedFrom", "")
    return Incoming(
        key=known_by(sid) if sid else None,
        caller=given.get("From", ""),
        called=called if usable(called) else None,
        forwarded_from=forwarded if usable(forwarded) else None,
        gone=given.get("CallStatus", "") in GONE,
    )


def usable(number: str) -> bool:
    """Say whether a number can be shown to whoever is rung: E.164, possible, and not withheld.

    Networks reject calls from one that cannot be (Twilio's error 13214).
    """
    if number in WITHHELD or not re.fullmatch(r"\+[1-9]\d{6,14}", number, re.ASCII):
        return False
    codes = (number[1:end] for end in (2, 3, 4))  # none begins with another
    code = next((each for each in codes if int(each) in COUNTRY_CODE_TO_REGION_CODE), "")
    return bool(code) and _possible(int(code), len(number) - 1 - len(code))


@lru_cache(maxsize=1024)
def _possible(code: int, length: int) -> bool:
    """Say whether a country's numbers can be so long. So no number is kept to save the work."""
    return phonenumbers.is_possible_number(PhoneNumber(code, int("9" * length)))


def can_be_texted(number: str) -> bool:
    """Say whether a text message may be answered: not to a withheld or short sender, or a word."""
    return usable(number) and len(number) > SHORTEST_SENDER
