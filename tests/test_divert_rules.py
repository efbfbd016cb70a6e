"""What may be diverted where, and for how long: refusals in words, to the second."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing import divert_rules, lookup
from routing.core.decision import Timetables
from routing.core.instants import Span
from routing.directory.load import load, parse
from routing.errors import InvalidDivert
from routing.text.locale import get_locale

LONDON = ZoneInfo("Europe/London")
ENGLISH = get_locale("en", LONDON)
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


def propose(timetables, service="children", line="eds", start=None, until=HOUR, note="why", at=NOW):
    return divert_rules.propose(timetables, service, line, start, until, note, at, ENGLISH)


def assert_refused(field, *words, **arguments):
    with pytest.raises(InvalidDivert) as caught:
        propose(**arguments)
    assert caught.value.field == field
    for word in words:
        assert word in str(caught.value)


def test_from_now_for_an_hour_is_from_now_for_an_hour(anyshire):
    (proposal,) = propose(anyshire)

    assert proposal.during == Span(NOW, NOW + HOUR)
    assert (proposal.service.id, proposal.line.id, proposal.note) == ("children", "eds", "why")


def test_by_itself_it_lasts_until_the_next_handover_of_the_service(anyshire):
    (proposal,) = propose(anyshire, until=None)

    assert proposal.during.end == datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_all_services_at_once_each_end_at_their_own_handover(anyshire):
    proposals = propose(
        anyshire, service="all", until=None, at=datetime(2026, 11, 23, 10, tzinfo=UTC)
    )

    assert {proposal.service.id: proposal.during.end.hour for proposal in proposals} == {
        "children": 17,
        "professionals": 12,
    }


@pytest.mark.parametrize(
    ("end", "good"), [(NOW - SECOND, False), (NOW, False), (NOW + SECOND, True)]
)
def test_an_end_is_after_now(anyshire, end, good):
    if good:
        assert propose(anyshire, until=end)[0].during.end == end
    else:
        assert_refused("until", "is past", timetables=anyshire, until=end)


@pytest.mark.parametrize(("late", "good"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)])
def test_it_lasts_72_hours_at_most(anyshire, late, good):
    end = NOW + timedelta(hours=72) + late
    if good:
        assert propose(anyshire, until=end)[0].during.end == end
    else:
        assert_refused(
            "until", "72 hours at most", "midday on Thursday 26", timetables=anyshire, until=end
        )


def test_72_hours_are_hours_that_pass_not_hours_of_the_clock(anyshire):
    friday = datetime(2026, 10, 23, 11, tzinfo=UTC)  # the clocks go back on Sunday
    end = datetime(2026, 10, 26, 11, tzinfo=UTC)

    assert propose(anyshire, at=friday, until=end)[0].during.end == end
    assert_refused("until", "72 hours", timetables=anyshire, at=friday, until=end + SECOND)


@pytest.mark.parametrize("end", [NOW + HOUR, NOW + 2 * HOUR])
def test_an_end_is_after_the_start(anyshire, end):
    start = NOW + 2 * HOUR
    assert_refused("until", "is not after the start", timetables=anyshire, start=start, until=end)


def test_a_start_that_is_past_is_refused_and_one_of_this_minute_means_now(anyshire):
    assert_refused("from", "is past", timetables=anyshire, start=NOW - timedelta(minutes=2))

    assert propose(anyshire, start=NOW - timedelta(seconds=30))[0].during.start == NOW


def test_a_start_in_another_year_by_mistake_is_refused(anyshire):
    assert_refused("from", "400 days", timetables=anyshire, start=NOW + timedelta(days=401))


def test_a_handover_too_far_away_is_refused_with_when_it_is(make_app):
    with make_app(ANYSHIRE).app_context():
        timetables = lookup.snapshot().timetables
    at = datetime(2026, 12, 24, 14, tzinfo=UTC)
    (proposal,) = propose(timetables, at=at, until=None)
    assert proposal.during.end == datetime(2026, 12, 24, 15, 30, tzinfo=UTC)

    assert_refused(
        "until",
        "10am on Monday 28",
        "Choose a time",
        timetables=timetables,
        at=at + 4 * HOUR,
        until=None,
    )


def test_a_service_that_never_hands_over_is_diverted_until_a_time():
    always = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    directory, _ = parse(always, ANYSHIRE)
    timetables = Timetables(directory, {})

    assert_refused("until", "none ahead", timetables=timetables, line="mash", until=None)


def test_an_unknown_line_or_service_is_refused_with_the_known_ones(anyshire):
    assert_refused("line", "no line 'nope'", "mash, advice, eds", timetables=anyshire, line="nope")
    assert_refused("service", "no service 'nope'", "children", timetables=anyshire, service="nope")


def test_the_number_that_callers_ring_would_go_round_in_a_circle():
    timetables = with_lines("  loop:\n    name: Loop\n    phone: 01632 960100\n    hours: always\n")

    assert_refused("line", "round in a circle", timetables=timetables, line="loop")
    assert propose(timetables, service="professionals", line="loop")


def test_a_line_that_has_that_number_on_some_date_of_the_divert_is_refused_too():
    timetables = with_lines(
        "  loop:\n    name: Loop\n    phone: 01632 960055\n    hours: always\n    special_days:\n"
        "      - {date: 2026-11-24, name: Trial, phone: 01632 960100}\n"
    )

    assert propose(timetables, line="loop", until=4 * HOUR)
    assert_refused("line", "circle", timetables=timetables, line="loop", until=timedelta(hours=20))


def test_an_internal_line_is_not_shown_by_way_of_a_divert(anyshire):
    assert_refused(
        "line", "internal", timetables=anyshire, service="professionals", line="duty-manager"
    )
    assert propose(anyshire, service="children", line="duty-manager")


def test_a_number_that_costs_the_caller_extra_is_refused():
    timetables = with_lines(
        "  dear:\n    name: Dear\n    phone: 0845 790 0000\n    hours: always\n"
    )

    assert_refused("line", "084", timetables=timetables, line="dear")


@pytest.mark.parametrize("note", ["", "   ", "\n\t"])
def test_a_divert_without_a_note_is_refused(anyshire, note):
    assert_refused("note", "for colleagues", timetables=anyshire, note=note)


def test_a_note_is_one_line_and_not_a_report(anyshire):
    assert propose(anyshire, note=" the \n phones\tare down ")[0].note == "the phones are down"
    assert propose(anyshire, note="down\x00\x1b[0m now")[0].note == "down [0m now"
    assert propose(anyshire, note="x" * 200)
    assert_refused("note", "200 characters", timetables=anyshire, note="x" * 201)


def test_when_the_line_is_closed_is_exact_to_the_second(anyshire):
    at = datetime(2026, 11, 23, 16, tzinfo=UTC)
    (proposal,) = propose(anyshire, line="mash", at=at, until=2 * HOUR)
    (open_,) = propose(anyshire, line="mash", at=at, until=HOUR)
    (late,) = propose(anyshire, line="mash", at=at, until=HOUR + SECOND)

    five = datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert proposal.closed == (Span(five, five + HOUR),)
    assert open_.closed == ()
    assert late.closed == (Span(five, five + SECOND),)


def test_the_end_of_a_divert_in_force_is_checked(anyshire):
    service = anyshire.service("children")
    line = anyshire.directory.line("eds")

    def moved(until, start=NOW):
        return divert_rules.propose_one(
            anyshire, service, line, start, until, "", NOW, ENGLISH
        ).during

    assert moved(4 * HOUR) == Span(NOW, NOW + 4 * HOUR)
    assert moved(None).end == datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert moved(HOUR, start=NOW + HOUR) == Span(NOW + HOUR, NOW + 2 * HOUR)
    with pytest.raises(InvalidDivert, match="is past"):
        moved(NOW)
    with pytest.raises(InvalidDivert, match="72 hours"):
        moved(NOW + timedelta(hours=72, seconds=1))
