"""Calls as staff see them: what became of each, by day and month, and never who rang."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from staff.conftest import page_text

from routing import lookup
from routing.store import calls, tables
from routing.store.calls import Call, Leg


@pytest.fixture
def rang(app):
    """Write calls: each a time, and how ringing each line ended."""

    def rang(when, *legs, service="children", over=None):
        began_at, rung, talked = datetime.fromisoformat(when), [], {"answered": 25}
        for number, (line, outcome) in enumerate(legs, 1):
            rung_at, seconds = began_at + timedelta(seconds=30 * (number - 1)), talked.get(outcome)
            rings = 30 - (seconds or 0) if outcome else None
            rung.append(Leg(number, line, rung_at, None, outcome, rings, seconds))
        ended_at = began_at + timedelta(seconds=30 * len(legs)) if over else None
        answered_by = legs[-1][0] if over == "answered" else None
        begun = service, legs[0][0], "in_hours", began_at
        call = Call(*begun, ended_at, over, answered_by, tuple(rung))
        with app.app_context(), lookup.database().writing() as connection:
            calls.write(connection, calls.call_key(f"{when}{service}{legs}"), call)

    return rang


@pytest.fixture
def november(rang):
    rang("2026-11-23T09:00:00+00:00", ("mash", "answered"), over="answered")
    rang("2026-11-23T10:00:00+00:00", ("mash", "busy"), ("eds", "answered"), over="answered")
    rang("2026-11-23T11:59:00+00:00", ("mash", None))
    rang("2026-11-22T22:00:00+00:00", ("eds", "no_answer"), over="unanswered")
    rang("2026-11-02T00:00:00+00:00", ("eds", "declined"), ("mash", "abandoned"), over="abandoned")
    rang("2026-11-01T00:00:00+00:00", ("eds", None))
    rang("2026-10-31T23:59:59+00:00", ("eds", "busy"), over="unanswered")


def test_calls_are_counted_by_line_and_outcome_and_every_unanswered_one_is_listed(duty, november):
    page = page_text(duty.get("/staff/calls")).replace(" .", ".")
    counts, _, unanswered = page.partition("Calls that nobody answered")
    today, _, month = counts.partition("November 2026")

    assert "(MASH) Worried about a child 2 0 0 0 1 3" in today
    assert "(EDS)" not in today
    assert "(MASH) Worried about a child 2 0 0 0 1 3" in month
    assert "(EDS) Worried about a child 0 1 1 1 0 3" in month
    for sentence in (
        "10pm on Sunday 22 November Worried about a child. Nobody answered",
        "Emergency Duty Service (EDS): no answer after 30 seconds",
        "Emergency Duty Service (EDS): not accepted after 30 seconds",
        "(MASH): the caller hung up",
        "The end was not reported",
    ):
        assert sentence in unanswered
    assert "Monday 23 November" not in unanswered  # both were answered, or go on
    assert "October" not in unanswered.partition("Midnight at the end of Saturday 31 October")[2]
    assert unanswered.index("Sunday 22 November") < unanswered.index("Sunday 1 November")


def test_another_month_is_asked_for_by_its_name_and_anything_else_shows_this_month(duty, november):
    page = duty.get("/staff/calls?month=2026-10")

    assert "(EDS) Worried about a child 0 1 0 0 0 1" in page_text(page)
    for month in ("11", "09"):
        assert f'href="/staff/calls?month=2026-{month}"' in page.text
    for month in ("2026-13", "x", "2026-1", "1999-01", "", "2026-11-01"):
        assert "November 2026" in page_text(duty.get(f"/staff/calls?month={month}")), month


def test_the_file_has_a_row_for_each_call(duty, november):
    answer = duty.get("/staff/calls.csv?month=2026-11")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="calls-2026-11.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(rows) == 6
    assert rows[-2] == {
        "began": "2026-11-23T10:00:00+00:00",
        "service": "children",
        "first_line": "mash",
        "reason": "in_hours",
        "outcome": "answered",
        "answered_by": "eds",
        "seconds_to_answer": "35",
        "seconds_talked": "25",
        "rung": "mash busy 30; eds answered 5",
    }


def test_nobody_who_rang_is_in_the_table(app):
    columns = {column.name for table in (tables.calls, tables.legs) for column in table.columns}

    assert columns == {
        "id", "sid_sha256", "service", "line", "reason", "began_at", "ended_at", "outcome",
        "answered_by", "call_id", "position", "rung_at", "accepted_at", "ring_seconds",
        "talk_seconds",
    }  # fmt: skip


def test_a_month_of_a_busy_council_is_one_page(app, duty, clock):
    with app.app_context(), lookup.database().writing() as connection:
        for number in range(600):
            at = clock.at - timedelta(minutes=10 * number)
            over = "answered" if number % 5 else "unanswered"
            leg = Leg(1, "mash", at, outcome="answered" if number % 5 else "busy")
            call = Call("children", "mash", "in_hours", at, at, over, legs=(leg,))
            calls.write(connection, f"k{number}", call)
    page = duty.get("/staff/calls")

    assert page.status_code == 200
    assert page.text.count('<section class="who-line">') == 100
    assert "more: see the file above" in page.text


def test_without_calls_or_a_telephone_the_page_says_so(app, signed_in):
    sentence = "No telephone is connected to this service."
    page = page_text(signed_in("view").get("/staff/calls"))
    assert page.count("No call was put through by this service.") == 2
    assert "There are none." in page
    assert sentence in page
    app.config.update(TWILIO_AUTH_TOKEN="token", PUBLIC_BASE_URL="https://who.example")

    assert sentence not in page_text(signed_in("view").get("/staff/calls"))
