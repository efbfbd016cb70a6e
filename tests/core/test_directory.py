"""The values of a directory, and what follows from them alone."""

from dataclasses import replace
from datetime import date

from conftest import ANYSHIRE

from routing.core.directory import Phone, Text
from routing.directory.load import load

DIRECTORY, _ = load(ANYSHIRE)
LINES = {line.id: line for line in DIRECTORY.lines}
SERVICES = {service.id: service for service in DIRECTORY.services}


def test_a_verification_is_valid_for_its_days():
    assert LINES["mash"].verified.until == date(2027, 1, 30)


def test_a_service_reaches_each_of_its_lines_once():
    assert [line.id for line in SERVICES["children"].reachable] == ["mash", "eds", "duty-manager"]


def test_a_service_is_confirmed_when_every_line_it_can_ring_is():
    assert SERVICES["children"].confirmed


def test_a_page_that_the_council_did_not_write_is_none():
    assert SERVICES["professionals"].page("after") is None
    assert "more about every child" in SERVICES["children"].page("after").get("en")


def test_of_two_special_numbers_on_a_date_the_later_in_the_file_wins():
    line = LINES["mash"]
    later = replace(line.special_days[2], phone=Phone("+441632960008", "01632 960008"))
    both = replace(line, special_days=(*line.special_days, later))

    assert both.phone_on(date(2026, 12, 30)).display == "01632 960008"
    assert both.hours_on(date(2026, 12, 31), {}).special_day.name.get("en") == "New Year's Eve"


def test_a_text_is_given_in_a_language_or_else_in_the_first_one_it_has():
    text = Text((("en", "Night team"), ("cy", "Tîm nos")))

    assert text.get("cy") == "Tîm nos"
    assert text.get("pl") == "Night team"
