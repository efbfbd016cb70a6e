"""What may be diverted where, and for how long: refusals in words, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import ANYSHIRE

from routing import divert_rules, lookup
from routing.core.decision import Timetables
from routing.core.instants import Span
from routing.directory.load import load, parse
from routing.errors import InvalidDivert

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def anyshire():
    directory, _ = load(ANYSHIRE)
    return Timetables(directory, {})


def with_line(line_id, phone, more=""):
    """Return Anyshire with another line, open at all hours, which no service rings by itself."""
    line = f"  {line_id}:\n    name: {line_id}\n    phone: {phone}\n    hours: always\n    {more}"
    text = ANYSHIRE.read_text("utf-8").replace("\nservices:", f"\n{line}\nservices:", 1)
    return Timetables(parse(text, ANYSHIRE)[0], {})


def propose(
    timetables,
    service="children",
    line="eds",
    start=None,
    until=HOUR,
    at=NOW,
    diverts=(),
    may_ring=False,
):
    return divert_rules.propose(timetables, diverts, service, line, start, until, may_ring, at)


def assert_refused(timetables, field, *words, **arguments):
    with pytest.raises(InvalidDivert) as refusal:
        propose(timetables, **arguments)
    assert refusal.value.field == field
    assert [word for word in words if word not in str(refusal.value)] == []


def test_from_now_for_an_hour_is_from_now_for_an_hour(anyshire):
    (proposal,) = propose(anyshire)

    assert proposal.during == Span(NOW, NOW + HOUR)
    assert (proposal.service, proposal.line.id) == ("children", "eds")


def test_the_line_that_would_take_the_calls_at_the_start_is_avoided_unless_it_may_ring(anyshire):
    (first,) = propose(anyshire, line="duty-manager")
    (second,) = propose(anyshire, diverts=[first])
    (by_night,) = propose(anyshire, line="mash", start=NOW + 6 * HOUR)
    (same,) = propose(anyshire, line="mash")
    (may_ring,) = propose(anyshire, may_ring=True)

    assert [divert.avoid.id for divert in (first, second, by_night)] == [
        "mash",
        "duty-manager",
        "eds",
    ]
    assert same.avoid is may_ring.avoid is None


def test_by_itself_it_lasts_until_the_next_handover_of_the_service(anyshire):
    (proposal,) = propose(anyshire, until=None)

    assert proposal.during.end == datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_all_services_at_once_each_end_at_their_own_handover(anyshire):
    proposals = propose(
        anyshire, service="all", until=None, at=datetime(2026, 11, 23, 10, tzinfo=UTC)
    )

    assert {proposal.service: proposal.during.end.hour for proposal in proposals} == {
        "children": 17,
        "professionals": 12,
    }


@pytest.mark.parametrize("end", [NOW + SECOND, NOW + 72 * HOUR - SECOND, NOW + 72 * HOUR])
def test_an_end_is_after_now_and_within_72_hours(anyshire, end):
    assert propose(anyshire, until=end)[0].during.end == end


REFUSED_TIMES = [
    ({"until": NOW - SECOND}, "until", "is not after midday"),
    ({"until": NOW}, "until", "is not after midday"),
    ({"until": NOW + 72 * HOUR + SECOND}, "until", "midday on Thursday 26"),
    ({"start": NOW + 2 * HOUR, "until": NOW + HOUR}, "until", "is not after 2pm"),
    ({"start": NOW + 2 * HOUR, "until": NOW + 2 * HOUR}, "until", "is not after 2pm"),
    ({"start": NOW - timedelta(minutes=2)}, "from", "is past"),
    ({"start": NOW + timedelta(days=401)}, "from", "400 days"),
]


@pytest.mark.parametrize(("times", "field", "words"), REFUSED_TIMES)
def test_a_time_that_cannot_be_meant_is_refused(anyshire, times, field, words):
    assert_refused(anyshire, field, words, **times)


def test_72_hours_are_hours_that_pass_not_hours_of_the_clock(anyshire):
    friday = datetime(2026, 10, 23, 11, tzinfo=UTC)  # the clocks go back on Sunday
    end = datetime(2026, 10, 26, 11, tzinfo=UTC)

    assert propose(anyshire, at=friday, until=end)[0].during.end == end
    assert_refused(anyshire, "until", "72 hours", at=friday, until=end + SECOND)


def test_a_start_of_this_minute_means_now(anyshire):
    assert propose(anyshire, start=NOW - timedelta(seconds=30))[0].during.start == NOW


def test_a_handover_too_far_away_is_refused(make_app):
    with make_app(ANYSHIRE).app_context():
        timetables = lookup.snapshot().timetables
    at = datetime(2026, 12, 24, 14, tzinfo=UTC)
    (proposal,) = propose(timetables, at=at, until=None)
    assert proposal.during.end == datetime(2026, 12, 24, 15, 30, tzinfo=UTC)

    later = {"at": at + 4 * HOUR, "until": None}
    assert_refused(timetables, "until", "until 6pm on Sunday 27", **later)


def test_a_service_that_never_hands_over_is_diverted_until_a_time():
    always = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    timetables = Timetables(parse(always, ANYSHIRE)[0], {})

    assert_refused(timetables, "until", "72 hours at most", line="mash", until=None)


def test_an_unknown_line_or_service_is_refused_with_the_known_ones(anyshire):
    assert_refused(anyshire, "line", "no line 'nope'", "mash, advice, eds", line="nope")
    assert_refused(anyshire, "service", "no service 'nope'", "children", service="nope")


def test_the_number_that_callers_ring_would_go_round_in_a_circle():
    timetables = with_line("loop", "01632 960100")

    assert_refused(timetables, "line", "round in a circle", line="loop")
    assert propose(timetables, service="professionals", line="loop")


def test_a_line_that_has_that_number_on_some_date_of_the_divert_is_refused_too():
    trial = "special_days: [{date: 2026-11-24, name: Trial, phone: 01632 960100}]"
    timetables = with_line("loop", "01632 960055", trial)

    assert propose(timetables, line="loop", until=4 * HOUR)
    assert_refused(timetables, "line", "circle", line="loop", until=timedelta(hours=20))


def test_an_internal_line_is_not_shown_by_way_of_a_divert(anyshire):
    assert_refused(
        anyshire,
        "line",
        "Duty manager is internal",
        "‘Advice",
        service="professionals",
        line="duty-manager",
    )
    assert propose(anyshire, service="children", line="duty-manager")


def test_a_number_that_costs_the_caller_extra_is_refused():
    assert_refused(with_line("dear", "0845 790 0000"), "line", "084", line="dear")


def test_a_note_is_one_line_and_neither_nothing_nor_a_report():
    for note, words in (("\n\t ", "for colleagues"), ("", "colleagues"), ("x" * 201, "200 char")):
        with pytest.raises(InvalidDivert, match=words) as refusal:
            divert_rules.check_note(note)
        assert refusal.value.field == "note"
    assert divert_rules.check_note(" the \n phones\tare down ") == "the phones are down"
    assert divert_rules.check_note("down\x00\x1b[0m now") == "down [0m now"
    assert divert_rules.check_note("x" * 200) == "x" * 200


def test_the_end_of_a_divert_in_force_is_checked(anyshire):
    service = anyshire.service("children")
    line = anyshire.directory.line("eds")

    def moved(until, start=NOW):
        return divert_rules.check_period(anyshire, service, line, start, until, NOW)

    assert moved(4 * HOUR) == Span(NOW, NOW + 4 * HOUR)
    assert moved(None).end == datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert moved(HOUR, start=NOW + HOUR) == Span(NOW + HOUR, NOW + 2 * HOUR)
    with pytest.raises(InvalidDivert, match="is not after"):
        moved(NOW)
    with pytest.raises(InvalidDivert, match="72 hours"):
        moved(NOW + timedelta(hours=72, seconds=1))
