"""The record's words, and the names behind its numbers: for people who have signed in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from routing.storage import accounts
from routing.storage.changes import SERVICE, Change
from routing.wording.times import moment
from routing.wording.voice import Voice

_DEEDS = {
    "divert.set": "Divert set",
    "divert.changed": "Divert given another end",
    "divert.ended": "Divert ended early",
    "person.added": "Account added",
    "person.changed": "Roles changed",
    "person.password": "Password changed",
    "person.removed": "Account removed",
    "directory.read": "Directory read",
    "bank_holidays.refreshed": "Bank holidays refreshed",
    "calls.purged": "Old calls deleted",
}


def of(connection: Connection) -> Callable[[str], str]:
    """Return what turns an actor of the record into a name."""
    known = {each.actor: each.name for each in accounts.everyone(connection)}

    def name(actor: str) -> str:
        kind, _, number = actor.partition(":")
        if kind == "terminal":
            return f"Somebody at the server (user {number})"
        if actor in (SERVICE, "provider"):
            return {"provider": "The council's sign-in"}.get(actor, "The service itself")
        return known.get(actor, actor)

    return name


def deed(found: Change) -> str:
    """Say what was done, and to what."""
    kind, _, number = found.entity.partition(":")
    words = _DEEDS.get(found.action, found.action)
    return f"{words} ({kind} {number})" if number else words


def changed(found: Change, voice: Voice) -> list[tuple[str, str, str]]:
    """Return each thing that changed: what, from what, to what. Empty words for nothing."""
    before, after = found.before or {}, found.after or {}
    return [
        (key, _said(before.get(key), voice), _said(after.get(key), voice))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key) or found.action.endswith((".set", ".added"))
    ]


def _said(value: Any, voice: Voice) -> str:
    """Say a value of the record: a time in words, anything else as it is."""
    if value is None:
        return ""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)
    return moment(at, voice) + f" {at.astimezone(voice.zone).year}" if at.tzinfo else str(value)
