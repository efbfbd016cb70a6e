"""Calls: what became of them, by day and month. Nobody who rang stands here, nor anywhere."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from flask import Response, request

from routing import lookup
from routing.core import instants
from routing.core.instants import date_range
from routing.staff import calls_csv, chart
from routing.staff.auth import staff_blueprint
from routing.staff.layout import render_page
from routing.store import call_report
from routing.store.call_report import Call
from routing.store.calls import ANSWERED
from routing.text import staff_text as words
from routing.text.dates import MONTHS, format_datetime

bp = staff_blueprint("calls")

Key = tuple[str, str, str | None]

MAX_SHOWN = 100
"""How many calls that nobody answered a page names; the file has them all."""


@bp.get("/calls")
def counted() -> Response:
    """Show today's calls and a month's: by line and outcome, by day, and each unanswered one."""
    at, locale = lookup.now(), lookup.staff_locale()
    today = at.astimezone(locale.zone).date()
    first, following = _month(today)
    days = list(date_range(first, following - timedelta(days=1)))
    edges = [instants.midnight(day, locale.zone) for day in (*days, following)]
    so_far = instants.midnight(today, locale.zone), at + timedelta(microseconds=1)
    with lookup.database().reading() as connection:
        found = call_report.counts_by_period(connection, edges, at)
        of_today = call_report.counts(connection, *so_far, at)
        missed = call_report.missed(connection, edges[0], edges[-1], at, MAX_SHOWN)
    whole = Counter[Key]()
    for (_, service, line, outcome), count in found.items():
        whole[service, line, outcome] += count
    by_day = [_column(found, n, day) for n, day in enumerate(days) if day <= today]
    return render_page(
        "calls.html",
        month=f"{MONTHS[first.month - 1]} {first.year}",
        today=_table(of_today),
        table=_table(whole),
        days=by_day,
        chart=chart.columns("Calls by day; the table below has the same numbers", by_day),
        missed=[_missed(each) for each in missed],
        more=max(0, sum(_missed_of(whole)) - len(missed)),
        outcomes=list(words.CALL_OUTCOMES.values()),
        earlier=f"{first - timedelta(days=1):%Y-%m}",
        later=f"{following:%Y-%m}" if following <= today else None,
        this=f"{first:%Y-%m}",
    )


@bp.get("/calls.csv")
def as_file() -> Response:
    """Send a month's calls, one a row, for a spreadsheet."""
    first, following = _month(lookup.now().astimezone(lookup.staff_locale().zone).date())
    body = calls_csv.calls_csv(_between(first, following), lookup.staff_locale())
    name = f'attachment; filename="calls-{first:%Y-%m}.csv"'
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": name})


def _month(today: date) -> tuple[date, date]:
    """Return the first day of the month asked for, or of this one, and that of the next."""
    asked = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", request.args.get("month", ""), re.ASCII)
    first = date(int(asked[1]), int(asked[2]), 1) if asked else today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _between(first: date, following: date) -> list[Call]:
    zone = lookup.staff_locale().zone
    start, end = instants.midnight(first, zone), instants.midnight(following, zone)
    with lookup.database().reading() as connection:
        return call_report.calls_between(connection, start, end, lookup.now())


def _table(counts: Mapping[Key, int]) -> list[tuple[str, str, list[int], int]]:
    """Return a row for each service and first line: its counts by outcome, and their sum."""
    services, lines = _names()
    rows = sorted({(service, line) for service, line, _ in counts})
    of = [
        (s, x, [counts.get((s, x, outcome), 0) for outcome in words.CALL_OUTCOMES]) for s, x in rows
    ]
    return [(services.get(s, s), lines.get(x, x), each, sum(each)) for s, x, each in of]


def _column(found: Mapping[tuple[int, *Key], int], number: int, day: date) -> chart.Column:
    here = {key[1:]: count for key, count in found.items() if key[0] == number}
    missed = sum(_missed_of(here))
    return chart.Column(str(day.day), sum(here.values()) - missed, missed)


def _missed_of(counts: Mapping[Key, int]) -> Iterator[int]:
    return (n for (*_, outcome), n in counts.items() if outcome not in (ANSWERED, None))


def _missed(call: Call) -> dict[str, object]:
    services, lines = _names()
    at: datetime = call.began_at
    return {
        "at": format_datetime(at, lookup.staff_locale()),
        "service": services.get(call.service, call.service),
        "outcome": words.CALL_OUTCOMES[call.outcome],
        "reason": words.CALL_REASONS.get(call.reason, ""),
        "legs": [
            words.describe_leg(
                lines.get(leg.line, leg.line), leg.outcome, leg.ring_seconds, leg.talk_seconds
            )
            for leg in call.legs
        ],
    }


def _names() -> tuple[dict[str, str], dict[str, str]]:
    directory = lookup.snapshot().directory
    return (
        {each.id: each.name.get("en") for each in directory.services},
        {each.id: each.name.get("en") for each in directory.lines},
    )
