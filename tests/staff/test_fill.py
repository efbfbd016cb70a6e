"""Filling and importing: shown before it is so, all or nothing, undone in one step."""

import shutil

import pytest
import rostered
from conftest import ANYSHIRE
from staff.conftest import page_text, send_sheet

from routing import lookup, rota_service

FILL, IMPORT = "/staff/rota/fill", "/staff/rota/import"
CHRISTMAS = {
    "role": "eds-social-worker",
    "first-day": "24",
    "first-month": "12",
    "first-year": "2026",
    "last-day": "28",
    "last-month": "12",
    "last-year": "2026",
    "people": "\n".join(rostered.PEOPLE),
    "turn": "slot",
}


@pytest.fixture
def directory(tmp_path):
    return shutil.copy(ANYSHIRE, tmp_path / "directory.yaml")


@pytest.fixture
def app(before_christmas, directory):
    return before_christmas(directory=directory)


@pytest.fixture
def ask(arranger):
    def ask(**values):
        page = arranger.get(FILL)
        return arranger.send(page, FILL, **{**CHRISTMAS, **values})

    return ask


@pytest.fixture
def shifts(app):
    def shifts():
        with app.app_context():
            at = lookup.now()
            rota = rota_service.read_rota(
                at - rota_service.GAP_LOOKAHEAD, at + rota_service.OWN_SHIFTS_LOOKAHEAD
            )
        return [(rota.names[shift.person_id], shift.during.start) for shift in rota.shifts]

    return shifts


def test_what_would_be_added_is_shown_and_added_when_confirmed_and_undone_as_one(
    arranger, ask, shifts
):
    page = ask()
    text = page_text(page).replace("tomorrow", "on Thursday 24 December")
    assert "Out-of-hours social worker: 8 shifts" in text
    first = "From 3:30pm on Thursday 24 December until 8:30am on Friday 25 December 17 hours Am"
    assert first in text
    assert (
        "Bank holidays Amara Owusu 2 32.5 2 1 1 Llŷr ap Rhys 2 32.5 2 1 2 Dev Patel 2 25 1 1 1"
        in text
    )
    assert shifts() == []

    done = arranger.send(page, FILL)
    assert "Filled Out-of-hours social worker for December 2026: 8 added." in page_text(done)
    filled = shifts()
    assert [name for name, _ in filled][:5] == [*rostered.PEOPLE, rostered.PEOPLE[0]]
    undone = arranger.send(done, "/staff/rota/undo/1")
    assert shifts() == []
    back = arranger.send(undone, "/staff/rota/undo/2")
    assert "Put back: Filled Out-of-hours social worker for December 2026" in page_text(back)
    assert shifts() == filled


def test_a_shift_that_begins_earlier_by_another_directory_is_shown_again(
    app, arranger, ask, directory, shifts
):
    page = ask()
    text = directory.read_text("utf-8")
    directory.write_text(text.replace("08:30-15:30", "08:30-14:30"))
    app.extensions["snapshot_loader"].snapshot = None
    again = arranger.send(page, FILL)

    assert "has changed since you last looked" in page_text(again)
    assert "From 2:30pm tomorrow until 8:30am on Friday 25 December" in page_text(again)
    assert shifts() == []


def test_a_shift_added_meanwhile_is_not_overwritten_but_shown(app, arranger, ask, shifts):
    page = ask()
    rostered.shifts(app, "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Dev Patel")
    again = arranger.send(page, FILL)

    assert "has changed since you last looked" in page_text(again)
    assert len(shifts()) == 1
    arranger.send(again, FILL)
    assert len(shifts()) == 8


def test_turns_and_shifts_begin_as_written_and_too_little_rest_is_pointed_out(ask):
    by_week = page_text(ask(turn="days"))
    by_day = page_text(ask(turn="days", days="1", begins="Thursday 8pm", weekend="9am, 9pm"))

    assert "less than 11 hours’ rest between them" in by_week
    assert "From 8pm tomorrow until" in by_day
    assert "until 9am on Sunday 27 December" in by_day


REFUSALS = [
    ({"role": ""}, "Choose a role: mash-social-worker, eds-social-worker."),
    ({"first-day": "x"}, "is not a date that exists. Write it as 24 12 2026."),
    ({"last-day": "23"}, "The last day is before the first."),
    ({"first-year": "226", "last-year": "226"}, "is not from 2000 to 2100"),
    ({"last-year": "2028"}, "The most at once is 400 days."),
    ({"people": ""}, "Name the people"),
    ({"people": "Somebody Else"}, "There is nobody called"),
    ({"turn": "month"}, "Choose how"),
    ({"turn": "days", "begins": "someday"}, "Write it as Friday 5pm."),
    ({"weekend": "evening"}, "is not a time"),
    ({"first-month": "11", "last-month": "11"}, "There are no gaps to fill on these days"),
]


def test_what_cannot_be_filled_is_refused_and_nothing_typed_is_lost(ask):
    for values, message in REFUSALS:
        page = ask(**values)
        assert (page.status_code, message in page_text(page)) == (400, True), values
        typed = {**CHRISTMAS, **values}
        dates = {typed[name] for name in typed if name.endswith(("day", "year"))} - {""}
        assert all(f'value="{value}"' in page.text for value in dates), values


def import_file(arranger, data, **values):
    """Send a file, and confirm what it would change."""
    return arranger.send(send_sheet(arranger, data, **values), IMPORT)


ROWS = (
    "role,starts,ends,person\r\n"
    "eds-social-worker,24/12/2026 15:30,25/12/2026 08:30,Siân O’Brien\r\n"
    "eds-social-worker,25/12/2026 08:30,26/12/2026 08:30,Dev Patel\r\n"
)


def names(shifts):
    return [name for name, _ in shifts()]


def test_a_spreadsheets_file_is_imported_and_undone_as_one(arranger, shifts):
    page = send_sheet(arranger, ROWS.encode())
    assert "2 added, 0 changed, 0 removed, 0 as they are." in page_text(page)
    assert shifts() == []

    done = arranger.send(page, IMPORT)
    assert "Imported rota.csv for December 2026: 2 added." in page_text(done)
    assert names(shifts) == ["Siân O’Brien", "Dev Patel"]

    arranger.send(done, "/staff/rota/undo/1")
    assert shifts() == []


def test_people_who_are_not_on_the_rota_are_put_there_only_when_asked_for(arranger, shifts):
    row = ROWS.replace("Dev Patel", "Ann Other").encode()
    assert send_sheet(arranger, row).status_code == 400

    page = send_sheet(arranger, row, add_people="yes")
    assert "New on the rota: Ann Other ." in page_text(page)
    assert "Ann Other" not in page_text(arranger.get("/staff/rota/people"))
    arranger.send(page, IMPORT)
    assert "Ann Other" in page_text(arranger.get("/staff/rota/people"))


CORRECTED = ROWS.replace("Dev Patel", "Amara Owusu")


def test_a_corrected_file_replaces_its_period_as_it_was_read_back_or_is_read_back_again(
    app, arranger, shifts
):
    import_file(arranger, ROWS.encode())
    beside = page_text(send_sheet(arranger, CORRECTED.encode()))
    assert "Amara Owusu and Dev Patel are on duty together" in beside
    assert "choose “Replace this period”" in beside
    page = send_sheet(arranger, CORRECTED.encode(), replace="yes")
    assert "0 added, 1 changed, 0 removed, 1 as they are." in page_text(page)
    assert "Changed: Out-of-hours social worker: Amara Owusu from 8:30am" in page_text(page)

    rostered.shifts(app, "eds-social-worker,2026-12-24 17:00,2026-12-24 20:00,Llŷr ap Rhys")
    again = arranger.send(page, IMPORT)
    assert "has changed since you last looked" in page_text(again)
    assert "Removed: Out-of-hours social worker: Llŷr ap Rhys" in page_text(again)
    assert len(shifts()) == 3
    done = arranger.send(again, IMPORT)
    assert "Imported rota.csv for December 2026: 1 changed, 1 removed." in page_text(done)
    assert names(shifts) == ["Siân O’Brien", "Amara Owusu"]


def test_the_template_has_this_councils_roles_and_is_read_once_names_are_filled_in(arranger):
    assert "/staff/rota/import/template.csv" in arranger.get(IMPORT).text
    template = arranger.get("/staff/rota/import/template.csv")
    assert template.headers["Content-Disposition"].endswith('"rota-template.csv"')
    header, *rows = template.data.decode("utf-8-sig").splitlines()
    assert header == "role,starts,ends,person"
    assert rows[0] == "Duty social worker,2026-12-24 08:30,2026-12-24 15:30,"
    assert {line.partition(",")[0] for line in rows} == {
        "Duty social worker",
        "Out-of-hours social worker",
    }
    names = ["Amara Owusu", "Dev Patel"]
    lines = [line + names[number % 2] for number, line in enumerate(rows)]
    page = send_sheet(arranger, "\r\n".join([header, *lines]).encode())
    assert f"{len(rows)} added" in page_text(page)


def test_a_file_that_was_changed_on_its_way_back_or_is_not_there_is_asked_for(arranger):
    page = send_sheet(arranger, ROWS.encode())
    for sheet in ("x", "AAAA", ""):
        assert "Choose" in page_text(arranger.send(page, IMPORT, sheet=sheet)), sheet
    assert "Choose a CSV file." in page_text(send_sheet(arranger, b""))
