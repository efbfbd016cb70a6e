"""Hours and telephone numbers as a directory file writes them."""

import re
from datetime import UTC, datetime

import fuzz
import pytest
from conftest import ROOT

from routing.core.directory import ALL_DAY, TimeRange
from routing.directory.load import parse
from routing.directory.schema import (
    forbidden_reason,
    parse_day_hours,
    parse_display_phone,
    parse_phone,
    parse_week,
)
from routing.errors import InvalidDirectory
from routing.lint import check


def open_days(text):
    return [name for name, hours in zip("mtwhfsu", parse_week(text).week, strict=True) if hours]


@pytest.mark.parametrize(
    ("key", "days"),
    [("mon", "m"), ("mon,wed", "mw"), ("mon-tue, sat-sun", "mtsu"), ("sat-mon", "msu")],
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
    ["", "9:00-17:00", "8.30am-5pm", "24:00-09:00", "09:00-24:01", "09:60-10:00", "09:00-10:60",
     "09:00-10:00,", ["09:00-10:00"], {"a": "b"}, "٠٩:٠٠-١٧:٠٠"],
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


@pytest.mark.parametrize("text", ["mon", "", {}, ["mon"]])
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


def night_line(entry):
    """Return a line that has another entry."""
    text = fuzz.DIRECTORY.replace("hours: always", f"hours: always, {entry}")
    return parse(text, "d.yaml")[0].line("night")


def test_other_ways_to_reach_a_line_have_a_number_or_an_address():
    text, bsl = night_line(
        "also: [{kind: text, phone: 07700 900002}, {kind: bsl, url: https://bsl.example}]"
    ).also

    assert (text.kind, text.phone.e164, text.url) == ("text", "+447700900002", None)
    assert (bsl.kind, bsl.phone, bsl.url) == ("bsl", None, "https://bsl.example")


def test_a_line_has_a_thousand_special_days_at_most():
    day = "{date: 2026-12-23, name: Team day, hours: closed},"

    assert len(night_line(f"special_days: [{day * 1000}]").special_days) == 1000
    with pytest.raises(InvalidDirectory, match="write 1000 entries at most"):
        night_line(f"special_days: [{day * 1001}]")


def test_a_line_opens_a_hundred_times_a_day_at_most():
    ranges = ["08:30-17:00"] * 100

    assert len(parse_day_hours(", ".join(ranges))) == 100
    with pytest.raises(ValueError, match="up to 100 with commas between"):
        parse_day_hours(", ".join([*ranges, "18:00-19:00"]))


@pytest.mark.parametrize("digits", ["ww1ww2", "1", '"*#0"', '"#"'])
def test_digits_to_press_are_kept_as_written(digits):
    assert night_line(f"send_digits: {digits}").send_digits == digits.strip('"')


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("(01632) 960011", "(01632) 960011"),
        ("+44 1632 960011", "+44 1632 960011"),
        ("44 1632 960011", "01632 960011"),
        ("0044 1632 960011", "01632 960011"),
        ("+44 (01632) 960011", "01632 960011"),
        ("+353 (0)1 234 5678", "+353 1 234 5678"),
    ],
)
def test_a_number_is_shown_as_written_if_it_can_be_dialled_so(written, shown):
    phone = parse_phone(written)

    assert phone.display == shown
    national = shown.replace("+44 ", "0")
    assert phone.relay_uk_display == (None if "353" in shown else f"18001 {national}")


CASES = ROOT / "tests/data/cases"


def test_lists_of_added_and_removed_holidays_left_empty_are_no_slip(tmp_path):
    warnings, _ = check(CASES / "e03-empty-add.yaml", tmp_path, datetime(2026, 11, 23, tzinfo=UTC))

    assert {warning.level for warning in warnings} == {"warning"}
    assert "removes_no_holiday" not in {warning.code for warning in warnings}


@pytest.mark.parametrize(
    ("keys", "above"),
    [
        ("aliases special_days also verified", "    phone: 01632 960001\n"),
        ("if_unanswered forms pages", "    out_of_hours: edt\n"),
        ("helplines rota voices", "zone: Europe/London\n"),
    ],
)
def test_every_key_that_holds_entries_may_be_left_empty(keys, above):
    text = (CASES / "e01-empty-special-days.yaml").read_text().replace("    special_days:\n", "")
    text = re.sub("    verified: .*\n", "", text)
    indent = " " * (len(above) - len(above.lstrip()))
    empty = "".join(f"{indent}{key}:\n" for key in keys.split())

    assert parse(text.replace(above, above + empty), "d.yaml")[0] == parse(text, "d.yaml")[0]
