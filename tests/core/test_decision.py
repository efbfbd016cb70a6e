"""Who takes the call: the boundaries in threes, reasons, handovers, diverts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from routing.bank_holidays import build_calendar
from routing.core.decision import (
    HORIZON,
    Divert,
    Timetables,
    decide,
    dial_order,
    handovers,
    merge_hours,
    timeline,
)
from routing.core.directory import Phone, TimeRange
from routing.core.instants import Span
from routing.directory.load import parse
from routing.errors import NaiveTime, UnknownService

LONDON = ZoneInfo("Europe/London")
HEAD = """
council: {name: Anyshire, website: https://www.anyshire.example}
zone: Europe/London
languages: [en]
emergency: Call 999.
bank_holidays: {division: england-and-wales}
"""
PLAIN = """
lines:
  mash:
    name: Hub
    phone: 01632 960001
    hours: {mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}
    special_days:
      - {date: 2026-12-24, name: Christmas Eve, hours: 08:30-15:30}
      - {from: 2026-12-29, to: 2026-12-31, name: Festive number, phone: 01632 960009}
  eds: {name: Night, phone: 01632 960002, hours: {mon-sun: 17:00-08:30}}
  one: {name: One, phone: 01632 960003, hours: always}
  backup: {name: Backup, phone: 01632 960004, hours: always}
services:
  children: {name: Children, lines: [mash], out_of_hours: eds, if_unanswered: [eds, mash, backup]}
  always: {name: Always, lines: [one], out_of_hours: one}
"""


def compiled(text=PLAIN):
    directory, _ = parse(HEAD + text, "test.yaml")
    return Timetables(directory, build_calendar(directory.holiday_rules).dates)


TABLES = compiled()
LINES = {line.id: line for line in TABLES.directory.lines}


def london(text):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def ask(text, diverts=(), service="children"):
    decision = decide(TABLES, service, london(text), diverts)
    return decision.line.id, decision.reason.code.value


@pytest.mark.parametrize(
    ("at", "line", "reason"),
    [
        pytest.param("2026-05-22 08:29:59", "eds", "out_of_hours", id="before opening"),
        pytest.param("2026-05-22 08:30:00", "mash", "in_hours", id="at opening"),
        pytest.param("2026-05-22 08:30:01", "mash", "in_hours", id="after opening"),
        pytest.param("2026-05-22 16:29:59", "mash", "in_hours", id="before Friday's close"),
        pytest.param("2026-05-22 16:30:00", "eds", "out_of_hours", id="at Friday's close"),
        pytest.param("2026-05-25 11:00:00", "eds", "bank_holiday", id="bank holiday Monday"),
        pytest.param("2026-12-24 08:29:59", "eds", "special_day", id="before Christmas Eve opens"),
        pytest.param("2026-12-24 15:29:59", "mash", "in_hours", id="Christmas Eve"),
        pytest.param("2026-12-24 15:30:00", "eds", "special_day", id="its early closing"),
        pytest.param("2026-12-26 12:00:00", "eds", "out_of_hours", id="Saturday, no bank holiday"),
        pytest.param("2026-12-28 12:00:00", "eds", "bank_holiday", id="the substitute day"),
        pytest.param("2026-12-29 07:00:00", "eds", "out_of_hours", id="a day of another number"),
    ],
)
def test_the_first_open_line_takes_the_call(at, line, reason):
    assert ask(at) == (line, reason)


def test_a_reason_holds_the_bank_holiday_or_special_day_that_shuts_the_first_line():
    tables = compiled()
    holiday, eve = (
        decide(tables, "children", london(at)).reason
        for at in ("2026-12-25 12:00", "2026-12-24 16:00")
    )

    assert (holiday.bank_holiday.name, holiday.special_day) == ("Christmas Day", None)
    assert (eve.bank_holiday, eve.special_day.name.get("en")) == (None, "Christmas Eve")


def test_an_answer_holds_until_the_next_handover():
    decision = decide(TABLES, "children", london("2026-12-24 15:30"))

    assert decision.until == london("2026-12-29 08:30")
    assert (decision.next.line.id, decision.next.phone.display) == ("mash", "01632 960009")


def test_a_line_that_answers_day_and_night_has_no_handover():
    decision = decide(compiled(), "always", london("2026-05-22 12:00"))

    assert (decision.service.id, decision.phone.display) == ("always", "01632 960003")
    assert (decision.until, decision.next) == (None, None)


def test_a_handover_more_than_400_days_ahead_is_left_out():
    tables = compiled("""
lines:
  one:
    name: One
    phone: 01632 960003
    hours: always
    special_days: [{date: 2028-03-01, name: Works, phone: 01632 960005}]
  two: {name: Two, phone: 01632 960006, hours: always}
services: {s: {name: S, lines: [one], out_of_hours: one}}
""")
    change = london("2028-03-01 00:00")
    during = Span(change - timedelta(days=1), change)
    diverts = [Divert("s", tables.directory.line("two"), during)]

    for changes_at, diverts_then in ((change, ()), (during.start, diverts)):
        for seconds, is_near in ((-1, False), (0, True), (1, True)):
            at = changes_at - HORIZON + timedelta(seconds=seconds)
            decision = decide(tables, "s", at, diverts_then)
            starts = [start for start, _ in handovers(tables, "s", at, diverts_then)]

            assert decision.until == (changes_at if is_near else None)
            assert (decision.next is not None) is is_near
            assert starts == ([changes_at] if is_near else [])


def first_span(tables, service, at):
    return next(timeline(tables, service, at, at))


@pytest.mark.parametrize("ask", [decide, handovers, first_span])
def test_an_unknown_service_is_refused_with_a_list_of_the_known_ones(ask):
    with pytest.raises(UnknownService, match=r"'adults'\. The services are: children, always"):
        list(ask(TABLES, "adults", london("2026-05-22 12:00")))


@pytest.mark.parametrize("ask", [decide, handovers, first_span])
def test_a_time_without_a_zone_is_refused(ask):
    with pytest.raises(NaiveTime):
        list(ask(TABLES, "children", datetime(2026, 5, 22, 12)))  # noqa: DTZ001


def divert(line, start, end, service="children"):
    return Divert(service, LINES[line], Span(london(start), london(end)))


NOON_TO_ONE = ("2026-05-22 12:00", "2026-05-22 13:00")


def test_a_divert_holds_from_its_start_up_to_its_end():
    diverts = [divert("backup", *NOON_TO_ONE)]
    times = ("11:59:59", "12:00:00", "12:59:59", "13:00:00")

    assert [ask(f"2026-05-22 {time}", diverts) for time in times] == [
        *(("mash", "in_hours"), ("backup", "divert"), ("backup", "divert"), ("mash", "in_hours"))
    ]


def test_of_several_diverts_the_one_set_last_wins():
    diverts = [
        divert("eds", "2026-05-22 11:00", "2026-05-22 13:00"),
        divert("backup", "2026-05-22 12:00", "2026-05-22 14:00"),
        divert("one", "2026-05-22 11:00", "2026-05-22 15:00", service="always"),
    ]

    assert ask("2026-05-22 11:30", diverts) == ("eds", "divert")
    assert ask("2026-05-22 12:30", diverts) == ("backup", "divert")
    assert ask("2026-05-22 12:30", diverts[::-1]) == ("eds", "divert")


def until(at, *diverts):
    return decide(TABLES, "children", london(at), diverts).until


def test_until_takes_account_of_a_later_divert_and_of_one_that_changes_nothing():
    assert until("2026-05-22 09:00", divert("backup", *NOON_TO_ONE)) == london(NOON_TO_ONE[0])
    assert until("2026-05-22 12:30", divert("mash", *NOON_TO_ONE)) == london("2026-05-22 16:30")


def test_a_divert_that_ends_between_two_seconds_hands_over_at_its_end():
    end = london("2026-05-22 13:00") + timedelta(milliseconds=500)
    short = replace(divert("backup", *NOON_TO_ONE), during=Span(london(NOON_TO_ONE[0]), end))

    assert until("2026-05-22 12:30", short) == end


@pytest.mark.parametrize("end", ["2026-07-01 06:00", "2026-07-02 06:00"])
def test_the_number_of_a_diverted_line_changes_at_the_midnights_around_its_local_date(end):
    tables, start, end = compiled(SHARED), london("2026-06-30 12:00"), london(end)
    diverts = [Divert("s", tables.directory.line("c"), Span(start, end))]
    numbers = [
        (start, "01632 960003"),
        (london("2026-07-01 00:00"), "01632 960009"),
        (london("2026-07-02 00:00"), "01632 960003"),
    ]

    assert [
        (span.start, answer.phone.display)
        for span, answer in timeline(tables, "s", start, end, diverts)
    ] == [number for number in numbers if number[0] < end]


def test_a_timeline_has_the_diverts_of_its_service_and_ends_where_it_is_told_to():
    start, end = london("2026-05-22 15:30"), london("2026-05-22 16:30")
    diverts = [
        divert("backup", "2026-05-22 16:00", "2026-05-22 16:10"),
        divert("one", "2026-05-22 16:00", "2026-05-22 16:20", service="always"),
    ]

    before = end - timedelta(minutes=1)
    assert [
        (f"{span.start:%H:%M}", f"{span.end:%H:%M}", answer.line.id)
        for span, answer in timeline(TABLES, "children", start, before, diverts)
    ] == [
        ("14:30", "15:00", "mash"),
        ("15:00", "15:10", "backup"),
        ("15:10", "15:29", "mash"),
    ]
    assert len(list(timeline(TABLES, "children", start, end))) == 1
    assert list(timeline(TABLES, "children", start, start)) == []


def test_staff_see_a_divert_begin_and_end_where_callers_notice_no_difference():
    diverts = [
        divert("eds", "2026-05-22 18:00", "2026-05-22 19:00"),
        divert("one", "2026-05-22 18:10", "2026-05-22 18:20", service="always"),
    ]
    following = handovers(TABLES, "children", london("2026-05-22 16:00"), diverts)

    assert [
        (f"{start:%H:%M}", answer.line.id, answer.reason.code.value)
        for start, answer in islice(following, 4)
    ] == [
        ("15:30", "eds", "out_of_hours"),
        ("17:00", "eds", "divert"),
        ("18:00", "eds", "out_of_hours"),
        ("07:30", "mash", "in_hours"),
    ]


def avoiding(*line_ids, line="mash"):
    start, end = london("2026-05-22 18:00"), london("2026-05-23 06:00")
    return [
        Divert("children", LINES[line], Span(start, end), avoid=LINES[line_id])
        for line_id in line_ids
    ]


def order(diverts, at="2026-05-22 20:00", excluded=()):
    at = london(at)
    decision = decide(TABLES, "children", at, diverts)
    return [answer.line.id for answer in dial_order(TABLES, decision, at, excluded)]


def test_each_line_is_tried_once_and_closed_lines_are_left_out():
    assert order([]) == ["eds", "backup"]


def test_a_line_that_a_divert_in_force_replaced_is_not_tried_unless_nobody_else_is_left():
    assert order(avoiding("eds")) == ["mash", "backup"]
    assert order(avoiding("eds", "backup")) == ["mash"]
    assert order(avoiding("eds"), at="2026-05-23 06:00") == ["eds", "backup"]
    assert order([divert("mash", "2026-05-22 18:00", "2026-05-23 06:00")]) == [
        *("mash", "eds", "backup")
    ]
    mash = {LINES["mash"].phone.e164}
    assert order(avoiding("eds", "backup"), excluded=mash) == ["eds", "backup"]


@pytest.mark.parametrize(("at", "tried"), [("2026-06-30 20:00", "db"), ("2026-07-01 20:00", "b")])
def test_the_number_of_the_line_replaced_is_that_of_the_local_date(at, tried):
    text = SHARED.replace(
        "services:", "  d: {name: D, phone: 01632 960009, hours: always}\nservices:"
    )
    tables, at = compiled(text.replace("[b, c]", "[d, b, c]")), london(at)
    moved = tables.directory.line("c")
    diverted_to = replace(
        moved, id="e", phone=Phone("+441632960005", "01632 960005"), special_days=()
    )
    dead = Divert("s", diverted_to, Span(at, at + timedelta(hours=1)), avoid=moved)
    answers = dial_order(tables, decide(tables, "s", at, [dead]), at)

    assert [answer.line.id for answer in answers] == ["e", *tried]


SHARED = """
lines:
  a: {name: A, phone: 01632 960001, hours: {mon-sun: 09:00-17:00}}
  b: {name: B, phone: 01632 960001, hours: always}
  c:
    name: C
    phone: 01632 960003
    hours: always
    special_days: [{date: 2026-07-01, name: Moved, phone: 01632 960009}]
services: {s: {name: S, lines: [a], out_of_hours: b, if_unanswered: [b, c]}}
"""


def test_a_backup_with_the_number_of_the_first_line_is_left_out():
    tables, at = compiled(SHARED), london("2026-05-22 12:00")
    decision = decide(tables, "s", at)
    answers = dial_order(tables, decision, at)

    assert [answer.line.id for answer in answers] == ["a", "c"]
    assert [answer.reason for answer in answers] == [decision.reason] * 2


SPRING = date(2026, 3, 29)


def utc(hour, minute=0):
    return datetime(2026, 3, 29, hour, minute, tzinfo=UTC)


def test_hours_wholly_within_the_hour_that_the_clocks_skip_give_no_span():
    assert merge_hours([(SPRING, (TimeRange(65, 115),))], LONDON) == ()


def test_hours_that_begin_in_the_hour_that_the_clocks_skip_begin_as_it_ends():
    assert merge_hours([(SPRING, (TimeRange(65, 180),))], LONDON) == (Span(utc(1), utc(2)),)


def test_hours_that_meet_at_midnight_are_one_span():
    days = [(date(2026, 11, day), (TimeRange(0, 1440),)) for day in (23, 24, 25)]
    midnights = (datetime(2026, 11, day, tzinfo=UTC) for day in (23, 26))

    assert merge_hours(days, LONDON) == (Span(*midnights),)


@pytest.mark.parametrize(("seconds", "is_open"), [(-1, True), (0, False), (1, False)])
def test_a_line_is_shut_from_the_second_at_which_its_hours_end(seconds, is_open):
    at = london("2026-05-22 16:30") + timedelta(seconds=seconds)

    assert TABLES.is_open(TABLES.directory.line("mash"), at) is is_open
