"""What has happened: calls and what became of them, and changes and who made them.

Who rang is neither shown here nor stored.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, current_app, request

from routing import config, lookup
from routing.core import instants
from routing.core.decision import Outcome
from routing.rota.descriptions import role_name
from routing.staff.auth import actor_names, render_page, staff_blueprint
from routing.staff.forms import parse_id
from routing.store import audit_log, calls
from routing.store.audit_log import AuditEntry
from routing.store.calls import Call, CountKey
from routing.text import staff_text
from routing.text.dates import MONTHS, format_datetime
from routing.text.locale import Locale

bp = staff_blueprint("history")

MAX_UNANSWERED_SHOWN = 100
"""How many unanswered calls the page shows; the file has them all."""

CSV_COLUMNS = (
    *("began", "service", "first_line", "reason", "outcome", "answered_by"),
    *("seconds_to_answer", "seconds_talked", "rung"),
)

CHANGES_PER_PAGE = 50


@bp.get("/calls")
def show_calls() -> Response:
    """Show today's calls and a month's: by line and outcome, and each unanswered one."""
    at, zone = lookup.now(), lookup.staff_locale().zone
    today = at.astimezone(zone).date()
    first, next_month = _month(today)
    days = (first, next_month, today, today + timedelta(days=1))
    start, end, midnight, tomorrow = (instants.midnight(day, zone) for day in days)
    with lookup.database().reading() as connection:
        month_counts = calls.counts(connection, start, end, at)
        today_counts = calls.counts(connection, midnight, tomorrow, at)
        unanswered = calls.missed(connection, start, end, at, MAX_UNANSWERED_SHOWN)
    missed_count = sum(n for (*_, outcome), n in month_counts.items() if calls.is_missed(outcome))
    return render_page(
        "calls.html",
        telephone_fault=config.telephony_disabled_reason(current_app.config),
        month=f"{MONTHS[first.month - 1]} {first.year}",
        today_rows=_rows(today_counts),
        month_rows=_rows(month_counts),
        unanswered_calls=[_describe_call(call) for call in unanswered],
        more_unanswered=max(0, missed_count - len(unanswered)),
        outcomes=[*staff_text.CALL_OUTCOMES.values(), "All"],
        earlier=f"{first - timedelta(days=1):%Y-%m}",
        later=f"{next_month:%Y-%m}" if next_month <= today else None,
        shown_month=f"{first:%Y-%m}",
    )


@bp.get("/calls.csv")
def download_calls() -> Response:
    """Send a month's calls, one a row, for a spreadsheet."""
    at, locale = lookup.now(), lookup.staff_locale()
    first, next_month = _month(at.astimezone(locale.zone).date())
    start, end = (instants.midnight(day, locale.zone) for day in (first, next_month))
    with lookup.database().reading() as connection:
        rows = calls.calls_between(connection, start, end, at)
    disposition = f'attachment; filename="calls-{first:%Y-%m}.csv"'
    return Response(
        calls_csv(rows, locale), mimetype="text/csv", headers={"Content-Disposition": disposition}
    )


def calls_csv(rows: Iterable[Call], locale: Locale) -> str:
    """Return calls as a table for a spreadsheet, one a row, with a header and CRLF (RFC 4180).

    ``rung`` has each line with its outcome and seconds: "eds no_answer 30; mash answered 5".
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for call in rows:
        talked = (leg.talk_seconds for leg in call.legs if leg.outcome == Outcome.ANSWERED)
        legs = [(leg.line, leg.outcome, leg.ring_seconds) for leg in call.legs]
        writer.writerow(
            [
                call.began_at.astimezone(locale.zone).isoformat(timespec="seconds"),
                call.service,
                call.line,
                call.reason,
                call.outcome,
                call.answered_by,
                call.waited,
                next(talked, None),
                "; ".join(" ".join(str(part) for part in leg if part is not None) for leg in legs),
            ]
        )
    return file.getvalue()


def _month(today: date) -> tuple[date, date]:
    wanted = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", request.args.get("month", ""), re.ASCII)
    first = date(int(wanted[1]), int(wanted[2]), 1) if wanted else today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _rows(counts: Mapping[CountKey, int]) -> list[tuple[str, str, list[int]]]:
    directory = lookup.snapshot().directory
    rows = []
    for service, line in sorted({(service, line) for service, line, _ in counts}):
        numbers = [counts.get((service, line, outcome), 0) for outcome in staff_text.CALL_OUTCOMES]
        names = staff_text.service_name(directory, service), staff_text.line_name(directory, line)
        rows.append((*names, [*numbers, sum(numbers)]))
    return rows


def _describe_call(call: Call) -> dict[str, object]:
    directory, legs = lookup.snapshot().directory, []
    for leg in call.legs:
        line = staff_text.line_name(directory, leg.line)
        legs.append(staff_text.describe_leg(line, leg.outcome, leg.ring_seconds, leg.talk_seconds))
    return {
        "at": format_datetime(call.began_at, lookup.staff_locale()),
        "service": staff_text.service_name(directory, call.service),
        "outcome": staff_text.CALL_OUTCOMES[call.outcome],
        "legs": legs,
    }


@bp.get("/changes")
def show_changes() -> Response:
    """Show the newest entries, or with ``?before=`` those older than an entry."""
    before, locale = parse_id(request.args.get("before", "")), lookup.staff_locale()
    with lookup.database().reading() as connection:
        entries = audit_log.newest(connection, CHANGES_PER_PAGE + 1, before)
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
            for entry in entries[:CHANGES_PER_PAGE]
        ],
        next_before=entries[CHANGES_PER_PAGE - 1].id if len(entries) > CHANGES_PER_PAGE else None,
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
    if field == "line":
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
