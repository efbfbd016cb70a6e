"""The audit log as staff read it: who did what, newest first, by name."""

import re

import rostered
from conftest import ROOT
from staff.conftest import check, confirm, edges, page_text

from routing import lookup
from routing.store import audit_log, rota_people
from routing.text.staff_text import ACTION_LABELS


def test_the_audit_log_shows_names_and_stores_only_numbers(app, duty):
    confirm(duty, check(duty))
    duty.send(duty.get("/staff/diverts/1/end"), "/staff/diverts/1/end")
    page = page_text(duty.get("/staff/changes"))

    assert "Service Worried about a child Line Emergency Duty Service (EDS) From" in page
    assert "Why: Phones down" in page
    ended, set_ = (
        f"{what} (Worried about a child)" for what in ("Divert ended early", "Divert set")
    )
    assert page.index(ended) < page.index(set_)
    assert "Midday on Monday 23 November 2026, divert" in page  # the account is called "divert"
    with app.app_context(), lookup.database().reading() as connection:
        entries = audit_log.newest(connection, 9)
    assert [entry.actor for entry in entries] == ["account:1", "account:1", "provider"]
    assert "Phones down" not in repr(entries)


def test_older_entries_are_on_the_next_page(app, duty):
    with app.app_context(), lookup.database().writing() as connection:
        for number in range(60):
            entry = ("service", "directory.read", "directory")
            audit_log.record(connection, lookup.now(), *entry, after={"n": f"entry-{number}"})
    first = duty.get("/staff/changes")
    address = re.search(r'href="(/staff/changes\?before=\d+)"', first.text)[1]
    rest = duty.get(address)

    shown = re.findall(r"entry-\d+", page_text(first)) + re.findall(r"entry-\d+", page_text(rest))
    assert shown == [f"entry-{number}" for number in reversed(range(60))]
    assert "There are none" in page_text(duty.get("/staff/changes?before=1"))
    assert duty.get("/staff/changes?before=x").status_code == 200


def test_a_cover_and_its_undo_are_shown_with_names(app, arranger):
    rostered.christmas(app)
    path = "/staff/rota/shifts/1/cover"
    night = edges("24 12 2026 3:30pm", "25 12 2026 8:30am")
    page = arranger.send(arranger.get(path), path, person="2", **night)
    arranger.send(page, path)
    arranger.send(arranger.get("/staff/rota"), "/staff/rota/undo/2")
    page = page_text(arranger.get("/staff/changes"))

    assert "Role Out-of-hours social worker In place of Amara Owusu Person Siân O’Brien" in page
    assert "Change of the rota undone (Cover set)" in page
    assert "Person Siân O’Brien gone" in page
    assert "4 added" in page and "(change" not in page


def test_a_calendar_is_shown_with_the_name_of_its_person(app, arranger):
    with app.app_context(), lookup.database().writing() as connection:
        person = rota_people.add(connection, "Priya Shah", None, lookup.now(), "service")
        rota_people.create_calendar(connection, person.id, 1, lookup.now(), "service")
    page = page_text(arranger.get("/staff/changes"))

    assert "Of Priya Shah" in page
    assert "rota_person" not in page


def test_every_action_that_is_recorded_has_a_name():
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "routing/store").glob("*.py"))
    actions = set(re.findall(r'actor, "([a-z_]+\.[a-z_]+)"', sources))

    assert {"divert.set", "account.added", "rota_person.left", "calendar.created"} <= actions
    assert actions <= set(ACTION_LABELS)
