"""Any other time: what every service would answer, or did, and why."""

from datetime import timedelta

from staff.conftest import check, confirm, page_text


def test_any_other_time_is_shown_with_its_reasons(duty):
    confirm(duty, check(duty))
    now = page_text(duty.get("/staff/preview"))
    christmas = page_text(duty.get("/staff/preview?at-day=25&at-month=12&at-year=2026&at-time=5pm"))
    exact = page_text(duty.get("/staff/preview?at=2026-12-24T15:29:59Z"))

    assert "Divert 1 is in force: calls go to Emergency Duty Service (EDS)" in now
    assert "At 5pm on Friday 25 December 2026" in christmas
    assert "closed (bank holiday, Christmas Day)" in christmas
    assert "No divert is in force then." in christmas
    assert "(special day, Christmas Eve)" in exact
    assert "0:00 “Anyshire children's social care." in exact


def test_a_time_that_cannot_be_shown_is_refused_and_kept_in_the_form(duty):
    answer = duty.get("/staff/preview?at-day=25&at-month=10&at-year=2026&at-time=1:30am")

    assert answer.status_code == 400
    assert "happens twice" in page_text(answer)
    assert 'value="1:30am"' in answer.text


def test_the_past_is_shown_as_it_was_also_after_a_divert_was_ended_early(duty, clock):
    confirm(duty, check(duty))
    clock.at += timedelta(minutes=10)
    duty.send(duty.get("/staff/diverts/1/end"), "/staff/diverts/1/end")

    during = page_text(duty.get("/staff/preview?at=2026-11-23T12:05:00Z"))
    after = page_text(duty.get("/staff/preview?at=2026-11-23T12:10:00Z"))
    assert "Calls are diverted to Emergency Duty Service" in during
    assert "Calls go to Multi-Agency Safeguarding Hub" in after


def test_one_item_of_the_menu_is_marked_as_where_one_is(duty):
    for path in ("", "/preview", "/rota/gaps", "/rota/mine", "/changes"):
        page = duty.get(f"/staff{path}").text
        assert page.count("service-navigation__item--active") == 1, path
