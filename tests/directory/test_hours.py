"""Hours as they are written: days, ranges, and every fault at its own key."""

import pytest

from routing.core.directory import ALL_DAY, TimeRange
from routing.directory.hours import parse_day_hours, parse_week
from routing.errors import FieldErrors


def open_days(written):
    return [name for name, hours in zip("mtwhfsu", parse_week(written).week, strict=True) if hours]


@pytest.mark.parametrize(
    ("key", "days"),
    [("mon", "m"), ("mon-fri", "mtwhf"), ("mon,wed,fri", "mwf"), ("mon-tue, sat-sun", "mtsu")],
)
def test_a_key_is_a_day_a_range_or_a_list_and_other_days_are_closed(key, days):
    assert open_days({key: "09:00-17:00"}) == list(days)


@pytest.mark.parametrize(
    ("written", "ranges"),
    [
        ("closed", ()),
        ("always", ALL_DAY),
        ("00:00-24:00", ALL_DAY),
        ("08:30-17:00", (TimeRange(510, 1020),)),
        ("09:00-12:00, 13:00-16:00", (TimeRange(540, 720), TimeRange(780, 960))),
        ("17:00-24:00", (TimeRange(1020, 1440),)),
    ],
)
def test_a_value_is_closed_always_or_ranges(written, ranges):
    assert parse_day_hours(written) == ranges


@pytest.mark.parametrize(
    ("written", "closes"),
    [("17:00-09:00", 33 * 60), ("17:00-00:00", 24 * 60), ("17:00-17:00", 41 * 60)],
)
def test_a_close_at_or_before_its_open_runs_into_the_next_day(written, closes):
    assert parse_day_hours(written) == (TimeRange(17 * 60, closes),)


@pytest.mark.parametrize(
    "written",
    ["", "9:00-17:00", "09:00", "24:00-09:00", "09:00-24:01", "09:60-10:00", "09:00-10:60",
     "09:00-10:00,", "late", "25:00-26:00", ["09:00-10:00"], {"a": "b"}, "٠٩:٠٠-١٧:٠٠"],
)  # fmt: skip
def test_what_is_no_hours_is_refused_with_what_to_write(written):
    with pytest.raises(ValueError, match="Write"):
        parse_day_hours(written)


def test_always_is_every_day_and_keeps_how_it_was_written():
    assert parse_week("always").always
    assert parse_week("always").written == (("", "always"),)
    assert parse_week({"mon-fri": "09:00-17:00"}).written == (("mon-fri", "09:00-17:00"),)


def test_a_bank_holiday_is_an_ordinary_day_unless_it_has_a_key():
    assert parse_week({"mon": "09:00-17:00"}).bank_holiday is None
    assert parse_week({"mon": "09:00-17:00", "bank-holiday": "closed"}).bank_holiday == ()


def test_every_fault_of_a_week_is_told_at_its_own_key():
    with pytest.raises(FieldErrors) as caught:
        parse_week(
            {"mon-fri": "late", "fri": "09:00-17:00", "someday": "closed", "sat": "09:00-17:00"}
        )

    assert [(fault.key, fault.of_key) for fault in caught.value.faults] == [
        ("mon-fri", False),
        ("fri", True),
        ("someday", True),
    ]


@pytest.mark.parametrize("written", ["mon", "", [], {}, ["mon"]])
def test_what_is_no_week_is_refused_with_what_to_write(written):
    with pytest.raises(ValueError, match="Write"):
        parse_week(written)
