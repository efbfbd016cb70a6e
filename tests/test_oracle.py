"""The oracle itself, held against cases worked out by hand from the contract."""

from datetime import date, datetime, timedelta

import pytest
from oracle import Oracle, lawful_holidays, published_holidays

COUNCIL = """
zone: Europe/London
bank_holidays:
  division: england-and-wales
  add: {2027-06-01: Day of national celebration}
  remove: [2027-05-31]
lines:
  mash:
    phone: 01632 960001
    hours: {mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}
    special_days:
      - {date: 2026-12-24, name: Christmas Eve, hours: 08:30-15:30}
      - {date: 2026-07-01, name: Training day, hours: closed}
      - {from: 2026-12-29, to: 2026-12-31, name: Festive number, phone: 01632 960009}
  nights:
    phone: 01632 960003
    hours: {"mon,wed,fri": "07:00-09:00, 22:00-06:00", sat-sun: 20:00-24:00}
  eds: {phone: 01632 960002, hours: always}
services:
  children: {lines: [mash], out_of_hours: eds}
  professionals: {lines: [mash, nights], out_of_hours: eds}
"""
ONE_LINE = """
zone: Europe/London
bank_holidays: {{division: england-and-wales}}
lines:
  desk: {{phone: 01632 960003, hours: {hours}, special_days: [{special_days}]}}
  eds: {{phone: 01632 960002}}
services:
  help: {{lines: [desk], out_of_hours: eds}}
"""
DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")
MOVED = {"2012-05-28": "2012-06-04", "2020-05-04": "2020-05-08", "2022-05-30": "2022-06-02"}
EXTRA = {"2012-06-05", "2022-06-03", "2022-09-19", "2023-05-08"}  # jubilees, funeral, coronation
EXTRA_IN = {"scotland": {"2026-06-15"}}  # World Cup
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
OPEN = [False, True, True, False]
NEVER = [False] * 4


@pytest.fixture
def council(tmp_path):
    return written(tmp_path, COUNCIL)


def written(tmp_path, text, division=None):
    path = tmp_path / "directory.yaml"
    path.write_text(text, "utf-8")
    return Oracle(path, division)


def one_line(tmp_path, hours, special_days=""):
    return written(tmp_path, ONE_LINE.format(hours=hours, special_days=special_days))


def instant(text):
    return datetime.fromisoformat(text)


def edges(oracle, opens, closes):
    """Say whether the desk is open a second before and at the one, and so for the other."""
    opens, closes = instant(opens), instant(closes)
    instants = (opens - SECOND, opens, closes - SECOND, closes)
    return [oracle.answer("help", at)[0] == "desk" for at in instants]


@pytest.mark.parametrize(
    ("at", "line", "number", "reason"),
    [
        ("2026-05-21T16:59:59+01:00", "mash", "960001", "in_hours"),
        ("2026-05-21T17:00:00+01:00", "eds", "960002", "out_of_hours"),
        ("2026-05-22T08:29:59+01:00", "eds", "960002", "out_of_hours"),
        ("2026-05-22T08:30:00+01:00", "mash", "960001", "in_hours"),
        ("2026-05-22T16:29:59+01:00", "mash", "960001", "in_hours"),  # a Friday
        ("2026-05-22T16:30:00+01:00", "eds", "960002", "out_of_hours"),
        ("2026-05-25T11:00:00+01:00", "eds", "960002", "bank_holiday"),
        ("2026-07-01T11:00:00+01:00", "eds", "960002", "special_day"),
        ("2026-12-24T08:29:59+00:00", "eds", "960002", "special_day"),
        ("2026-12-24T15:29:59+00:00", "mash", "960001", "in_hours"),
        ("2026-12-24T15:30:00+00:00", "eds", "960002", "special_day"),
        ("2026-12-25T11:00:00+00:00", "eds", "960002", "bank_holiday"),
        ("2026-12-26T11:00:00+00:00", "eds", "960002", "out_of_hours"),  # a Saturday
        ("2026-12-28T11:00:00+00:00", "eds", "960002", "bank_holiday"),  # its substitute
        ("2026-12-29T07:00:00+00:00", "eds", "960002", "out_of_hours"),
        ("2026-12-29T11:00:00+00:00", "mash", "960009", "in_hours"),
        ("2027-05-31T11:00:00+01:00", "mash", "960001", "in_hours"),
        ("2027-06-01T11:00:00+01:00", "eds", "960002", "bank_holiday"),
    ],
)
def test_the_contract_s_own_line_answers_as_worked_out_by_hand(council, at, line, number, reason):
    assert council.answer("children", instant(at)) == (line, "+441632" + number, reason)


@pytest.mark.parametrize(
    ("at", "line", "reason"),
    [
        ("2026-12-23T08:29:59+00:00", "nights", "in_hours"),  # a Wednesday
        ("2026-12-23T08:30:00+00:00", "mash", "in_hours"),
        ("2026-12-23T17:00:00+00:00", "eds", "out_of_hours"),
        ("2026-12-24T05:59:59+00:00", "nights", "in_hours"),
        ("2026-12-24T06:00:00+00:00", "eds", "special_day"),
        ("2026-12-27T23:59:59+00:00", "nights", "in_hours"),  # a Sunday
        ("2026-12-28T00:00:00+00:00", "eds", "bank_holiday"),
    ],
)
def test_the_first_open_line_answers_and_the_first_line_gives_the_reason(council, at, line, reason):
    assert council.answer("professionals", instant(at))[::2] == (line, reason)


def test_a_night_shift_survives_the_holiday_that_begins_at_midnight(tmp_path):
    oracle = one_line(tmp_path, "{mon-sun: 22:00-06:00, bank-holiday: closed}")

    assert edges(oracle, "2026-12-24T22:00Z", "2026-12-25T06:00Z") == OPEN
    assert edges(oracle, "2026-12-25T22:00Z", "2026-12-26T06:00Z") == NEVER
    assert edges(oracle, "2026-12-26T22:00Z", "2026-12-27T06:00Z") == OPEN


def test_a_special_day_replaces_only_the_ranges_that_start_on_it(tmp_path):
    oracle = one_line(tmp_path, "{mon-sun: 22:00-06:00}", "{date: 2026-06-10, hours: 23:00-01:00}")

    assert edges(oracle, "2026-06-09T22:00+01:00", "2026-06-10T06:00+01:00") == OPEN
    assert edges(oracle, "2026-06-10T23:00+01:00", "2026-06-11T01:00+01:00") == OPEN
    assert edges(oracle, "2026-06-11T22:00+01:00", "2026-06-12T06:00+01:00") == OPEN


def test_a_close_at_its_open_is_a_day_later(tmp_path):
    oracle = one_line(tmp_path, "{mon: 09:00-09:00}")

    assert edges(oracle, "2026-06-08T09:00+01:00", "2026-06-09T09:00+01:00") == OPEN


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        # 29 March 2026: from 00:59:59 to 02:00:00, at 01:00 UTC.
        ("{sun: 01:30-05:00}", "2026-03-29T01:00Z", "2026-03-29T04:00Z"),
        ("{sun: 00:00-01:30}", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),
        ("{sat: 22:00-01:30}", "2026-03-28T22:00Z", "2026-03-29T01:00Z"),
        ("{sat: 22:00-06:00}", "2026-03-28T22:00Z", "2026-03-29T05:00Z"),
        ("{sun: 01:10-01:50}", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
        ("{sun: 01:30-02:00}", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
        # 25 October 2026: from 01:59:59 back to 01:00:00, at 01:00 UTC.
        ("{sun: 01:30-05:00}", "2026-10-25T00:30Z", "2026-10-25T05:00Z"),
        ("{sun: 00:00-01:30}", "2026-10-24T23:00Z", "2026-10-25T01:30Z"),
        ("{sun: 00:00-01:00}", "2026-10-24T23:00Z", "2026-10-25T01:00Z"),
        ("{sat: 22:00-01:30}", "2026-10-24T21:00Z", "2026-10-25T01:30Z"),
        ("{sat: 22:00-06:00}", "2026-10-24T21:00Z", "2026-10-25T06:00Z"),
        ("{sun: 01:10-01:50}", "2026-10-25T00:10Z", "2026-10-25T01:50Z"),
        ("{sun: 02:00-03:00}", "2026-10-25T02:00Z", "2026-10-25T03:00Z"),
    ],
)
def test_a_range_meets_the_clock_change_as_the_contract_says(tmp_path, hours, opens, closes):
    oracle = one_line(tmp_path, hours)

    assert edges(oracle, opens, closes) == (OPEN if opens != closes else NEVER)
    opens, closes = instant(opens), instant(closes)
    codes, legend = oracle.minutes("help", opens - 2 * DAY, opens + 2 * DAY)
    seen = [opens - 2 * DAY + m * MINUTE for m, c in enumerate(codes) if legend[c][0] == "desk"]
    assert seen == [opens + m * MINUTE for m in range((closes - opens) // MINUTE)]


@pytest.mark.parametrize("division", DIVISIONS)
def test_law_and_custom_give_the_published_dates_but_for_the_one_offs(division):
    computed = set().union(*(lawful_holidays(division, year) for year in range(2012, 2029)))
    published = set().union(*published_holidays(division).values())

    extra = {*EXTRA, *EXTRA_IN.get(division, ())}
    assert computed - published == set(map(date.fromisoformat, MOVED))
    assert published - computed == set(map(date.fromisoformat, {*MOVED.values(), *extra}))


def test_each_division_keeps_its_own_holidays_also_after_the_published_years(tmp_path):
    own = {d: written(tmp_path, COUNCIL, division=d).is_bank_holiday for d in DIVISIONS}

    def keep(day):
        return [division for division in DIVISIONS if own[division](date.fromisoformat(day))]

    assert keep("2026-06-15") == keep("2029-01-02") == keep("2029-11-30") == ["scotland"]
    assert keep("2029-04-02") == keep("2030-08-26") == ["england-and-wales", "northern-ireland"]
    assert keep("2029-03-19") == keep("2030-07-12") == ["northern-ireland"]
    assert keep("2032-12-27") == keep("2032-12-28") == keep("2028-01-03") == list(DIVISIONS)
    assert keep("2032-12-25") == keep("2032-12-26") == keep("2029-03-17") == []
