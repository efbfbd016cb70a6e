"""The audit log: who changed what, when, from what to what, with the names behind its numbers."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Response, request

from routing import lookup
from routing.rota.descriptions import role_name
from routing.staff.auth import staff_blueprint
from routing.staff.forms import parse_id
from routing.staff.layout import render_page
from routing.staff.names import ACTION_LABELS, actor_names
from routing.store import audit_log
from routing.store.audit_log import AuditEntry
from routing.text.dates import format_datetime
from routing.text.locale import Locale

bp = staff_blueprint("audit")

PAGE_SIZE = 50


@bp.get("/changes")
def show() -> Response:
    """Show the newest entries, or with ``?before=`` those older than an entry."""
    before, locale = parse_id(request.args.get("before", "")), lookup.staff_locale()
    with lookup.database().reading() as connection:
        entries = audit_log.newest(connection, PAGE_SIZE + 1, before)
        names, notes = actor_names(connection), audit_log.notes(connection, entries)
    return render_page(
        "audit_log.html",
        entries=[
            {
                "at": format_datetime(entry.at, locale),
                "actor": names(entry.actor),
                "action": _describe_action(entry, names),
                "note": notes.get(entry.entity, ""),
                "changes": list(_changes(entry, locale, names)),
            }
            for entry in entries[:PAGE_SIZE]
        ],
        next_before=entries[PAGE_SIZE - 1].id if len(entries) > PAGE_SIZE else None,
        is_first_page=before is None,
    )


def _describe_action(entry: AuditEntry, names: Callable[[str], str]) -> str:
    """Return what was done, and to what: "Divert set (Worried about a child)"."""
    kind, _, number = entry.entity.partition(":")
    label = ACTION_LABELS.get(entry.action, entry.action)
    if kind == "divert":
        service = (entry.after or entry.before or {}).get("service")
        return f"{label} ({_directory_name('service', service) or service})"
    if not number:
        return label
    name = names(entry.entity)
    return f"{label} ({f'{kind} {number}' if name == entry.entity else name})"


def _changes(
    entry: AuditEntry, locale: Locale, names: Callable[[str], str]
) -> Iterator[tuple[str, str, str]]:
    """Yield each field that changed, with its old and new value; empty text for none."""
    before, after = entry.before or {}, entry.after or {}
    is_new = entry.action.endswith((".set", ".added", ".created"))
    for field in dict.fromkeys((*before, *after)):
        old, new = before.get(field), after.get(field)
        if old != new or is_new:
            old_text = _format_value(field, old, locale, names)
            yield field, old_text, _format_value(field, new, locale, names)


def _format_value(field: str, value: Any, locale: Locale, names: Callable[[str], str]) -> str:
    """Return a time in words, a person and what the directory names by name.

    Anything else is as it is.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if str(value).startswith("rota_person:"):
        return names(str(value))
    name = _directory_name(field, value)
    if name is not None:
        return name
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)
    if at.tzinfo is None:
        return str(value)
    return f"{format_datetime(at, locale)} {at.astimezone(locale.zone).year}"


def _directory_name(kind: str, value: Any) -> str | None:
    """Return the name of a service, line or role of the rota; None if the directory lacks it."""
    directory = lookup.snapshot().directory
    if kind == "service" and (service := directory.service(str(value))):
        return service.name.get("en")
    if kind in ("line", "replaced_line") and (line := directory.line(str(value))):
        return line.name.get("en")
    roles = {role.id: role for role in directory.rota}
    return role_name(roles[value]) if kind == "role" and value in roles else None
