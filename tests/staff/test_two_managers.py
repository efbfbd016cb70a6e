"""Two managers at once: nothing is lost, and the second sees what the first has changed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import rostered
from staff.conftest import check as check_divert
from staff.conftest import confirm, page_text, send_sheet
from staff.test_shifts import CHRISTMAS

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange
from routing.rota.roster import Shift
from routing.rota_service import Proposal

NIGHT = "eds-social-worker"
COVER, REMOVE, NEW = (f"/staff/rota/shifts/{end}" for end in ("1/cover", "1/remove", "new"))
CHANGED = "has changed since you last looked"
DIVERT_CHANGED = "has changed this since you last looked"


@pytest.fixture
def app(before_christmas):
    app = before_christmas()
    rostered.shifts(app, f"{NIGHT},2026-12-24 15:30,2026-12-25 08:30,Amara Owusu")
    return app


@pytest.fixture
def first(signed_in):
    return signed_in("rota")


@pytest.fixture
def second(signed_in):
    return signed_in("rota", "view")


def check(manager, path, **values):
    """Send a form; return the page that reads it back."""
    return manager.send(manager.get(path), path, **values)


def test_a_shift_is_not_removed_from_under_a_cover_that_the_second_has_not_seen(first, second, on):
    shown = second.get(REMOVE)
    first.send(check(first, COVER, person="2", **CHRISTMAS), COVER)
    again = second.send(shown, REMOVE)

    assert CHANGED in page_text(again)
    assert "With covers, on duty: Amara Owusu and Siân O’Brien." in page_text(again)
    assert on() == ["Siân O’Brien"]
    second.send(again, REMOVE)
    assert on() == []


def test_the_second_who_removes_a_shift_is_told_that_it_was_removed(first, second):
    shown = second.get(REMOVE)
    first.send(first.get(REMOVE), REMOVE)
    late = second.send(shown, REMOVE)

    assert late.status_code == 404
    assert "There is no shift 1 on the rota, or it was removed." in page_text(late)


def test_an_undo_of_what_a_colleague_has_covered_since_is_refused_until_it_is_seen(
    first, second, on
):
    undo, shown = "/staff/rota/undo/1", second.get("/staff/rota")
    first.send(check(first, COVER, person="2", **CHRISTMAS), COVER)
    late = second.send(shown, undo)

    assert late.status_code == 409
    assert "Somebody else changed the rota" in page_text(late)
    assert on() == ["Siân O’Brien"]
    second.send(second.get("/staff/rota"), undo)
    assert on() == []


@pytest.mark.parametrize("choices", [{}, {"replace": "yes"}])
def test_the_second_who_imports_the_same_file_is_told_that_it_is_there(first, second, choices):
    sheet = f"{rostered.HEADER}{NIGHT},2026-12-26 17:00,2026-12-27 08:30,Dev Patel\n".encode()
    pages = [send_sheet(manager, sheet, **choices) for manager in (first, second)]
    first.send(pages[0], "/staff/rota/import")
    late = second.send(pages[1], "/staff/rota/import")

    assert "every shift of it is on the rota already" in page_text(late)


def test_the_second_who_diverts_the_same_calls_sees_the_first_divert_before(signed_in, app, stored):
    first, second = signed_in("divert"), signed_in("divert", "view")
    shown = check_divert(second, until="4h")
    confirm(first, check_divert(first))
    again = confirm(second, shown)

    assert f"A divert or a handover {DIVERT_CHANGED}" in page_text(again)
    second.send(again, "/staff/diverts/new")  # the line is shut, and that is not ticked again
    assert len(stored()) == 1
    assert confirm(second, again).status_code == 200
    assert len(stored()) == 2


def test_the_second_who_moves_an_end_sees_the_end_that_the_first_has_set(signed_in, app, stored):
    first, second, path = signed_in("divert"), signed_in("divert", "view"), "/staff/diverts/1"
    confirm(first, check_divert(first))
    shown = check(second, path, until="1h")
    first.send(check(first, path, until="4h"), path, although_closed="yes")
    again = second.send(shown, path, although_closed="yes")

    assert DIVERT_CHANGED in page_text(again)
    assert "3 hours shorter than it is set for" in page_text(again)
    assert stored()[0].during.end.hour == 19
    second.send(again, path, although_closed="yes")
    assert stored()[0].during.end.hour == 16


def test_the_second_who_diverts_sees_that_the_first_has_ended_a_divert(signed_in, app, stored):
    first, second = signed_in("divert"), signed_in("divert", "view")
    confirm(first, check_divert(first))
    shown = check_divert(second, line="duty-manager")
    first.send(first.get("/staff/diverts/1/end"), "/staff/diverts/1/end")
    again = confirm(second, shown)

    assert DIVERT_CHANGED in page_text(again)
    assert "Instead of the Multi-Agency Safeguarding Hub (MASH)" in page_text(again)
    assert stored() == ()


def test_of_two_who_save_at_the_same_instant_one_saves_and_the_other_is_refused(app):
    with app.app_context():
        at = lookup.now()
        during = Span(at, at + rota_service.GAP_LOOKAHEAD / 28)
        current = rota_service.read_rota(at, at)
    start = threading.Barrier(2)

    def save(person_id):
        with app.app_context():
            start.wait()
            try:
                new = Shift("mash-social-worker", person_id, during)
                rota_service.save_change(Proposal("added", current, [new]), f"account:{person_id}")
            except InvalidRotaChange as error:
                return str(error).partition(" ")[0]
            return "saved"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(save, (1, 2))) == ["Somebody", "saved"]
    with app.app_context():
        assert len(rota_service.read_rota(at, at + rota_service.GAP_LOOKAHEAD).shifts) == 2


def test_what_has_begun_is_confirmed_minutes_later_without_a_false_alarm(first, clock):
    clock.set("2026-12-23T20:00:10Z")
    fill = {"role": NIGHT, "first": "2026-12-23", "last": "2026-12-23", "people": "Dev Patel"}
    for path, values in (
        ("/staff/rota/fill", fill),
        ("/staff/rota/shifts/2/swap", {"other": "1"}),
    ):
        page = check(first, path, **values)
        clock.at += timedelta(minutes=2)
        assert "Done" in page_text(first.send(page, path)), path


def test_what_was_to_come_when_a_file_was_read_back_and_is_over_is_read_back_again(first, clock):
    rows = f"{NIGHT},2026-12-23 17:00,2026-12-23 19:00,Dev Patel\n{NIGHT},2026-12-24 15:30,"
    rows += "2026-12-25 08:30,Dev Patel\n"
    page = send_sheet(first, (rostered.HEADER + rows).encode(), replace="yes")
    assert "1 added" in page_text(page)
    clock.at += timedelta(hours=4)
    again = first.send(page, "/staff/rota/import")

    assert "changed since you last looked" in page_text(again)
    assert "0 added" in page_text(again)
