"""The page Changes, which shows the audit log: who changed what, from what to what, by name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Response, request

from routing import lookup
from routing.rota.descriptions import role_name
from routing.staff.auth import actor_names, render_page, staff_blueprint
from routing.staff.forms import parse_id
from routing.store import audit_log
from routing.store.audit_log import AuditEntry
from routing.text import staff_text
from routing.text.dates import format_datetime
from routing.text.locale import Locale

bp = staff_blueprint("changes")

PAGE_SIZE = 50


@bp.get("/changes")
def show() -> Response:
    """Show the newest entries, or with ``?before=`` those older than an entry."""
    before, locale = parse_id(request.args.get("before", "")), lookup.staff_locale()
    with lookup.database().reading() as connection:
        entries = audit_log.newest(connection, PAGE_SIZE + 1, before)
        names, notes = actor_names(connection), audit_log.notes(connection, entries)
    return render_page(
        "changes.html",
        entries=[
            {
                "at": format_datetime(entry.at, locale, with_year=True),
                "actor": names(entry.actor),
                "action": _describe_action(entry, names, notes),
                "note": notes.get(entry.entity) if entry.entity.startswith("divert") else "",
                "changes": list(_changes(entry, locale, names)),
            }
            for entry in entries[:PAGE_SIZE]
        ],
        next_before=entries[PAGE_SIZE - 1].id if len(entries) > PAGE_SIZE else None,
        is_first_page=before is None,
    )


def _describe_action(
    entry: AuditEntry, names: Callable[[str], str], notes: Mapping[str, str]
) -> str:
    """Return what was done, and to what: "Divert set (Worried about a child)".

    A change of the rota is its summary or its kind, with what it undid; the rest is in its fields.
    """
    kind, _, number = entry.entity.partition(":")
    label = staff_text.ACTION_LABELS.get(entry.action, entry.action)
    if kind == "rota":
        undone = (entry.before or {}).get("made")
        kinds = f"{label} ({staff_text.ACTION_LABELS[f'rota.{undone}']})" if undone else label
        return notes.get(entry.entity, kinds)
    if not number:
        return label
    if kind == "divert":
        service_id = (entry.after or entry.before or {})["service"]
        return f"{label} ({staff_text.service_name(lookup.snapshot().directory, service_id)})"
    name = names(entry.entity)
    if name == entry.entity:
        name = f"{kind} {number}"
    return f"{label} ({name})"


def _changes(
    entry: AuditEntry, locale: Locale, names: Callable[[str], str]
) -> Iterator[tuple[str, str, str]]:
    before, after = entry.before or {}, entry.after or {}
    is_new = entry.action.endswith((".set", ".added", ".created"))
    for field in dict.fromkeys((*before, *after)):
        old, new = before.get(field), after.get(field)
        if field not in ("shift", "made") and (old != new or is_new):
            old_text = _format_value(field, old, locale, names)
            yield field, old_text, _format_value(field, new, locale, names)


def _format_value(field: str, value: Any, locale: Locale, names: Callable[[str], str]) -> str:
    """Return a time in words, a person and what the directory names by name, all else as it is."""
    directory = lookup.snapshot().directory
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "service":
        return staff_text.service_name(directory, value)
    if field in ("line", "replaced_line"):
        return staff_text.line_name(directory, value)
    if str(value).startswith("rota_person:"):
        return names(value)
    if field in ("role", "of"):
        roles = (role_name(role) for role in directory.rota if role.id == value)
        return next(roles, value)
    with suppress(TypeError, ValueError):
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return format_datetime(at, locale, with_year=True)
    return str(value)
