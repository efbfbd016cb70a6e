"""Any other time: what every service would answer, or did, and why; and what a caller hears."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import ceil

import pytest
from conftest import ANYSHIRE, ROOT
from staff.conftest import check, confirm, page_text
from sweep import timetables

from routing.core.decision import decide
from routing.staff.now import preview_call
from routing.text import time_parsing
from routing.text.locale import get_locale

TABLES = timetables(ANYSHIRE)
NIGHT = time_parsing.parse_rfc3339("2026-11-23T22:00:00Z")
LOCALE = get_locale("en", TABLES.directory.zone)


@pytest.fixture(scope="module")
def preview():
    """Return what a caller hears by night, and how that is done."""
    return preview_call(TABLES, NIGHT, partial(decide, TABLES, "children"), (), LOCALE, True)


def _seconds(sentence):
    """Return the seconds since the call began with which a sentence starts."""
    minutes, seconds = sentence.split()[0].split(":")
    return int(minutes) * 60 + int(seconds)


def test_it_begins_with_the_greeting_and_goes_on_second_by_second(preview):
    hears, _ = preview

    assert hears[0].startswith("0:00 “")
    greeting_seconds = ceil(len(hears[0].removeprefix("0:00 “").removesuffix("”")) / 14)
    assert hears[1] == f"0:{greeting_seconds:02} Ringing, for 30 seconds at most."
    assert hears[2].startswith(f"0:{greeting_seconds + 30:02} “Sorry, nobody has answered yet.")
    assert hears[-1].endswith("Twice, and the call ends.")


def test_time_passes_for_what_is_said_in_each_language():
    tables = timetables(ROOT / "examples" / "swansea.yaml")
    service = tables.directory.services[0].id
    hears, _ = preview_call(tables, NIGHT, lambda at: decide(tables, service, at), (), LOCALE, True)
    words = next(place for place, line in enumerate(hears) if "Sorry" in line)
    begins, ends = (_seconds(hears[place]) for place in (words, words + 1))

    assert tables.directory.languages == ("cy", "en")
    assert ends - begins > 1.5 * len(hears[words]) / 14


def test_how_it_is_done_names_each_line_and_for_how_long_it_rings(preview):
    _, how = preview

    assert len(how) == 6
    assert how[0].endswith(
        "Emergency Duty Service (EDS) on 01632 960002 rings for 25 seconds, and 5 that Twilio adds."
    )
    assert "must press 1" in how[1]


def test_keys_that_are_pressed_are_shown():
    with_keys = replace(TABLES.directory.line("eds"), send_digits="ww1")
    service = replace(TABLES.service("children"), out_of_hours=with_keys)

    def answer(at):
        return replace(decide(TABLES, "children", at), line=with_keys, service=service)

    _, how = preview_call(TABLES, NIGHT, answer, (), LOCALE, True)
    assert "Once it answers, ww1 is pressed" in how[0]


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
