"""The record as staff read it: who did what, the newest first, in numbers that are names here."""

import re

from staff.conftest import check, confirm, said

from routing import lookup
from routing.store import audit_log


def test_the_record_tells_who_did_what_and_names_nobody_outside_these_pages(app, duty):
    confirm(duty, check(duty))
    duty.send(duty.get("/staff/diverts/1/end"), "/staff/diverts/1/end")
    page = said(duty.get("/staff/changes"))

    assert page.index("Divert ended early (divert 1)") < page.index("Divert set (divert 1)")
    assert "Midday on Monday 23 November, divert" in page  # the account is called "divert"
    with app.app_context(), lookup.database().reading() as connection:
        told = audit_log.newest(connection, 9)
    assert [each.actor for each in told] == ["account:1", "account:1", "provider"]
    assert "Phones down" not in repr(told)


def test_older_changes_are_a_page_further(app, duty):
    with app.app_context(), lookup.database().writing() as connection:
        for number in range(60):
            audit_log.record(
                connection,
                lookup.now(),
                "service",
                "directory.read",
                "directory",
                after={"n": f"entry-{number}"},
            )
    first = duty.get("/staff/changes")
    address = re.search(r'href="(/staff/changes\?before=\d+)"', first.text)[1]
    rest = duty.get(address)

    found = re.findall(r"entry-\d+", said(first)) + re.findall(r"entry-\d+", said(rest))
    assert found == [f"entry-{number}" for number in reversed(range(60))]
    assert "There are none" in said(duty.get("/staff/changes?before=1"))
    assert duty.get("/staff/changes?before=x").status_code == 200
