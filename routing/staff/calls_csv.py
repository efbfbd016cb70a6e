"""Tables for a spreadsheet, with a header and CRLF, as RFC 4180 says."""

import csv
import io
from collections.abc import Iterable

from routing.store.call_report import Call
from routing.text.locale import Locale

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


def calls_csv(found: Iterable[Call], locale: Locale) -> str:
    """Write calls, one a row. ``rung`` has each line with its outcome: "eds no_answer 30; ..."."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(CSV_COLUMNS)
    for call in found:
        talked = next((leg.talk_seconds for leg in call.legs if leg.outcome == "answered"), None)
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
                "; ".join(
                    " ".join(filter(None, (leg.line, leg.outcome, _number(leg.ring_seconds))))
                    for leg in call.legs
                ),
            ]
        )
    return made.getvalue()


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
