"""The record's words, and the names behind its numbers: for people who have signed in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from routing.store import accounts, rota_people
from routing.store.audit_log import SERVICE_ACTOR, AuditEntry
from routing.text.dates import format_datetime
from routing.text.locale import Locale

ACTION_LABELS = {
    "divert.set": "Divert set",
    "divert.changed": "Divert given another end",
    "divert.ended": "Divert ended early",
    "account.added": "Account added",
    "account.changed": "Roles changed",
    "account.password_changed": "Password changed",
    "account.removed": "Account removed",
    "directory.read": "Directory read",
    "bank_holidays.refreshed": "Bank holidays refreshed",
    "calls.purged": "Old calls deleted",
    "notes.purged": "Old notes emptied",
    "rota.added": "Shift added",
    "rota.covered": "Cover set",
    "rota.swapped": "Shifts swapped",
    "rota.removed": "Shift removed",
    "rota.uncovered": "Cover removed",
    "rota.filled": "Rota filled",
    "rota.imported": "Shifts imported",
    "rota.left": "Shifts of somebody who left given up",
    "rota.undone": "Change of the rota undone",
    "rota.purged": "Old names of the rota forgotten",
    "rota_person.added": "Person put on the rota",
    "rota_person.changed": "Person on the rota changed",
    "rota_person.left": "Person taken off the rota",
    "calendar.created": "Calendar feed made",
    "calendar.revoked": "Calendar feed revoked",
}


def names_in(connection: Connection) -> Callable[[str], str]:
    """Return what turns an actor of the record into a name."""
    known = {each.actor: each.name for each in accounts.all_accounts(connection)}
    known |= {f"rota_person:{each.id}": each.name for each in rota_people.all_people(connection)}

    def name(actor: str) -> str:
        kind, _, number = actor.partition(":")
        if kind == "terminal":
            return f"Somebody at the server (user {number})"
        if actor in (SERVICE_ACTOR, "provider"):
            return {"provider": "The council's sign-in"}.get(actor, "The service itself")
        return known.get(actor, actor)

    return name


def action_label(found: AuditEntry) -> str:
    """Say what was done, and to what."""
    kind, _, number = found.entity.partition(":")
    words = ACTION_LABELS.get(found.action, found.action)
    return f"{words} ({kind.replace('_', ' ')} {number})" if number else words


def change_text(
    found: AuditEntry, locale: Locale, who: Callable[[str], str]
) -> list[tuple[str, str, str]]:
    """Return each thing that changed: what, from what, to what. Empty words for nothing."""
    before, after = found.before or {}, found.after or {}
    return [
        (key, _said(before.get(key), locale, who), _said(after.get(key), locale, who))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
        or found.action.endswith((".set", ".added", ".created"))
    ]


def _said(value: Any, locale: Locale, who: Callable[[str], str]) -> str:
    """Say a value of the record: a time in words, a person by name, anything else as it is."""
    if value is None:
        return ""
    if str(value).startswith("rota_person:"):
        return who(str(value))
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)
    return (
        format_datetime(at, locale) + f" {at.astimezone(locale.zone).year}"
        if at.tzinfo
        else str(value)
    )
