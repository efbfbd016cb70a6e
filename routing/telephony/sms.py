"""Text messages: answered with the line to ring, until when, and 999."""

import hashlib
import secrets
import threading
import time
from collections import defaultdict, deque

from routing import enquiry
from routing.formats import twiml
from routing.telephony import door, incoming
from routing.telephony.asked import Asked
from routing.wording import spoken
from routing.wording.voice import speaking

MOST, WITHIN = 3, 600.0
"""So many answers a sender gets within so many seconds, of each worker: two machines that answer
each other would go on for ever."""

_SALT = secrets.token_bytes(16)
"""Senders are known by a hash that no other process can make, in memory alone."""

_turn = threading.Lock()
_answered: dict[bytes, deque[float]] = defaultdict(lambda: deque(maxlen=MOST))


OTHERWISE = twiml.text_message(
    "If a child is in immediate danger, call 999. We cannot answer texts: please call us."
)
"""Made at start: it answers when nothing else can be said."""


def answer(asked: Asked, service: str) -> str:
    """Answer a text message; never one from a withheld or short sender, nor a machine for ever."""
    given = incoming.read(asked.values)
    facts, at = enquiry.facts(), enquiry.now()
    ours = given.barred(facts.directory)
    if not incoming.can_be_texted(given.caller) or given.caller in ours or _often(given.caller):
        return twiml.no_text_message()
    enquiry.read_diverts(max_age=0)
    decision = enquiry.who_to_call(door.service_id(service, given.called), at)
    said = [
        spoken.text(decision, facts.directory, at, speaking(each, facts.directory.zone))
        for each in facts.directory.languages
    ]
    return twiml.text_message(" ".join(said))


def _often(sender: str) -> bool:
    """Say whether a sender has had MOST answers WITHIN."""
    now, key = time.monotonic(), hashlib.sha256(_SALT + sender.encode()).digest()
    with _turn:
        for old in [each for each, times in _answered.items() if now - times[-1] > WITHIN]:
            del _answered[old]
        times = _answered[key]
        if len(times) == MOST and now - times[0] < WITHIN:
            return True
        times.append(now)
    return False
