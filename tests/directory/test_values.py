"""Hours and telephone numbers as a directory file writes them."""

import re

import pytest

from routing.core.directory import ALL_DAY, TimeRange
from routing.directory.schema import (
    FieldErrors,
    forbidden_reason,
    parse_date,
    parse_day_hours,
    parse_days,
    parse_display_phone,
    parse_email,
    parse_phone,
    parse_repetition,
    parse_url,
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


@pytest.mark.parametrize(
    ("parse", "text", "meant"),
    [
        *[(parse_day_hours, text, "08:30-17:00")
          for text in ("8.30am to 5pm", "8:30 AM - 5:00 PM", "0830-1700", "8.30 - 5",
                       "from 8.30am until 5pm (not bank holidays)", "08h30-17:00pm", "08:30-17:00;",
                       ["08:30-17:00"], {"open": "08:30", "close": "17:00"})],
        (parse_day_hours, "9am to noon and 1-5pm", "09:00-12:00, 13:00-17:00"),
        (parse_day_hours, "5pm - midnight", "17:00-24:00"),
        (parse_day_hours, "0:00-24:00", "00:00-24:00"),
        (parse_day_hours, "5.30pm to 8.30am", "17:30-08:30"),
        (parse_day_hours, "Closed", "closed"),
        (parse_day_hours, "24 hours a day, 365 days a year", "always"),
        *[(parse_days, text, "mon-fri")
          for text in ("Monday to Friday", "Mon - Fri", "Mo-Fr", "Weekdays",
                       "Dydd Llun i Ddydd Gwener")],
        (parse_days, "Saturdays & Sundays", "sat,sun"),
        (parse_days, "Tues/Thurs", "tue,thu"),
        (parse_days, "Bank holidays", "bank-holiday"),
        (parse_week, "Mo-Th 08:30-17:00; Fr 08:30-16:30; PH off",
         "{mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}"),
        (parse_week, "Fri 09:00-05:00", "{fri: 09:00-05:00}"),
        (parse_week, "Mon 9-12, 1-5", "{mon: '09:00-12:00, 13:00-17:00'}"),
        (parse_repetition, "1st Wed of the month", "first Wednesday"),
        (parse_repetition, "December 24th", "24 December"),
        *[(parse_date, text, "2026-12-24")
          for text in ("24 Dec 2026", "24/12/26", "Thursday, the 24th of December 2026",
                       "24-Dec-26", "December 24, 2026", "2026-12-24T00:00:00Z", "20261224")],
        *[(parse_phone, text, "01632 960001")
          for text in ("Tel: 01632 960001", "01632.960001 (24 hours)", "01632/960001 option 2")],
        (parse_url, "<https://www.anyshire.example>.", "https://www.anyshire.example"),
        (parse_email, "MASH <mash@anyshire.example>", "mash@anyshire.example"),
        (parse_email, "mash@anyshire.example.", "mash@anyshire.example"),
    ],
)  # fmt: skip
def test_a_value_in_another_form_is_refused_with_the_value_that_was_meant(parse, text, meant):
    with pytest.raises(ValueError, match=f"Write {re.escape(meant)}\\.$"):
        parse(text)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_day_hours, "half past nine to 5"),
        (parse_day_hours, "9am to 5pm except Wednesday"),
        (parse_day_hours, "office hours"),
        (parse_days, "Weekends and bank holidays"),
        (parse_days, "mon fri"),
        (parse_date, "12/24/2026"),
        (parse_date, "24 December"),
        (parse_repetition, "every Wednesday"),
        (parse_email, "a@a.example, b@a.example"),
    ],
)
def test_of_a_value_that_may_mean_several_things_none_is_offered(parse, text):
    with pytest.raises(ValueError, match=r"Write (08:30-17:00, |mon, |it as |24 Dec|first, )"):
        parse(text)


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
