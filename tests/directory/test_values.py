"""Hours and telephone numbers as a directory file writes them."""

import pytest

from routing.core.directory import ALL_DAY, TimeRange
from routing.directory.schema import (
    FieldErrors,
    forbidden_reason,
    parse_day_hours,
    parse_display_phone,
    parse_phone,
    parse_week,
)


def open_days(text):
    return [name for name, hours in zip("mtwhfsu", parse_week(text).week, strict=True) if hours]


@pytest.mark.parametrize(
    ("key", "days"),
    [("mon", "m"), ("mon-fri", "mtwhf"), ("mon,wed,fri", "mwf"), ("mon-tue, sat-sun", "mtsu")],
)
def test_a_key_is_a_day_a_range_or_a_list_and_other_days_are_closed(key, days):
    assert open_days({key: "09:00-17:00"}) == list(days)


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("closed", ()),
        ("always", ALL_DAY),
        ("00:00-24:00", ALL_DAY),
        ("08:30-17:00", (TimeRange(510, 1020),)),
        ("09:00-12:00, 13:00-16:00", (TimeRange(540, 720), TimeRange(780, 960))),
        ("17:00-24:00", (TimeRange(1020, 1440),)),
    ],
)
def test_a_value_is_closed_always_or_ranges(text, ranges):
    assert parse_day_hours(text) == ranges


@pytest.mark.parametrize(
    ("text", "closes"),
    [("17:00-09:00", 33 * 60), ("17:00-00:00", 24 * 60), ("17:00-17:00", 41 * 60)],
)
def test_a_close_at_or_before_its_open_runs_into_the_next_day(text, closes):
    assert parse_day_hours(text) == (TimeRange(17 * 60, closes),)


@pytest.mark.parametrize(
    "text",
    ["", "9:00-17:00", "09:00", "24:00-09:00", "09:00-24:01", "09:60-10:00", "09:00-10:60",
     "09:00-10:00,", "late", "25:00-26:00", ["09:00-10:00"], {"a": "b"}, "٠٩:٠٠-١٧:٠٠"],
)  # fmt: skip
def test_a_value_that_is_not_hours_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="Write"):
        parse_day_hours(text)


def test_always_is_every_day_and_keeps_its_text():
    assert parse_week("always").is_always
    assert parse_week("always").as_written == (("", "always"),)
    assert parse_week({"mon-fri": "09:00-17:00"}).as_written == (("mon-fri", "09:00-17:00"),)


def test_a_bank_holiday_is_an_ordinary_day_unless_it_has_a_key():
    assert parse_week({"mon": "09:00-17:00"}).bank_holiday is None
    assert parse_week({"mon": "09:00-17:00", "bank-holiday": "closed"}).bank_holiday == ()


def test_every_error_of_a_week_is_at_its_own_key():
    with pytest.raises(FieldErrors) as caught:
        parse_week(
            {"mon-fri": "late", "fri": "09:00-17:00", "someday": "closed", "sat": "09:00-17:00"}
        )

    assert [(error.key, error.of_key) for error in caught.value.errors] == [
        ("mon-fri", False),
        ("fri", True),
        ("someday", True),
    ]


@pytest.mark.parametrize("text", ["mon", "", [], {}, ["mon"]])
def test_a_value_that_is_not_a_week_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="Write"):
        parse_week(text)


@pytest.mark.parametrize("number", ["999", "112", "101", "111", "116 123", "118500", "60006"])
def test_a_short_number_may_be_shown_and_never_rung(number):
    assert parse_display_phone(number).e164 == number.replace(" ", "")
    with pytest.raises(ValueError, match="only under helplines"):
        parse_phone(number)


@pytest.mark.parametrize("number", ["01632 960001", "020 7946 0999", "07700 900900"])
def test_ofcoms_drama_numbers_may_be_rung(number):
    phone = parse_phone(number)

    assert (phone.display, forbidden_reason(phone.e164)) == (number, None)
    assert parse_phone(phone.e164).e164 == phone.e164


@pytest.mark.parametrize("number", ["0845 6500097", "0871 1234567", "09011 654321", "07011 123456"])
def test_a_number_that_costs_more_may_not_be_rung_by_a_service(number):
    assert forbidden_reason(parse_phone(number).e164)
