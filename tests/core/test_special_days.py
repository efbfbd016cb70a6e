"""Runs, seasons and dates that come again: which dates they set, and when they are the reason."""

from datetime import UTC, datetime

import pytest
from conftest import ROOT
from core.test_decision import HEAD, compiled, london
from sweep import timetables, wrong_instants, wrong_minutes, year

from routing.core.decision import Divert, decide
from routing.core.instants import Span

CASES = ROOT / "tests/data/cases"


def tables_with(special_days, hours="{mon-fri: 09:00-17:00, bank-holiday: closed}"):
    return compiled(f"""
lines:
  day: {{name: Day, phone: 01632 960001, hours: {hours}, special_days: [{special_days}]}}
  night: {{name: Night, phone: 01632 960002, hours: always}}
services: {{children: {{name: Children, lines: [day], out_of_hours: night}}}}
""")


def ask(tables, wall):
    decision = decide(tables, "children", london(wall))
    return decision.line.id, decision.reason.code.value


RUN, SEASON, UNTIL_FURTHER_NOTICE = (
    *("d11-range-includes-weekend", "g04-season-week", "g13-until-further-notice"),
)


@pytest.mark.parametrize(
    ("case", "wall", "expected"),
    [
        # A run changes the hours of open dates and opens no other.
        (RUN, "2026-12-02T15:59:59", ("day", "in_hours")),
        (RUN, "2026-12-02T16:00", ("edt", "special_day")),
        (RUN, "2026-12-05T12:00", ("edt", "out_of_hours")),  # a Saturday
        (RUN, "2026-12-25T12:00", ("edt", "bank_holiday")),
        (RUN, "2026-12-28T12:00", ("edt", "bank_holiday")),  # a substitute day
        (RUN, "2027-03-01T16:30", ("day", "in_hours")),
        # A run with a week of its own replaces the week.
        (SEASON, "2026-11-05T16:29:59", ("mash", "in_hours")),
        (SEASON, "2026-11-05T16:30", ("edt", "special_day")),
        (SEASON, "2026-11-06T16:00", ("edt", "special_day")),
        (SEASON, "2026-12-25T12:00", ("edt", "bank_holiday")),
        (SEASON, "2027-03-01T08:30", ("mash", "in_hours")),
        # A run until further notice is never the reason.
        (UNTIL_FURTHER_NOTICE, "2026-12-24T12:00", ("edt", "out_of_hours")),
        (UNTIL_FURTHER_NOTICE, "2026-12-25T10:00", ("edt", "bank_holiday")),
        (UNTIL_FURTHER_NOTICE, "2099-06-05T10:00", ("mash", "in_hours")),
    ],
)
def test_a_run_sets_the_hours_and_the_reason_of_its_dates(case, wall, expected):
    assert ask(timetables(CASES / f"{case}.yaml"), wall) == expected


def test_a_run_opens_a_date_that_an_earlier_entry_opened_and_not_one_that_it_closed():
    tables = tables_with(
        "{date: 2026-12-05, name: Extra Saturday, hours: 10:00-12:00},"
        "{date: 2026-12-02, name: Training, hours: closed},"
        "{from: 2026-12-01, to: 2026-12-31, name: Winter, hours: 09:00-16:00}"
    )

    assert ask(tables, "2026-12-05T15:00") == ("day", "in_hours")
    assert ask(tables, "2026-12-02T12:00") == ("night", "special_day")
    reason = decide(tables, "children", london("2026-12-02T12:00")).reason
    assert reason.special_day.name.get("en") == "Training"


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-06-10T05:59:59", ("day", "in_hours")),
        ("2026-06-10T06:00", ("night", "special_day")),
        ("2026-06-10T22:59:59", ("night", "special_day")),
        ("2026-06-11T00:59:59", ("day", "in_hours")),
        ("2026-06-11T01:00", ("night", "out_of_hours")),
        ("2026-12-25T05:59:59", ("day", "in_hours")),
        ("2026-12-25T22:00", ("night", "bank_holiday")),
        ("2026-12-26T22:00", ("day", "in_hours")),
    ],
)
def test_a_special_day_or_bank_holiday_replaces_the_hours_that_begin_on_its_date(wall, expected):
    tables = tables_with(
        "{date: 2026-06-10, name: Short night, hours: 23:00-01:00}",
        "{mon-sun: 22:00-06:00, bank-holiday: closed}",
    )

    assert ask(tables, wall) == expected


def test_a_run_until_further_notice_says_that_a_bank_holiday_of_its_week_shuts_the_line():
    tables = tables_with(
        "{from: 2026-11-02, name: New hours, hours: {mon-sun: 09:00-17:00, bank-holiday: closed}}",
        hours="{mon-fri: 09:00-17:00}",
    )

    assert ask(tables, "2026-12-25T12:00") == ("night", "bank_holiday")


@pytest.mark.parametrize(
    ("every", "days", "other_days"),
    [
        ("24 December", ["2000-12-24", "2100-12-24"], ["2026-12-23"]),
        ("29 February", ["2028-02-29"], []),
        ("first Wednesday", ["2026-12-02"], ["2026-12-09"]),
        ("last Friday", ["2026-11-27"], ["2026-11-20"]),
        ("fourth Friday", ["2026-10-23"], []),
        ("2 weeks, from: 2026-11-02", ["2026-11-16"], ["2026-11-09", "2026-10-19"]),
        ("2 weeks, from: 2026-11-02, to: 2026-11-15", ["2026-11-02"], ["2026-11-16"]),
    ],
)
def test_a_date_that_comes_again_sets_its_hours(every, days, other_days):
    tables = tables_with(f"{{every: {every}, name: Short day, hours: 09:00-12:00}}", "always")

    for day in days:
        assert ask(tables, f"{day}T12:30") == ("night", "special_day")
    for day in other_days:
        assert ask(tables, f"{day}T12:30") == ("day", "in_hours")


def test_of_a_date_and_one_that_comes_again_the_later_in_the_file_wins():
    once = "{date: 2026-12-24, name: Eve, hours: closed}"
    yearly = "{every: 24 December, name: Short, hours: 09:00-12:00}"

    assert ask(tables_with(f"{once},{yearly}"), "2026-12-24T10:00") == ("day", "in_hours")
    assert ask(tables_with(f"{yearly},{once}"), "2026-12-24T10:00") == ("night", "special_day")


def test_another_number_that_comes_again_holds_during_a_divert_too():
    tables = tables_with("{every: first Wednesday, name: Fire drill, phone: 01632 960009}")
    day = tables.directory.line("day")
    during = Span(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 10, tzinfo=UTC))
    divert = Divert("children", day, during)

    decision = decide(tables, "children", during.start, [divert])

    assert decision.until == datetime(2026, 12, 2, tzinfo=UTC)
    assert decision.next.phone.e164 == "+441632960009"


MANY_KINDS = f"""{HEAD}
lines:
  day:
    name: Day
    phone: 01632 960001
    hours: {{mon-thu: 09:00-17:00, fri: 22:00-06:00, bank-holiday: 10:00-12:00}}
    special_days:
      - {{from: 2026-01-05, to: 2026-02-20, name: Winter, hours: 09:00-16:00}}
      - {{every: first Wednesday, name: Training, hours: 13:00-17:00}}
      - {{every: last Friday, from: 2026-06-01, name: Number, phone: 01632 960008}}
      - {{every: 2 weeks, from: 2026-03-29, to: 2026-10-26, name: Sundays, hours: 00:30-02:30}}
      - {{from: 2026-07-21, to: 2026-09-01, name: Summer, hours: {{mon-fri: 09:00-12:00}}}}
      - {{from: 2026-07-27, to: 2026-07-31, name: Week, hours: {{tue: always}}}}
      - {{from: 2026-11-02, name: New hours, hours: {{mon-sat: 08:00-20:00, bank-holiday: closed}}}}
      - {{from: 2026-12-01, name: Newer hours, hours: 09:00-17:00}}
      - {{every: 24 December, name: Christmas Eve, hours: 08:30-15:30}}
  night: {{name: Night, phone: 01632 960002, hours: always}}
services: {{children: {{name: Children, lines: [day], out_of_hours: night}}}}
"""


def test_every_kind_of_special_day_agrees_with_the_oracle_in_every_minute(tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(MANY_KINDS)

    assert wrong_minutes(path, year(2026), year(2028)) == (2 * 365 * 24 * 60, 0)
    assert wrong_instants(path, year(2026), year(2027), random_instants=200)[1] == 0
