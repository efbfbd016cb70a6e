"""Filling and importing: shown before it is so, all or nothing, undone in one step."""

import io

import pytest
import rostered
from staff.conftest import page_text

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
def app(before_christmas):
    return before_christmas()


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
        return [(rota.names[shift.person_id], shift.during.start) for shift in rota.roster.shifts]

    return shifts


def test_what_would_be_added_is_shown_and_added_when_confirmed_and_undone_as_one(
    arranger, ask, shifts
):
    page = ask()
    text = page_text(page)
    assert "Out-of-hours social worker: 8 shifts" in text
    assert "From 3:30pm on Thursday 24 December until 8:30am on Friday 25 December 17 hours Am" in (
        text.replace("tomorrow", "on Thursday 24 December")
    )
    assert shifts() == []

    done = arranger.send(page, FILL)
    assert "Rota filled." in page_text(done)
    assert [name for name, _ in shifts()][:5] == [*rostered.PEOPLE, rostered.PEOPLE[0]]
    arranger.send(done, "/staff/rota/undo/1")
    assert shifts() == []


def test_a_shift_added_meanwhile_is_not_overwritten_but_shown(app, arranger, ask, shifts):
    page = ask()
    rostered.shifts(app, "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Dev Patel")
    again = arranger.send(page, FILL)

    assert "The rota has changed since you last looked" in page_text(again)
    assert len(shifts()) == 1
    arranger.send(again, FILL)
    assert len(shifts()) == 8


def test_a_form_that_is_sent_twice_fills_once(arranger, ask, shifts):
    page = ask()
    arranger.send(page, FILL)
    arranger.send(page, FILL)

    assert len(shifts()) == 8


def test_people_are_in_turn_by_week_and_too_little_rest_is_pointed_out(ask):
    text = page_text(ask(turn="week"))

    assert "less than 11 hours’ rest between them" in text


def test_times_for_a_kind_of_day_are_used(ask):
    text = page_text(ask(**{"weekend": "9am, 9pm", "bank-holiday": "10am, 10pm"}))

    assert "until 9am on Sunday 27 December" in text
    assert "until 10pm on Friday 25 December" in text


def test_a_slot_for_which_nobody_is_free_stays_a_gap(app, ask):
    rostered.shifts(app, "mash-social-worker,2026-12-24 08:30,2026-12-24 16:00,Dev Patel")
    text = page_text(ask(people="Dev Patel", **{"last-day": "24"}))

    assert "Nobody is free: it stays a gap" in text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"role": ""}, "There is no role"),
        ({"first-day": "x"}, "Write the date as 24 12 2026."),
        ({"last-day": "23"}, "The last day is before the first."),
        ({"first-year": "26", "last-year": "26"}, "26 is not a year of the rota"),
        ({"last-year": "2028"}, "The most at once is 400 days."),
        ({"people": ""}, "Name the people"),
        ({"people": "Somebody Else"}, "There is nobody called"),
        ({"turn": "month"}, "Choose how"),
        ({"weekend": "evening"}, "is not a time"),
        ({"first-month": "11", "last-month": "11"}, "There are no gaps to fill on these days"),
    ],
)
def test_what_cannot_be_filled_is_refused_and_nothing_typed_is_lost(ask, values, message):
    page = ask(**values)

    assert page.status_code == 400
    assert message in page_text(page)
    for name, value in {**CHRISTMAS, **values}.items():
        if name.endswith(("day", "year")) and value:
            assert f'value="{value}"' in page.text


def send_file(arranger, data, **values):
    page = arranger.get(IMPORT)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    values |= {"csrf_token": token, "file": (io.BytesIO(data), "rota.csv")}
    return arranger.client.post(IMPORT, data=values, follow_redirects=True)


ROWS = (
    "role,starts,ends,person\r\n"
    "eds-social-worker,24/12/2026 15:30,25/12/2026 08:30,Siân O’Brien\r\n"
    "eds-social-worker,25/12/2026 08:30,26/12/2026 08:30,Dev Patel\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_a_spreadsheets_file_is_imported_and_undone_as_one(arranger, shifts, encoding):
    done = send_file(arranger, ROWS.encode(encoding))
    assert "Shifts imported. 2 added, 0 were there already." in page_text(done)
    assert [name for name, _ in shifts()] == ["Siân O’Brien", "Dev Patel"]

    arranger.send(done, "/staff/rota/undo/1")
    assert shifts() == []


def test_a_file_that_is_there_already_changes_nothing(arranger, shifts):
    send_file(arranger, ROWS.encode())
    again = send_file(arranger, ROWS.encode())

    assert "every shift of it is on the rota already" in page_text(again)
    assert len(shifts()) == 2


def test_one_wrong_row_and_nothing_is_imported(arranger, shifts):
    page = send_file(arranger, (ROWS + "eds-social-worker,x,26/12/2026 08:30,Ann Oth\n").encode())

    assert page.status_code == 400
    assert "Row 4: there is nobody called 'Ann Oth' on the rota: add them first." in page_text(page)
    assert "Row 4: starts: 'x' is not a date with a time." in page_text(page)
    assert shifts() == []


def test_people_who_are_not_on_the_rota_are_put_there_only_when_asked_for(arranger, shifts):
    row = ROWS.replace("Dev Patel", "Ann Other").encode()
    assert send_file(arranger, row).status_code == 400

    assert send_file(arranger, row, add_people="yes").status_code == 200
    assert "Ann Other" in page_text(arranger.get("/staff/rota/people"))


def test_nobody_who_cannot_be_one_is_put_there_and_the_others_neither(arranger, shifts):
    rows = ROWS.replace("Dev Patel", "=HYPERLINK()") + ROWS.partition("\n")[2].replace(
        "Siân O’Brien", "New Person"
    ).replace("2026", "2027")
    page = send_file(arranger, rows.encode(), add_people="yes")

    assert "Row 3: Write a name" in page_text(page)
    assert "New Person" not in page_text(arranger.get("/staff/rota/people"))


def test_a_shift_that_meets_one_on_the_rota_is_told_by_its_row(app, arranger, shifts):
    rostered.shifts(app, "eds-social-worker,2026-12-24 20:00,2026-12-24 21:00,Siân O’Brien")
    page = send_file(arranger, ROWS.encode())

    assert "Row 2: Siân O’Brien has another shift in this role at that time." in page_text(page)
    assert len(shifts()) == 1


def test_sending_no_file_is_said_so(arranger):
    assert "Choose a CSV file." in page_text(send_file(arranger, b""))
