"""What others' programs open: spreadsheets that calculate nothing, calendars with nothing else."""

import csv
import io
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import rostered
from staff.conftest import sign_in

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet
from routing.rota.roster import Assignment, Shift
from routing.staff import people
from routing.store import calls, rota_people
from routing.store.calls import Call

FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "|x", "=HYPERLINK(1)", " =1", "＝1+1"]
HOSTILE = [
    "A\r\nATTENDEE:mailto:a@evil.example",
    "A\nEND:VEVENT\nBEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\nBEGIN:VEVENT",
    "A\rATTACH:https://evil.example",
    "A\u2028URL:https://evil.example",
    "A\\nB\\,C;D:E",
    '"A";X=Y:Z',
    "é" * 300,
    "",
]
AT = datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_nobody_is_called_what_a_spreadsheet_would_calculate(app):
    when = "eds-social-worker,2026-11-23 17:00,2026-11-24 08:30"
    with app.app_context():
        for name in FORMULAS:
            with pytest.raises(InvalidRotaChange), lookup.database().writing() as connection:
                rota_people.add(connection, name, None, AT, "terminal:0")
            with pytest.raises(InvalidSpreadsheet):
                data = f'{rostered.HEADER}{when},"{name}"\n'.encode()
                rota_service.plan_import(data, add_people=True)


def test_no_cell_of_any_file_is_a_formula(app, clock):
    clock.set("2026-12-24T20:30:00Z")
    rostered.people(app)
    rostered.christmas(app)
    with app.app_context(), lookup.database().writing() as connection:
        calls.begin(connection, key="=1", call=Call("children", "eds", "out_of_hours", AT))
    browser = sign_in(app, "admin")
    for path in ("/staff/rota.csv", "/staff/calls.csv?month=2026-11"):
        text = browser.get(path).get_data().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) > 1
        assert [cell for row in rows for cell in row if cell and not cell[0].isalnum()] == []


@pytest.mark.parametrize("written", HOSTILE)
def test_a_calendar_holds_what_was_written_and_nothing_else(app, written):
    shift = Shift("role", 1, Span(AT, AT + timedelta(hours=8)), id=1)
    duty = Assignment(shift.during, 1, shift)
    with app.app_context():
        made = people.to_ics([(duty, written)], written, "https://anyshire.example", written)
    lines, calendar = made.split(b"\r\n"), icalendar.Calendar.from_ical(made)
    (event,) = calendar.walk("VEVENT")
    one_line = " ".join(written.split())

    assert not {b"\n", b"\r"} & {bytes([byte]) for byte in b"".join(lines)}
    assert max(map(len, lines)) <= 75
    assert [line for line in lines if line.startswith((b"ATT", b"URL", b"BEGIN:VALARM"))] == []
    assert lines.count(b"BEGIN:VEVENT") == 1
    assert (event["summary"], event["description"]) == (one_line, one_line)
    assert calendar["x-wr-calname"].replace("\\", "") == one_line.replace("\\", "")
    assert event.subcomponents == []
