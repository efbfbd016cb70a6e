"""Diverts on the staff pages: checked before they are set, moved or ended; then in every answer."""

import re
from datetime import timedelta

from conftest import divert_now
from staff.conftest import check, confirm, page_text

from routing.core.instants import Span

MONTH = (("month", "11"), ("year", "2026"))


def test_what_callers_will_get_is_shown_before_the_divert_is_set(duty, stored):
    text = page_text(check(duty))

    assert (
        "Instead of the Multi-Agency Safeguarding Hub (MASH), callers get the Emergency Duty "
        "Service (EDS) on 01632 960002 from now until 1pm today (1 hour), then the Multi-Agency"
        in text
    )
    assert "Calls are answered by the Emergency Duty Service (EDS) until 1pm on Monday" in text
    assert stored() == ()


def test_a_divert_is_in_every_answer_once_the_page_says_that_it_is_set(app, duty, client):
    answer = confirm(duty, check(duty))

    assert "The divert is set." in page_text(answer)
    service = "/api/v1/services/children"
    key = {"Authorization": "Bearer exchange"}
    app.config["EXCHANGE_TOKEN"] = "exchange"
    anyone = app.test_client()
    assert anyone.get(f"{service}/number", headers=key).text == "+441632960002\n"
    decision = anyone.get(f"{service}/decision").json
    assert (decision["line"]["id"], decision["reason"]["code"]) == ("eds", "divert")
    assert decision["until"] == "2026-11-23T13:00:00+00:00"
    spans = anyone.get(f"{service}/timeline?from=2026-11-23T12:30:00Z&to=2026-11-23T14:00:00Z").json
    assert [span["reason"] for span in spans["spans"]] == ["divert", "in_hours"]
    assert "Emergency Duty Service (EDS)" in anyone.get("/services/children").text
    output = app.test_cli_runner().invoke(args=["who", "children"]).output
    assert "01632 960002" in output


def test_what_staff_write_is_in_no_public_answer(app, duty):
    confirm(duty, check(duty, note="ZZTOP secret"))
    anyone = app.test_client()
    for path in (
        "/",
        "/services/children",
        "/services/children/fragment",
        "/contacts",
        "/api/v1/services/children/decision",
        "/api/v1/services/children/timeline?from=2026-11-23T12:00:00Z&to=2026-11-24T12:00:00Z",
        "/readyz",
    ):
        text = anyone.get(path).text
        assert "ZZTOP" not in text
        assert "person" not in text.replace("personal", "").replace("another person", "")


TYPED = "A time is typed, but another choice is ticked."
UNTIL, FROM = {"until": "time"}, {"from": "time"}
REFUSALS = [
    ({"until": ""}, "Choose when the divert ends: every divert has an end."),
    ({"until": "for ever"}, "Choose when the divert ends"),
    ({"from": ""}, "Choose when the divert starts."),
    ({"note": "  "}, "Say why, for colleagues"),
    ({"service": ""}, "Choose whose calls to divert."),
    ({"line": ""}, "Choose a line."),
    ({"from-time": "6pm"}, TYPED),
    ({"from-day": "24"}, TYPED),
    ({"until-time": "6pm"}, TYPED),
    (UNTIL | {"until-time": ""}, "Write the time"),
    (UNTIL | {"until-time": "1pm", "until-day": "31"}, "is not a date"),
    (FROM | {"from-time": "11am", "from-day": "23"}, "is past"),
]


def test_what_makes_no_sense_is_refused_and_nothing_that_was_written_is_lost(duty, stored):
    dates = {f"{name}-{part}": value for name in ("from", "until") for part, value in MONTH}
    for values, message in REFUSALS:
        answer = check(duty, **{"note": "Phones are down", **dates, **values})

        assert answer.status_code == 400, values
        assert message in page_text(answer), values
        assert "There is a problem" in page_text(answer), values
        for typed in {values.get("note", "Phones are down"), values.get("until-time")} - {None, ""}:
            assert not typed.strip() or f'value="{typed}"' in answer.text, values
    assert stored() == ()


def test_a_line_that_is_shut_is_diverted_to_only_after_a_second_confirmation(duty, clock, stored):
    clock.set("2026-11-23T16:30:00Z")
    page = check(duty, line="mash")
    assert "is shut from 5pm today until 5:30pm today" in page_text(page)
    assert "Monday to Thursday: 8:30am to 5pm" in page_text(page)
    again = confirm(duty, page, although_closed="")

    assert again.status_code == 400
    assert "Tick this" in page_text(again)
    assert stored() == ()
    confirm(duty, again)
    assert [divert.line for divert in stored()] == ["mash"]


def test_what_was_shown_is_what_is_set_though_a_handover_came_between(duty, clock, stored):
    clock.set("2026-11-23T16:59:30Z")
    page = check(duty, until="handover")
    clock.set("2026-11-23T17:00:30Z")
    again = confirm(duty, page)

    assert "A divert or a handover has changed this" in page_text(again)
    assert "until 8:30am tomorrow" in page_text(again)
    assert stored() == ()


def test_what_is_the_same_for_several_services_is_shown_once(duty, clock):
    clock.set("2026-11-23T20:00:00Z")
    page = page_text(check(duty, service="all", line="mash"))

    assert "Worried about a child and Advice for people who work with children Instead of" in page
    assert page.count("Callers would hear it ring with nobody there.") == 1
    assert page.count("Callers read and hear") == 1


def test_a_later_one_is_shown_to_replace_and_wins_also_with_the_line_of_the_hours(app, duty):
    confirm(duty, check(duty, until="4h"))
    page = check(duty, line="mash")
    no_effect = (
        "The divert to Emergency Duty Service (EDS), from now until 4pm today, has no effect"
    )
    assert no_effect in page_text(page)
    answer = confirm(duty, page)

    assert "(MASH) was set later and takes precedence" in page_text(answer)
    decision = app.test_client().get("/api/v1/services/children/decision").json
    assert (decision["line"]["id"], decision["reason"]["code"]) == ("mash", "divert")


def test_one_may_be_set_for_later(app, duty, clock, stored):
    parts = {"from-day": "24", "from-month": "11", "from-year": "2026", "from-time": "9am"}
    confirm(duty, check(duty, **FROM, **parts))
    (divert,) = stored()

    assert divert.during.start.isoformat() == "2026-11-24T09:00:00+00:00"
    for at, code in ((clock.at.isoformat(), "in_hours"), ("2026-11-24T09:00:00Z", "divert")):
        clock.set(at)
        decision = app.test_client().get("/api/v1/services/children/decision").json
        assert decision["reason"]["code"] == code


def test_one_whose_start_comes_while_the_check_is_read_is_set_from_now_until_the_same_end(
    duty, clock, stored
):
    parts = {"from-day": "23", "from-month": "11", "from-year": "2026", "from-time": "12:10pm"}
    page = check(duty, **FROM, **parts)
    clock.set("2026-11-23T12:15:00Z")
    confirm(duty, page)

    assert [divert.during for divert in stored()] == [
        Span(clock.at, clock.at + timedelta(minutes=55))
    ]


def test_a_divert_to_a_line_that_is_gone_has_no_effect_and_the_page_says_so(app, duty):
    divert_now(app, line="gone")

    sentence = "callers are not sent there. The directory has no line &#39;gone&#39; any more."
    assert sentence in duty.get("/staff").text
    decision = app.test_client().get("/api/v1/services/children/decision").json
    assert decision["reason"]["code"] == "in_hours"


def test_until_midnight_is_the_midnight_to_come(duty, stored):
    for date, line in (("23", "eds"), ("24", "duty-manager")):
        parts = {"until-day": date, "until-time": "midnight"} | {f"until-{k}": v for k, v in MONTH}
        confirm(duty, check(duty, line=line, until="time", **parts))

    ends = [divert.during.end.isoformat() for divert in stored()]
    assert ends == ["2026-11-24T00:00:00+00:00"] * 2


def test_a_divert_to_the_line_that_takes_the_calls_anyway_is_said_to_change_nothing(duty):
    page = page_text(check(duty, line="mash", until="4h"))

    assert "Callers go on getting the Multi-Agency Safeguarding Hub (MASH) on 01632 960001" in page


def test_a_new_divert_starts_now_and_lines_that_are_open_come_first(duty, clock):
    clock.set("2026-11-23T16:30:00Z")
    form = duty.get("/staff/diverts/new")
    assert re.search(r'name="from"[^>]* value="now" checked', form.text)
    text = page_text(form)
    open_lines, _, shut_lines = text.partition("Lines that are shut now")

    assert "(MASH), 01632 960001 Open until 5pm today" in open_lines
    assert "Duty manager, 07700 900001 Open day and night" in open_lines
    assert "(EDS), 01632 960002 Shut until 5pm today" in shut_lines


def test_a_common_reason_will_do_and_words_may_be_added(duty, stored):
    confirm(duty, check(duty, reason="The telephones are down", note=""))
    page = check(duty, line="duty-manager", reason="The telephones are down", note="since three")
    confirm(duty, page)

    assert [divert.note for divert in stored()] == [
        "The telephones are down",
        "The telephones are down. since three",
    ]


def test_the_end_of_it_says_whom_callers_get_now(duty):
    one = page_text(confirm(duty, check(duty)))
    both = page_text(confirm(duty, check(duty, service="all")))

    assert "About ‘Worried about a child’ callers get the Emergency Duty Service (EDS) now." in one
    assert "Callers get the Emergency Duty Service (EDS) now." in both


def test_whether_the_line_that_is_replaced_may_be_rung_is_asked_shown_and_stored(duty, stored):
    form = duty.get("/staff/diverts/new").text
    assert "The line that it replaces may still be rung" in form
    mash = "While it lasts, the Multi-Agency Safeguarding Hub (MASH)"
    for may_ring, sentence in (("", "will not be rung"), ("yes", "may still")):
        page = check(duty, may_ring=may_ring)
        assert f"{mash} {sentence}" in page_text(page)
        confirm(duty, page)
        (divert,) = stored()
        assert (divert.line, divert.avoid) == ("eds", None if may_ring else "mash")
        duty.send(duty.get("/staff/diverts/end-all"), "/staff/diverts/end-all")


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
