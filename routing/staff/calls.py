"""Calls: what became of them, by day and month. Who rang is neither shown here nor stored."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from flask import Response, current_app, request

from routing import config, lookup
from routing.core import instants
from routing.core.decision import Outcome
from routing.staff.auth import render_page, staff_blueprint
from routing.store import calls
from routing.store.calls import Call, CountKey
from routing.text import staff_text
from routing.text.dates import MONTHS, format_datetime
from routing.text.locale import Locale

bp = staff_blueprint("calls")

MAX_UNANSWERED_SHOWN = 100
"""How many unanswered calls the page shows; the file has them all."""

CSV_COLUMNS = (
    *("began", "service", "first_line", "reason", "outcome", "answered_by"),
    *("seconds_to_answer", "seconds_talked", "rung"),
)


@bp.get("/calls")
def show() -> Response:
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
        unanswered_calls=[_describe(call) for call in unanswered],
        more_unanswered=max(0, missed_count - len(unanswered)),
        outcomes=[*staff_text.CALL_OUTCOMES.values(), "All"],
        earlier=f"{first - timedelta(days=1):%Y-%m}",
        later=f"{next_month:%Y-%m}" if next_month <= today else None,
        shown_month=f"{first:%Y-%m}",
    )


@bp.get("/calls.csv")
def download() -> Response:
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


def _describe(call: Call) -> dict[str, object]:
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
