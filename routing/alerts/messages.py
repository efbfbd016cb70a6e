"""Alerts in words, for staff, in English: no name of a person, no caller, no telephone number."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from routing.store.alerts import Alert, QueuedAlert
from routing.text import dates
from routing.text.locale import Locale

LISTED = 20
"""Alerts of one kind that a message tells in full; it counts the others."""

REHEARSAL = "REHEARSAL: "
LONGEST = 500
"""Characters of a title or a text: the council's own words stand in them."""

_FOOT = "Each of these is told once. What still stands is on the staff page and in `flask status`."


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert: its heading, how several are counted, what to do, where to look."""

    heading: str
    several: str
    to_do: str
    path: str


ALERT_KINDS: Mapping[str, AlertKind] = {
    "call_unanswered": AlertKind(
        "A call that nobody answered",
        "{} calls that nobody answered",
        "Ring the lines that did not answer. Where nobody is there, divert the calls to a line "
        "where somebody is. Who rang is not known here.",
        "/staff/calls",
    ),
    "telephone_faults": AlertKind(
        "Calls met a fault of this service",
        "Calls met a fault of this service",
        "Callers were put through by the last resort, which knows no hours. See the log, and run "
        "`flask twilio doctor`.",
        "/staff/calls",
    ),
    "divert_without_effect": AlertKind(
        "A divert without effect",
        "{} diverts without effect",
        "End it, and set another if it is still needed.",
        "/staff/diverts",
    ),
    "divert_ends_soon": AlertKind(
        "A divert is about to end",
        "{} diverts are about to end",
        "Extend it if it is still needed. It ends by itself.",
        "/staff/diverts",
    ),
    "rota_gap": AlertKind(
        "A gap in the rota",
        "{} gaps in the rota",
        "Find somebody, and enter the shift. The rota decides no call: callers are sent to the "
        "same lines, where somebody may be missing.",
        "/staff/rota/gaps",
    ),
    "directory_broken": AlertKind(
        "The directory is broken",
        "The directory is broken",
        "Run `flask directory check`, which tells every mistake with its line, and mend the file. "
        "It is picked up within 5 seconds.",
        "/staff",
    ),
    "bank_holidays_stale": AlertKind(
        "The list of bank holidays is not kept up",
        "The list of bank holidays is not kept up",
        "Run `flask bank-holidays refresh`, and see that it runs every day.",
        "/staff",
    ),
    "number_unconfirmed": AlertKind(
        "A number in use that is not confirmed",
        "{} numbers in use that are not confirmed",
        "Ring it, then write the day and the source as `verified` of that line in the directory.",
        "/staff",
    ),
}
"""Every kind, the most urgent first: messages tell them in this order."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` is the same whenever the same alerts are sent again."""

    id: str
    subject: str
    body: str
    alerts: tuple[QueuedAlert, ...] = ()


def alert(kind: str, key: str, detail: str, text: str) -> Alert:
    """Return an alert, its words as one line each whatever the directory's names hold."""
    title = f"{ALERT_KINDS[kind].heading}: {detail}" if detail else ALERT_KINDS[kind].heading
    return Alert(f"{kind} {key}".strip(), kind, _flat(title), _flat(text))


def message(found: Sequence[QueuedAlert], base: str, rehearsing: bool, locale: Locale) -> Message:
    """Say some alerts in one message; ``base`` is where staff reach this service, if it is set."""
    of = {kind: [each for each in found if each.alert.kind == kind] for kind in ALERT_KINDS}
    kinds = [kind for kind in ALERT_KINDS if of[kind]]
    subject = "; ".join(_heading(ALERT_KINDS[kind], of[kind]) for kind in kinds)
    if len(found) == 1:
        subject = found[0].alert.title
    parts = [_part(ALERT_KINDS[kind], of[kind], base, locale) for kind in kinds]
    keys = "\n".join(sorted(each.alert.key for each in found))
    return _marked(
        Message(_id(keys), subject, "\n\n".join([*parts, _FOOT]), tuple(found)), rehearsing
    )


def test(at: datetime, base: str, rehearsing: bool) -> Message:
    """Say that this is only a test."""
    body = (
        "This is a test, sent by `flask alerts test`. Nothing has happened. Alerts will come to "
        f"you like this.\n\nLook: {_address('/staff', base)}"
    )
    return _marked(Message(_id(at.isoformat()), "Test: alerts reach you", body), rehearsing)


def _part(kind: AlertKind, found: Sequence[QueuedAlert], base: str, locale: Locale) -> str:
    lines = [_heading(kind, found), ""]
    for each in found[:LISTED]:
        noticed = dates.format_datetime(each.noticed_at, locale)
        lines.append(f"- {each.alert.text} Noticed at {noticed}.")
    if len(found) > LISTED:
        lines.append(f"- And {len(found) - LISTED} more.")
    return "\n".join([*lines, "", f"Do: {kind.to_do}", f"Look: {_address(kind.path, base)}"])


def _heading(kind: AlertKind, found: Sequence[QueuedAlert]) -> str:
    return kind.heading if len(found) == 1 else kind.several.format(len(found))


def _marked(found: Message, rehearsing: bool) -> Message:
    """Say first of all that it is a rehearsal, if it is one."""
    if not rehearsing:
        return found
    said = "This is a rehearsal: the clock was set, and nothing of this has happened."
    body = f"{said}\n\n{found.body}"
    return Message(found.id, REHEARSAL + found.subject, body, found.alerts)


def _address(path: str, base: str) -> str:
    if not base:
        return f"{path} at this service's address (PUBLIC_BASE_URL is not set)"
    return base + path


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _flat(text: str) -> str:
    """Return a text as one line of printable characters: it goes into the head of a mail."""
    line = " ".join(text.split())
    return "".join(each for each in line if each.isprintable())[:LONGEST]
