"""What may be diverted where, and for how long: refusals in words, to the second."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing import divert_rules, lookup
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.directory.load import load, parse
from routing.errors import InvalidDivert
from routing.text.locale import get_locale

LONDON = ZoneInfo("Europe/London")
VOICE = get_locale("en", LONDON)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def anyshire():
    directory, _ = load(ANYSHIRE)
    return Timetables(directory, {})


def with_lines(lines):
    """Return Anyshire with more lines, which no service rings by itself."""
    text = ANYSHIRE.read_text("utf-8").replace("\nservices:", f"\n{lines}\nservices:", 1)
    directory, _ = parse(text, ANYSHIRE)
    return Timetables(directory, {})


def plans(tables, service="children", line="eds", start=None, until=HOUR, note="why", at=NOW):
    return divert_rules.propose(tables, service, line, start, until, note, at, VOICE)


def refused(field, *words, **asked):
    with pytest.raises(InvalidDivert) as told:
        plans(**asked)
    assert told.value.field == field
    for word in words:
        assert word in str(told.value)


def test_from_now_for_an_hour_is_from_now_for_an_hour(anyshire):
    (plan,) = plans(anyshire)

    assert plan.during == Span(NOW, NOW + HOUR)
    assert (plan.service.id, plan.line.id, plan.note) == ("children", "eds", "why")


def test_by_itself_it_lasts_until_the_next_handover_of_the_service(anyshire):
    (plan,) = plans(anyshire, until=None)

    assert plan.during.end == datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_all_services_at_once_each_end_at_their_own_handover(anyshire):
    found = plans(anyshire, service="all", until=None, at=datetime(2026, 11, 23, 10, tzinfo=UTC))

    assert {plan.service.id: plan.during.end.hour for plan in found} == {
        "children": 17,
        "professionals": 12,
    }


@pytest.mark.parametrize(
    ("end", "good"), [(NOW - SECOND, False), (NOW, False), (NOW + SECOND, True)]
)
def test_an_end_is_after_now(anyshire, end, good):
    if good:
        assert plans(anyshire, until=end)[0].during.end == end
    else:
        refused("until", "is past", tables=anyshire, until=end)


@pytest.mark.parametrize(("late", "good"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)])
def test_it_lasts_72_hours_at_most(anyshire, late, good):
    end = NOW + timedelta(hours=72) + late
    if good:
        assert plans(anyshire, until=end)[0].during.end == end
    else:
        refused("until", "72 hours at most", "midday on Thursday 26", tables=anyshire, until=end)


def test_72_hours_are_hours_that_pass_not_hours_of_the_clock(anyshire):
    friday = datetime(2026, 10, 23, 11, tzinfo=UTC)  # the clocks go back on Sunday
    end = datetime(2026, 10, 26, 11, tzinfo=UTC)

    assert plans(anyshire, at=friday, until=end)[0].during.end == end
    refused("until", "72 hours", tables=anyshire, at=friday, until=end + SECOND)


@pytest.mark.parametrize("end", [NOW + HOUR, NOW + 2 * HOUR])
def test_an_end_is_after_the_start(anyshire, end):
    start = NOW + 2 * HOUR
    refused("until", "is not after the start", tables=anyshire, start=start, until=end)


def test_a_start_that_is_past_is_refused_and_one_of_this_minute_means_now(anyshire):
    refused("from", "is past", tables=anyshire, start=NOW - timedelta(minutes=2))

    assert plans(anyshire, start=NOW - timedelta(seconds=30))[0].during.start == NOW


def test_a_start_in_another_year_by_mistake_is_refused(anyshire):
    refused("from", "400 days", tables=anyshire, start=NOW + timedelta(days=401))


def test_a_handover_too_far_away_is_refused_with_when_it_is(make_app):
    with make_app(ANYSHIRE).app_context():
        tables = lookup.snapshot().timetables
    at = datetime(2026, 12, 24, 14, tzinfo=UTC)
    (plan,) = plans(tables, at=at, until=None)
    assert plan.during.end == datetime(2026, 12, 24, 15, 30, tzinfo=UTC)

    refused(
        "until", "10am on Monday 28", "Choose a time", tables=tables, at=at + 4 * HOUR, until=None
    )


def test_a_service_that_never_hands_over_is_diverted_until_a_time():
    always = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    directory, _ = parse(always, ANYSHIRE)
    tables = Timetables(directory, {})

    refused("until", "none ahead", tables=tables, line="mash", until=None)


def test_a_line_or_service_that_there_is_not_is_told_with_those_there_are(anyshire):
    refused("line", "no line 'nope'", "mash, advice, eds", tables=anyshire, line="nope")
    refused("service", "no service 'nope'", "children", tables=anyshire, service="nope")


def test_the_number_that_callers_ring_would_go_round_in_a_circle():
    tables = with_lines("  loop:\n    name: Loop\n    phone: 01632 960100\n    hours: always\n")

    refused("line", "round in a circle", tables=tables, line="loop")
    assert plans(tables, service="professionals", line="loop")


def test_a_line_that_has_that_number_on_some_date_of_the_divert_is_refused_too():
    tables = with_lines(
        "  loop:\n    name: Loop\n    phone: 01632 960055\n    hours: always\n    special_days:\n"
        "      - {date: 2026-11-24, name: Trial, phone: 01632 960100}\n"
    )

    assert plans(tables, line="loop", until=4 * HOUR)
    refused("line", "circle", tables=tables, line="loop", until=timedelta(hours=20))


def test_an_internal_line_is_not_shown_by_way_of_a_divert(anyshire):
    refused("line", "internal", tables=anyshire, service="professionals", line="duty-manager")
    assert plans(anyshire, service="children", line="duty-manager")


def test_a_number_that_costs_the_caller_extra_is_refused():
    tables = with_lines("  dear:\n    name: Dear\n    phone: 0845 790 0000\n    hours: always\n")

    refused("line", "084", tables=tables, line="dear")


@pytest.mark.parametrize("note", ["", "   ", "\n\t"])
def test_a_divert_says_why(anyshire, note):
    refused("note", "for colleagues", tables=anyshire, note=note)


def test_a_note_is_one_line_and_not_a_report(anyshire):
    assert plans(anyshire, note=" the \n phones\tare down ")[0].note == "the phones are down"
    assert plans(anyshire, note="down\x00\x1b[0m now")[0].note == "down [0m now"
    assert plans(anyshire, note="x" * 200)
    refused("note", "200 characters", tables=anyshire, note="x" * 201)


def test_a_line_that_is_shut_is_told_to_the_second(anyshire):
    at = datetime(2026, 11, 23, 16, tzinfo=UTC)
    (plan,) = plans(anyshire, line="mash", at=at, until=2 * HOUR)
    (open_,) = plans(anyshire, line="mash", at=at, until=HOUR)
    (late,) = plans(anyshire, line="mash", at=at, until=HOUR + SECOND)

    five = datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert plan.closed == (Span(five, five + HOUR),)
    assert open_.closed == ()
    assert late.closed == (Span(five, five + SECOND),)


def test_another_end_is_checked_from_now_on(anyshire):
    service = anyshire.service("children")
    line = next(each for each in anyshire.directory.lines if each.id == "eds")
    long_ago = NOW - timedelta(hours=70)

    def moved(until, start=long_ago):
        return divert_rules.propose_new_end(
            anyshire, service, line, start, until, NOW, VOICE
        ).during

    assert moved(4 * HOUR) == Span(NOW, NOW + 4 * HOUR)
    assert moved(None).end == datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert moved(HOUR, start=NOW + HOUR) == Span(NOW + HOUR, NOW + 2 * HOUR)
    with pytest.raises(InvalidDivert, match="is past"):
        moved(NOW)
    with pytest.raises(InvalidDivert, match="72 hours"):
        moved(NOW + timedelta(hours=72, seconds=1))
