"""Alerts as messages to staff, in English: no caller, no colleague's name, no telephone number."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from routing import health
from routing.health import Condition
from routing.store.alerts import Alert, QueuedAlert
from routing.text import dates
from routing.text.locale import Locale

MAX_LISTED = 20
"""Alerts of one kind that a message lists; it counts the others."""

MAX_TEXT_CHARS = 500
"""For a title and for a text: they hold names that the council chose."""

_FOOTER = (
    "Each of these is sent once. What still applies is on the staff page and in "
    "`who-to-call status`."
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` is the same whenever the same alerts are sent again."""

    id: str
    subject: str
    body: str
    is_rehearsal: bool
    alerts: tuple[QueuedAlert, ...]


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert: the page to look at, its headings, and the codes of its conditions.

    Its remedy is that of the first code.
    """

    path: str
    heading: str
    heading_of_several: str
    codes: tuple[str, ...]


def _kind(path: str, heading: str, *codes: str, several: str = "") -> AlertKind:
    return AlertKind(f"/staff{path}", heading, several or heading, codes)


ALERT_KINDS: Mapping[str, AlertKind] = {
    "call_unanswered": _kind(
        *("/calls", "A call that nobody answered", "call_unanswered"),
        several="{} calls that nobody answered",
    ),
    "telephone_faults": _kind("/calls", "Calls met a fault of this service", "telephone_faults"),
    "divert_without_effect": _kind(
        *("/diverts", "A divert without effect", "divert_without_effect"),
        several="{} diverts without effect",
    ),
    "divert_ends_soon": _kind(
        *("/diverts", "A divert is about to end", "divert_ends_soon"),
        several="{} diverts are about to end",
    ),
    "rota_gap": _kind("/rota/gaps", "A gap in the rota", "rota_gap", several="{} gaps in the rota"),
    "directory_broken": _kind("", "The directory is broken", "directory_broken"),
    "bank_holidays_stale": _kind(
        *("", "The list of bank holidays is not kept up", "bank_holidays_stale"),
        *("bank_holidays_never_fetched", "bank_holidays_broken"),
    ),
    "number_unconfirmed": _kind(
        *("", "A number in use that is not confirmed", "unverified", "verification_expired"),
        several="{} numbers in use that are not confirmed",
    ),
}
"""Every kind, the most urgent first: messages list them in this order."""

_KIND_OF_CODE = {code: name for name, kind in ALERT_KINDS.items() for code in kind.codes}


def build_alert(condition: Condition) -> Alert:
    """Return the alert for a condition. Its texts are one line each, whatever names they hold."""
    kind = _KIND_OF_CODE[condition.code]
    title = ALERT_KINDS[kind].heading
    if condition.subject:
        title += f": {condition.subject}"
    key = f"{kind} {condition.alert_key}"
    return Alert(key, kind, _one_line(title), _one_line(condition.sentence))


def build_message(
    queued: Sequence[QueuedAlert], base: str, is_rehearsal: bool, locale: Locale
) -> Message:
    """Return one message of all these alerts.

    ``base`` is this service's address; empty if it is not set.
    """
    by_kind = {name: [item for item in queued if item.alert.kind == name] for name in ALERT_KINDS}
    present = [(ALERT_KINDS[name], alerts) for name, alerts in by_kind.items() if alerts]
    subject = "; ".join(_heading(kind, alerts) for kind, alerts in present)
    if len(queued) == 1:
        subject = queued[0].alert.title
    parts = [_part(kind, alerts, base, locale) for kind, alerts in present]
    keys = "\n".join(sorted(item.alert.key for item in queued))
    return _message(keys, subject, "\n\n".join([*parts, _FOOTER]), is_rehearsal, tuple(queued))


def build_test(at: datetime, base: str, is_rehearsal: bool) -> Message:
    """Return a message that says that it is only a test."""
    body = (
        "This is a test, sent by `who-to-call alerts test`. Nothing has happened. Alerts will come "
        f"to you like this.\n\nLook: {_address('/staff', base)}"
    )
    return _message(at.isoformat(), "Test: alerts reach you", body, is_rehearsal)


def _part(kind: AlertKind, alerts: Sequence[QueuedAlert], base: str, locale: Locale) -> str:
    lines = [_heading(kind, alerts), ""]
    for queued in alerts[:MAX_LISTED]:
        noticed = dates.format_datetime(queued.noticed_at, locale)
        lines.append(f"- {queued.alert.text} Noticed at {noticed}.")
    if len(alerts) > MAX_LISTED:
        lines.append(f"- And {len(alerts) - MAX_LISTED} more.")
    remedy = health.KINDS[kind.codes[0]].remedy
    return "\n".join([*lines, "", f"Do: {remedy}", f"Look: {_address(kind.path, base)}"])


def _heading(kind: AlertKind, alerts: Sequence[QueuedAlert]) -> str:
    return kind.heading if len(alerts) == 1 else kind.heading_of_several.format(len(alerts))


def _message(
    identity: str,
    subject: str,
    body: str,
    is_rehearsal: bool,
    alerts: tuple[QueuedAlert, ...] = (),
) -> Message:
    if is_rehearsal:
        subject = f"REHEARSAL: {subject}"
        body = f"This is a rehearsal: the clock was set, and none of this has happened.\n\n{body}"
    message_id = hashlib.sha256(identity.encode()).hexdigest()[:24]
    return Message(message_id, subject, body, is_rehearsal, alerts)


def _address(path: str, base: str) -> str:
    if not base:
        return f"{path} at this service's address (PUBLIC_BASE_URL is not set)"
    return base + path


def _one_line(text: str) -> str:
    """Return a text as one line of printable characters: it goes into an email's headers."""
    line = " ".join(text.split())
    return "".join(filter(str.isprintable, line))[:MAX_TEXT_CHARS]
