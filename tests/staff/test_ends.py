"""Diverts given another end or ended: checked, and seen at once."""

from staff.conftest import check, confirm, page_text


def test_another_end_is_checked_too_and_colleagues_may_give_it(duty, signed_in, stored):
    confirm(duty, check(duty))
    colleague = signed_in("admin")
    page = colleague.send(colleague.get("/staff/diverts/1"), "/staff/diverts/1", until="4h")
    assert "until 4pm today" in page_text(page)
    assert stored()[0].during.end.hour == 13
    colleague.send(page, "/staff/diverts/1", although_closed="yes")

    assert stored()[0].during.end.hour == 16


def test_another_end_that_makes_no_sense_is_refused(duty, stored):
    confirm(duty, check(duty))
    answer = duty.send(duty.get("/staff/diverts/1"), "/staff/diverts/1", until="")

    assert answer.status_code == 400
    assert "Choose when the divert ends" in page_text(answer)


def test_ending_one_says_what_callers_get_then_and_does_it(app, duty, stored):
    confirm(duty, check(duty))
    page = duty.get("/staff/diverts/1/end")
    assert "Once it has ended: Calls go to Multi-Agency Safeguarding Hub (MASH)" in page_text(page)
    duty.send(page, "/staff/diverts/1/end")

    assert stored() == ()
    anyone = app.test_client()
    assert anyone.get("/api/v1/services/children/decision").json["line"]["id"] == "mash"


def test_all_may_be_ended_at_once(duty, stored):
    confirm(duty, check(duty, service="all", line="eds"))
    assert len(stored()) == 2
    duty.send(duty.get("/staff/diverts"), "/staff/diverts/end-all")

    assert stored() == ()


def test_every_page_says_that_calls_are_diverted_and_warns_in_the_last_half_hour(duty, clock):
    confirm(duty, check(duty))
    assert "Calls are diverted" in duty.get("/staff/changes").text
    assert "ends in" not in page_text(duty.get("/staff"))
    for at, warned in (("12:29:59", False), ("12:30:00", True), ("12:59:59", True)):
        clock.set(f"2026-11-23T{at}Z")
        page = duty.get("/staff")
        assert ("Extend it if it is still needed" in page_text(page)) is warned
        assert ("It ends soon." in page.text) is warned
    clock.set("2026-11-23T13:00:00Z")
    assert "Calls are diverted" not in duty.get("/staff/changes").text
