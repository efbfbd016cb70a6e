"""Text messages: answered with the line to ring, until when, and 999. Limits cap the cost."""

import hashlib
import hmac
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
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

NO_COUNTRY = "001"
"""The region of satellite and other international networks: the ITU's shared country codes."""

COSTLY_TYPES = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
    }
)

COSTLY_PREFIXES = ("+4470", "+4484", "+4487", "+449")
"""Ofcom's personal, business and premium ranges, of which the types know what is in use."""

FAULT_ANSWER = twiml.text_message(
    "If a child is in immediate danger, call 999. We cannot answer texts: please call us."
)
"""Made at start: the answer when making any other has failed."""


class TextLimits:
    """How many answers may still be sent. The counts are in the database, shared by all workers.

    While that does not answer, each process counts alone. Safe to share between threads.
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

        def count_in_database(connection: Connection) -> str:
            calls.delete_old_senders(connection, at)
            return limit_reached(partial(calls.increment, connection, at=at))

        reached = self.call_log.write(count_in_database)
        if reached is None:
            with self._lock:
                reached = limit_reached(partial(self._count_here, at))
        if reached == group:
            self.call_log.count(calls.TEXTS_LIMITED)
        return not reached

    def _count_here(self, at: datetime, name: str) -> int:
        hour = at.replace(minute=0, second=0, microsecond=0)
        if self._hour != hour:
            self._hour, self._counts = hour, Counter()
        self._counts[name] += 1
        return self._counts[name]


def answer(service_id: str, message: Mapping[str, str], own_numbers: Collection[str]) -> str:
    """Return the TwiML that answers a text message, or leaves it unanswered.

    ``message`` holds Twilio's parameters. ``own_numbers`` are never answered.
    """
    directory, at = lookup.snapshot().directory, lookup.now()
    body, sender = message.get("Body", ""), message.get("From", "")
    sender = sender.removeprefix("whatsapp:").removeprefix("rcs:")
    limits: TextLimits = current_app.extensions["text_limits"]
    if (
        body.strip(" \t\r\n\u00a0\u200b.'\"‘’“”").upper() in OPT_OUT_WORDS
        or not is_answerable(sender)
        or is_excluded(Phone(sender, sender), own_numbers)
        or not limits.take(sender, at)
    ):
        return twiml.text_message()
    lookup.read_diverts(max_age=0)
    decision = lookup.who_to_call(service_id, at)
    locales = [get_locale(language, directory.zone) for language in directory.languages]
    for is_brief in (False, True):
        text = " ".join(
            twiml.sms_reply(decision, directory, at, locale, is_brief) for locale in locales
        )
        if len(text) <= MAX_TEXT_CHARACTERS:
            break
    return twiml.text_message(text)


def is_answerable(sender: str) -> bool:
    """Return whether a sender may be answered at all: a telephone that costs what a mobile does.

    Not withheld or short numbers, words, satellite networks, and numbers that charge.
    """
    is_too_short = len(sender) <= MIN_DIGITS
    if is_too_short or sender.startswith(COSTLY_PREFIXES) or not twiml.is_presentable(sender):
        return False
    number = phonenumbers.parse(sender)
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return region != NO_COUNTRY and phonenumbers.number_type(number) not in COSTLY_TYPES
