"""Diverts given another end or ended: checked, and seen at once."""

from staff.conftest import check, confirm, page_text


def test_another_end_is_checked_too_and_colleagues_may_give_it(duty, signed_in, stored):
    confirm(duty, check(duty))
    colleague = signed_in("admin")
    refused = colleague.send(colleague.get("/staff/diverts/1"), "/staff/diverts/1", until="")
    assert refused.status_code == 400
    assert "Choose when the divert ends" in page_text(refused)
    page = colleague.send(refused, "/staff/diverts/1", until="4h")
    assert "until 4pm today" in page_text(page)
    assert stored()[0].during.end.hour == 13
    colleague.send(page, "/staff/diverts/1", although_closed="yes")

    assert stored()[0].during.end.hour == 16


def test_ending_one_says_what_callers_get_then_and_does_it(app, duty, stored):
    confirm(duty, check(duty))
    page = duty.get("/staff/diverts/1/end")
    assert "Once it has ended Worried about a child: Calls go to Multi-Agency" in page_text(page)
    duty.send(page, "/staff/diverts/1/end")

    assert stored() == ()
    anyone = app.test_client()
    assert anyone.get("/api/v1/services/children/decision").json["line"]["id"] == "mash"


def test_what_a_colleague_has_ended_can_be_ended_again_and_is_given_no_other_end(duty, signed_in):
    confirm(duty, check(duty))
    page, colleague = duty.get("/staff/diverts/1/end"), signed_in("admin")
    colleague.send(colleague.get("/staff/diverts/1/end"), "/staff/diverts/1/end")

    assert "The divert has ended." in page_text(duty.send(page, "/staff/diverts/1/end"))
    assert duty.get("/staff/diverts/1/end").location == "/staff/diverts?done=ended"
    assert "This divert has ended. Set a new one" in page_text(duty.get("/staff/diverts/1"))


def test_all_may_be_ended_at_once(duty, stored):
    confirm(duty, check(duty, service="all", line="eds"))
    assert len(stored()) == 2
    page = duty.get("/staff/diverts/end-all")
    assert "End 2 diverts now" in page_text(page)
    assert "Worried about a child: Calls go to Multi-Agency" in page_text(page)
    confirm(duty, check(duty, line="duty-manager"))
    duty.send(page, "/staff/diverts/end-all", ("divert", "1"), ("divert", "2"), divert="x")

    assert [divert.id for divert in stored()] == [3]  # it was not on the page


def test_every_page_says_that_calls_are_diverted_and_warns_in_the_last_half_hour(duty, clock):
    confirm(duty, check(duty))
    assert "is diverted to Emergency Duty" in duty.get("/staff/changes").text
    assert "ends in" not in page_text(duty.get("/staff"))
    for at, warned in (("12:29:59", False), ("12:30:00", True), ("12:59:59", True)):
        clock.set(f"2026-11-23T{at}Z")
        page = duty.get("/staff")
        assert ("Extend it if it is still needed" in page_text(page)) is warned
        assert ("It ends soon." in page.text) is warned
    clock.set("2026-11-23T13:00:00Z")
    assert "is diverted to" not in duty.get("/staff/changes").text


def test_a_new_end_is_shown_to_callers_to_the_second_at_which_it_comes(duty, clock):
    confirm(duty, check(duty, until="handover"))
    clock.set("2026-11-23T12:30:00.123456Z")
    hears = "Callers read and hear: Calls are answered by the Emergency Duty Service (EDS) until"
    for until, end in (("1h", "1:30pm"), ("4h", "4:30pm")):
        page = duty.send(duty.get("/staff/diverts/1"), "/staff/diverts/1", until=until)
        assert f"{hears} {end}" in page_text(page)


def test_a_divert_is_not_shortened_unnoticed(duty, clock, stored):
    confirm(duty, check(duty, until="handover"))
    page = duty.send(duty.get("/staff/diverts/1"), "/staff/diverts/1", until="4h")

    assert "1 hour shorter than it is set for: it would have ended at 5pm today" in page_text(page)
    assert "4 hours from now" in duty.get("/staff/diverts/1").text


def test_a_new_end_promises_nothing_while_a_divert_that_was_set_later_takes_the_calls(duty):
    confirm(duty, check(duty))
    confirm(duty, check(duty, line="duty-manager", until="4h"))
    page = duty.send(duty.get("/staff/diverts/1"), "/staff/diverts/1", until="4h")

    assert "callers go on getting the Duty manager: the divert to it" in page_text(page)
    assert "Callers read and hear: Calls are answered by the Duty manager" in page_text(page)
    assert "The divert to Duty manager, from now until 4pm today, takes precedence." in (
        page_text(page)
    )


def test_every_screen_says_that_a_divert_ends_at_its_own_end(app, duty, clock):
    """The out-of-hours line goes on to take the calls when the divert ends at six."""
    parts = {"until-day": "23", "until-month": "11", "until-year": "2026", "until-time": "6pm"}
    confirm(duty, check(duty, until="time", **parts))
    card, banner = page_text(duty.get("/staff")), duty.get("/staff/changes").text
    listed = app.test_cli_runner().invoke(args=["divert", "list"]).output
    extended = app.test_cli_runner().invoke(
        args=["divert", "extend", "1", "--until", "2026-11-23 18:30", "--although-closed"]
    )

    assert "until 6pm today (6 hours), then to the same line, by the directory’s hours." in card
    assert "until 6pm today" in banner
    assert "until 6pm today" in listed
    assert "until 6:30pm today (6 hours 30 minutes), then to the same" in extended.output
