"""The preview of a call that nobody answers: what the caller hears, and how that is done."""

from dataclasses import replace
from functools import partial
from math import ceil

import pytest
from conftest import ANYSHIRE, ROOT
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


def test_times_never_go_back_and_words_come_within_a_minute_of_ringing(preview):
    hears, _ = preview
    seconds = [_seconds(line) for line in hears]

    assert seconds == sorted(seconds)
    ringing = 0
    for line, begins, ends in zip(hears, seconds, seconds[1:], strict=False):
        ringing = ringing + ends - begins if "Ringing" in line else 0
        assert ringing <= 60


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
