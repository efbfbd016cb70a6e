"""Calls: what became of them, by day and month. Who rang is neither shown here nor stored."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response, current_app, request

from routing import config, lookup
from routing.core import instants
from routing.core.answer import Outcome
from routing.core.instants import date_range
from routing.staff.auth import staff_blueprint
from routing.staff.layout import render_page
from routing.store import calls
from routing.store.calls import Call
from routing.text.dates import MONTHS, format_datetime
from routing.text.locale import Locale
from routing.text.staff_text import CALL_OUTCOMES, CALL_REASONS, describe_leg

bp = staff_blueprint("calls")

CountKey = tuple[str, str, str | None]
"""A service, the first line that was rung, and the outcome: None while the call goes on."""

MAX_UNANSWERED_SHOWN = 100
"""How many unanswered calls the page shows; the file has them all."""

CSV_COLUMNS = (
    "began",
    "service",
    "first_line",
    "reason",
    "outcome",
    "answered_by",
    "seconds_to_answer",
    "seconds_talked",
    "rung",
)

CHART_WIDTH, CHART_HEIGHT, CHART_MARGIN = 640, 200, 32
ANSWERED_FILL, UNANSWERED_FILL = "#1d70b8", "url(#hatched)"
"""GOV.UK's blue, and a pattern that the template draws: nobody has to tell two colours apart."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day of the month, and how many of its calls nobody answered and how many others it had."""

    label: str
    answered: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of the chart, in SVG's coordinates."""

    x: str
    y: str
    width: str
    height: str
    fill: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text of the chart, in SVG's coordinates."""

    x: str
    y: int
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar for each day: answered calls, and on top of them those that nobody answered."""

    bars: list[Bar]
    labels: list[Label]
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT
    margin: int = CHART_MARGIN


@bp.get("/calls")
def show() -> Response:
    """Show today's calls and a month's: by line and outcome, by day, and each unanswered one."""
    at, zone = lookup.now(), lookup.staff_locale().zone
    today = at.astimezone(zone).date()
    first, next_month = _month(today)
    month_days = list(date_range(first, next_month - timedelta(days=1)))
    edges = [instants.midnight(day, zone) for day in (*month_days, next_month)]
    with lookup.database().reading() as connection:
        counts = calls.counts_by_period(connection, edges, at)
        midnight, end = instants.midnight(today, zone), at + timedelta(microseconds=1)
        today_counts = calls.counts(connection, midnight, end, at)
        unanswered = calls.missed(connection, edges[0], edges[-1], at, MAX_UNANSWERED_SHOWN)
    month_counts = Counter[CountKey]()
    for (_, service, line, outcome), count in counts.items():
        month_counts[service, line, outcome] += count
    days = [
        _day_count(counts, number, day) for number, day in enumerate(month_days) if day <= today
    ]
    return render_page(
        "calls.html",
        telephone_fault=config.telephony_disabled_reason(current_app.config),
        month=f"{MONTHS[first.month - 1]} {first.year}",
        today_rows=_rows(today_counts),
        month_rows=_rows(month_counts),
        days=days,
        chart=_chart(days),
        unanswered_calls=[_describe(call) for call in unanswered],
        more_unanswered=max(0, _count_unanswered(month_counts) - len(unanswered)),
        outcomes=[*CALL_OUTCOMES.values(), "All"],
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
        talked = next(
            (leg.talk_seconds for leg in call.legs if leg.outcome == Outcome.ANSWERED), None
        )
        legs = [(leg.line, leg.outcome, _number(leg.ring_seconds)) for leg in call.legs]
        writer.writerow(
            [
                call.began_at.astimezone(locale.zone).isoformat(timespec="seconds"),
                call.service,
                call.line,
                call.reason,
                call.outcome or "",
                call.answered_by or "",
                _number(call.waited),
                _number(talked),
                "; ".join(" ".join(filter(None, leg)) for leg in legs),
            ]
        )
    return file.getvalue()


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _month(today: date) -> tuple[date, date]:
    """Return the first day of the month in ``?month=``, or of today's, and of the month after."""
    wanted = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", request.args.get("month", ""), re.ASCII)
    first = date(int(wanted[1]), int(wanted[2]), 1) if wanted else today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _rows(counts: Mapping[CountKey, int]) -> list[tuple[str, str, list[int]]]:
    """Return a row for each service and first line: its counts by outcome, and their sum."""
    service_names, line_names = _names()
    rows = []
    for service, line in sorted({(service, line) for service, line, _ in counts}):
        numbers = [counts.get((service, line, outcome), 0) for outcome in CALL_OUTCOMES]
        names = service_names.get(service, service), line_names.get(line, line)
        rows.append((*names, [*numbers, sum(numbers)]))
    return rows


def _day_count(counts: Mapping[tuple[int, *CountKey], int], number: int, day: date) -> DayCount:
    """Return the counts of the month's day of that number, from 0."""
    own = {key[1:]: count for key, count in counts.items() if key[0] == number}
    unanswered = _count_unanswered(own)
    return DayCount(str(day.day), sum(own.values()) - unanswered, unanswered)


def _count_unanswered(counts: Mapping[CountKey, int]) -> int:
    return sum(count for (*_, outcome), count in counts.items() if calls.is_missed(outcome))


def _chart(days: Sequence[DayCount]) -> Chart:
    """Return a chart of the days, as high as the highest needs."""
    highest = max((day.answered + day.unanswered for day in days), default=0) or 1
    step = (CHART_WIDTH - CHART_MARGIN) / max(1, len(days))
    unit, width = (CHART_HEIGHT - 8) / highest, max(2.0, step * 0.7)
    bars = []
    for number, day in enumerate(days):
        x, y = CHART_MARGIN + number * step + (step - width) / 2, float(CHART_HEIGHT)
        for count, fill in ((day.answered, ANSWERED_FILL), (day.unanswered, UNANSWERED_FILL)):
            height = count * unit
            y -= height
            if count:
                bars.append(Bar(f"{x:.1f}", f"{y:.1f}", f"{width:.1f}", f"{height:.1f}", fill))
    labels = [
        Label(f"{CHART_MARGIN + (n + 0.5) * step:.1f}", CHART_HEIGHT + 16, "middle", days[n].label)
        for n in range(0, len(days), max(1, len(days) // 10))
    ]
    for y, number in ((12, highest), (CHART_HEIGHT, 0)):
        labels.append(Label(f"{CHART_MARGIN - 6:.1f}", y, "end", str(number)))
    return Chart(bars, labels)


def _describe(call: Call) -> dict[str, object]:
    service_names, line_names = _names()
    return {
        "at": format_datetime(call.began_at, lookup.staff_locale()),
        "service": service_names.get(call.service, call.service),
        "outcome": CALL_OUTCOMES[call.outcome],
        "reason": CALL_REASONS.get(call.reason, ""),
        "legs": [
            describe_leg(
                line_names.get(leg.line, leg.line), leg.outcome, leg.ring_seconds, leg.talk_seconds
            )
            for leg in call.legs
        ],
    }


def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of services and of lines, by id."""
    directory = lookup.snapshot().directory
    return (
        {service.id: service.name.get("en") for service in directory.services},
        {line.id: line.name.get("en") for line in directory.lines},
    )
