"""What has happened: calls and what became of them, and changes and who made them.

Who rang is neither shown here nor stored.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Response, current_app, request

from routing import config, lookup
from routing.core import instants
from routing.core.decision import Outcome
from routing.core.directory import Directory
from routing.staff.auth import actor_names, render_page, send_csv, staff_blueprint
from routing.staff.forms import parse_day, parse_id
from routing.store import audit_log, calls
from routing.store.audit_log import AuditEntry
from routing.store.calls import CountKey, Leg
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
    at, locale, directory = lookup.now(), lookup.staff_locale(), lookup.snapshot().directory
    today = at.astimezone(locale.zone).date()
    first, next_month = _month(today)
    days = (first, next_month, today, today + timedelta(days=1))
    start, end, midnight, tomorrow = (instants.midnight(day, locale.zone) for day in days)
    with lookup.database().reading() as connection:
        month_counts = calls.counts(connection, start, end, at)
        today_counts = calls.counts(connection, midnight, tomorrow, at)
        unanswered = calls.calls_between(
            connection, start, end, at, calls.MISSED, MAX_UNANSWERED_SHOWN
        )
    missed_count = sum(n for (*_, outcome), n in month_counts.items() if outcome in calls.MISSED)
    return render_page(
        "calls.html",
        telephone_fault=config.telephony_disabled_reason(current_app.config),
        month=f"{MONTHS[first.month - 1]} {first.year}",
        today_rows=_rows(today_counts),
        month_rows=_rows(month_counts),
        unanswered_calls=unanswered,
        more_unanswered=max(0, missed_count - len(unanswered)),
        outcomes=staff_text.CALL_OUTCOMES,
        service_name=partial(staff_text.service_name, directory),
        line_name=partial(staff_text.line_name, directory),
        describe_leg=_describe_leg,
        format_time=partial(format_datetime, locale=locale),
        earlier=f"{first - timedelta(days=1):%Y-%m}",
        later=f"{next_month:%Y-%m}" if next_month <= today else None,
        shown_month=f"{first:%Y-%m}",
    )


@bp.get("/calls.csv")
def download_calls() -> Response:
    """Send a month's calls, one a row, for a spreadsheet.

    ``rung`` has each line with its outcome and seconds: "eds no_answer 30; mash answered 5".
    """
    at, locale = lookup.now(), lookup.staff_locale()
    first, next_month = _month(at.astimezone(locale.zone).date())
    start, end = (instants.midnight(day, locale.zone) for day in (first, next_month))
    with lookup.database().reading() as connection:
        rows = calls.calls_between(connection, start, end, at)[::-1]  # oldest first
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for call in rows:
        talked = (leg.talk_seconds for leg in call.legs if leg.outcome == Outcome.ANSWERED)
        legs = [(leg.line, leg.outcome, leg.ring_seconds) for leg in call.legs]
        rung = "; ".join(" ".join(str(part) for part in leg if part is not None) for leg in legs)
        began = call.began_at.astimezone(locale.zone).isoformat(timespec="seconds")
        how = call.service, call.line, call.reason, call.outcome, call.answered_by
        writer.writerow([began, *how, call.waited, next(talked, None), rung])
    return send_csv(file.getvalue(), f"calls-{first:%Y-%m}.csv", "utf-8")


def _month(today: date) -> tuple[date, date]:
    """Return the first days of the month in ``?month=``, or else of today's, and of the next."""
    first = parse_day(f"{request.args.get('month')}-01", today.replace(day=1))
    return first, (first + timedelta(days=31)).replace(day=1)


def _rows(counts: Mapping[CountKey, int]) -> list[tuple[str, str, list[int]]]:
    """Return a row for each service and first line: how many calls by outcome, then in all."""
    rows = []
    for service, line in sorted({(service, line) for service, line, _ in counts}):
        numbers = [counts.get((service, line, outcome), 0) for outcome in staff_text.CALL_OUTCOMES]
        rows.append((service, line, [*numbers, sum(numbers)]))
    return rows


def _describe_leg(leg: Leg) -> str:
    line = staff_text.line_name(lookup.snapshot().directory, leg.line)
    return staff_text.describe_leg(line, leg.outcome, leg.ring_seconds, leg.talk_seconds)


@bp.get("/changes")
def show_changes() -> Response:
    """Show the newest entries, or with ``?before=`` those older than an entry."""
    before, locale = parse_id(request.args.get("before", "")), lookup.staff_locale()
    with lookup.database().reading() as connection:
        entries = audit_log.newest(connection, CHANGES_PER_PAGE + 1, before)
        names, notes = actor_names(connection), audit_log.notes(connection, entries)
    return render_page(
        "changes.html",
        entries=entries[:CHANGES_PER_PAGE],
        text=AuditText(lookup.snapshot().directory, locale, names, notes),
        next_before=entries[CHANGES_PER_PAGE - 1].id if len(entries) > CHANGES_PER_PAGE else None,
        before=before,
    )


@dataclass(frozen=True)
class AuditText:
    """Describes entries of the audit log, with ``notes`` by entity, as they are kept."""

    directory: Directory
    locale: Locale
    names: Callable[[str], str]
    notes: Mapping[str, str]

    def time(self, at: datetime) -> str:
        """Return when it was, in full."""
        return format_datetime(at, self.locale, with_year=True)

    def action(self, entry: AuditEntry) -> str:
        """Return what was done, and to what: "Divert set (Worried about a child)".

        A change of the rota is its summary or its kind, with what it undid; the rest is in its
        fields.
        """
        kind, _, number = entry.entity.partition(":")
        label = staff_text.ACTION_LABELS.get(entry.action, entry.action)
        if kind == "rota":
            undone = (entry.before or {}).get("made")
            kinds = f"{label} ({staff_text.ACTION_LABELS[f'rota.{undone}']})" if undone else label
            return self.notes.get(entry.entity, kinds)
        if not number:
            return label
        name = self.names(entry.entity)
        if kind == "divert":
            service_id = (entry.after or entry.before or {})["service"]
            name = staff_text.service_name(self.directory, service_id)
        elif name == entry.entity:
            name = f"{kind} {number}"
        return f"{label} ({name})"

    def changes(self, entry: AuditEntry) -> Iterator[tuple[str, str, str]]:
        """Yield each field that changed with its value before and after, "" for none."""
        before, after = entry.before or {}, entry.after or {}
        is_new = entry.action.endswith((".set", ".added", ".created"))
        for field in dict.fromkeys((*before, *after)):
            old, new = before.get(field), after.get(field)
            if field not in ("shift", "made") and (old != new or is_new):
                yield field, self._value(field, old), self._value(field, new)

    def _value(self, field: str, value: Any) -> str:
        """Return times in words, people and what the directory names by name, all else as it is."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if field == "service":
            return staff_text.service_name(self.directory, value)
        if field == "line":
            return staff_text.line_name(self.directory, value)
        if str(value).startswith("rota_person:"):
            return self.names(value)
        if field in ("role", "of"):
            roles = (role.name.get("en") for role in self.directory.rota if role.id == value)
            return next(roles, value)
        with suppress(TypeError, ValueError):
            at = datetime.fromisoformat(value)
            if at.tzinfo is not None:
                return self.time(at)
        return str(value)
