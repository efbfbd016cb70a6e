"""Text messages: answered with the line to ring, until when, and 999. Limits cap the cost."""

import hashlib
import hmac
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import phonenumbers
from flask import current_app
from phonenumbers import PhoneNumberType
from sqlalchemy.engine import Connection

from routing import files, lookup
from routing.core.decision import is_excluded
from routing.core.directory import Phone
from routing.store import calls
from routing.store.calls import CallLog
from routing.telephony import twiml
from routing.telephony.twilio_request import CallRequest, is_presentable
from routing.text.locale import get_locale

MAX_ANSWERS_PER_SENDER = 6
"""In an hour. Two machines that answer each other would otherwise never stop."""

MAX_ANSWERS = {"home": 300, "foreign": 60}
"""In an hour, to all senders of a group together: each answer costs, abroad many times more."""

MAX_TEXT_CHARACTERS = 1600
"""Twilio refuses a longer message (its error 21617)."""

OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
"""A message of one of these alone, quoted perhaps, is never answered: it opts out."""

MIN_DIGITS = 10
"""Of a person's telephone number, with country code. Shorter numbers are services."""

NEVER_ANSWERED = (
    *("+800", "+808", "+870", "+878", "+881", "+882", "+883", "+888", "+979"),
    *("+449", "+4487", "+4484", "+4470"),
)
"""Satellite networks, international networks, and numbers that charge: the ITU's shared country
codes (E.164, annex), and Ofcom's ranges for premium, business-rate and personal numbers."""

NEVER_ANSWERED_TYPES = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
    }
)
"""The same kinds of number in other countries' numbering plans."""

FAULT_ANSWER = twiml.text_message(
    "If a child is in immediate danger, call 999. We cannot answer texts: please call us."
)
"""Made at start: the answer when making any other has failed."""


class TextLimits:
    """How many answers may still be sent. The counts are in the database, shared by all workers.

    Each process also counts alone, for when the database does not answer. Safe to share between
    threads.
    """

    def __init__(self, call_log: CallLog) -> None:
        self.call_log = call_log
        self._lock = threading.Lock()
        self._hour: datetime | None = None
        self._counts: Counter[str] = Counter()

    def take(self, sender: str, at: datetime) -> bool:
        """Count a message of ``sender``, and return whether it may be answered."""
        key = current_app.config["SECRET_KEY"] or files.load_secret_key(lookup.instance_path())
        message = f"text sender {at:%Y-%m-%d %H} {sender}"
        sender_hash = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
        group = "home" if sender.startswith("+44") else "foreign"

        def limit_reached(increment: Callable[[str], int]) -> str:
            # The sender is counted first, so that one cannot use up everybody's limit.
            if increment(f"{calls.SENDER_PREFIX}{sender_hash}") > MAX_ANSWERS_PER_SENDER:
                return "sender"
            return group if increment(f"texts_{group}") > MAX_ANSWERS[group] else ""

        def count_here(name: str) -> int:
            self._counts[name] += 1
            return self._counts[name]

        def count_in_database(connection: Connection) -> str:
            calls.delete_old_senders(connection, at)
            return limit_reached(partial(calls.increment, connection, at=at))

        with self._lock:
            hour = at.replace(minute=0, second=0, microsecond=0)
            if self._hour != hour:
                self._hour, self._counts = hour, Counter()
            reached = limit_reached(count_here)
        reached = reached or self.call_log.write(count_in_database) or ""
        if reached == group:
            self.call_log.count(calls.TEXTS_LIMITED)
        return not reached


def answer(request: CallRequest, service_id: str, body: str) -> str:
    """Return the TwiML that answers a text message, or leaves it unanswered."""
    directory, at = lookup.snapshot().directory, lookup.now()
    our_numbers = request.excluded_numbers(directory, at.date())
    sender = request.caller.removeprefix("whatsapp:").removeprefix("rcs:")
    limits: TextLimits = current_app.extensions["text_limits"]
    if (
        body.strip(" \t\r\n\u00a0\u200b.'\"‘’“”").upper() in OPT_OUT_WORDS
        or not is_answerable(sender)
        or is_excluded(Phone(sender, sender), our_numbers)
        or not limits.take(sender, at)
    ):
        return twiml.text_message()
    lookup.read_diverts(max_age=0)
    decision = lookup.who_to_call(service_id, at)
    for is_brief in (False, True):
        text = " ".join(
            twiml.sms_reply(decision, directory, at, get_locale(language, directory.zone), is_brief)
            for language in directory.languages
        )
        if len(text) <= MAX_TEXT_CHARACTERS:
            break
    return twiml.text_message(text)


def is_answerable(sender: str) -> bool:
    """Return whether a sender may be answered at all: a telephone that costs what a mobile does.

    Not withheld or short numbers, words, satellite networks, and numbers that charge.
    """
    if not is_presentable(sender) or len(sender) <= MIN_DIGITS:
        return False
    kind = phonenumbers.number_type(phonenumbers.parse(sender))
    return not sender.startswith(NEVER_ANSWERED) and kind not in NEVER_ANSWERED_TYPES
