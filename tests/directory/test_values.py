"""Hours and telephone numbers as a directory file writes them."""

import re
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE, ROOT

from routing.core.directory import ALL_DAY, TimeRange
from routing.directory.load import load, parse
from routing.directory.schema import (
    FieldErrors,
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


TEXT = (ROOT / "tests/data/cases/g10-textphone.yaml").read_text()
TEXT_PHONE = "    text: 07700 900002\n"


def mash(entry):
    directory, _ = parse(TEXT.replace(TEXT_PHONE, f"    {entry}\n"), "d.yaml")
    return directory.line("mash")


def problem_of(text, anchor, line):
    """Return what is said of the only problem of a text, which is in a line from an anchor on."""
    with pytest.raises(InvalidDirectory) as caught:
        parse(text, "d.yaml")
    (problem,) = caught.value.problems
    assert problem.line == text[: text.index(anchor)].count("\n") + line
    return problem.message


def test_other_ways_to_reach_a_line_have_a_number_or_an_address():
    text, bsl = mash(
        "also: [{kind: text, phone: 07700 900002}, {kind: bsl, url: https://bsl.example}]"
    ).also

    assert (text.kind, text.phone.e164, text.url) == ("text", "+447700900002", None)
    assert (bsl.kind, bsl.phone, bsl.url) == ("bsl", None, "https://bsl.example")


@pytest.mark.parametrize(
    ("entry", "remedy"),
    [
        ("also: [{kind: bsl, phone: 01632 960011, url: https://x.example}]", "delete `phone`"),
        ("also: [{kind: text, phone: 01632 960011, url: https://x.example}]", "delete `url`"),
        ("also: [{kind: chat, phone: 01632 960011}]", "Write `url`, and delete `phone`"),
        ("also: [{kind: textphone}]", "needs a `phone`. Add it."),
        ("also: [{kind: fax, phone: 01632 960011}]", "Write 'textphone' or 'text'"),
        ("send_digits: press 1", "Write digits, * and #, and w"),
        ("send_digits: 1,2", "ww1ww2"),
        ("text: 07700 900002", "this key is not known"),
        ("press_1: yes", "Correct its spelling"),
        ("ring_seconds: 25 seconds", "write a whole number"),
        ("ring_seconds: 301", "write 300 or less"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_says_what_to_write(entry, remedy):
    assert remedy in problem_of(TEXT.replace(TEXT_PHONE, f"    {entry}\n"), entry, 1)


@pytest.mark.parametrize("digits", ["ww1ww2", "1", '"*#0"', '"#"'])
def test_digits_to_press_are_kept_as_written(digits):
    assert mash(f"send_digits: {digits}").send_digits == digits.strip('"')


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
    phone = mash(f"also: [{{kind: text, phone: {written}}}]").also[0].phone

    assert phone.display == shown
    national = shown.replace("+44 ", "0")
    assert phone.relay_uk_display == (None if "353" in shown else f"18001 {national}")


CASES = ROOT / "tests/data/cases"
GOOD = ANYSHIRE.read_text()
BEFORE = "    special_days:\n"


@pytest.mark.parametrize(
    ("special_day", "remedy"),
    [
        ("every: 31 April, hours: closed", "there is no 31 April. Write 1 to 30 April"),
        ("every: fifth Friday, hours: closed", "first Wednesday (to fourth, or last)"),
        ("every: 2 weeks, hours: closed", "Add the first one, as `from: 2027-01-04`"),
        ("every: 60 weeks, from: 2027-01-04", "or 1 to 52 weeks"),
        ("every: 24 December, date: 2026-12-24", "Delete one of the two"),
        ("every: Wednesday, hours: closed", "first Wednesday"),
        ("date: 2026-12-24, hours: {mon: closed}", "Write the hours of a day"),
        ("every: 24 December, hours: {mon: closed}", "Write the hours of a day"),
        ("date: 2026-12-24, to: 2026-12-25", "either `date` or `to`. Delete one"),
        ("date: 2026-12-24, from: 2026-12-25", "either `date` or `from`. Delete one"),
        ("to: 2026-12-25, hours: closed", "give either `date`, `from` or `every`"),
        ("from: 2026-12-24, to: 2026-01-02, hours: closed", "Did you mean 2027-01-02?"),
        ("from: 2027-12-01, to: 2024-02-29, hours: closed", "Did you mean 2028-02-29?"),
        ("from: 2026-12-24, to: 2026-12-20, hours: closed", "Correct one of the two"),
        ("date: 2027-l2-01, hours: closed", "Write it as 2026-12-24"),
    ],
)
def test_an_impossible_special_day_is_an_error_that_says_what_to_write(special_day, remedy):
    text = GOOD.replace(BEFORE, f"{BEFORE}      - {{name: X, {special_day}}}\n", 1)

    assert remedy in problem_of(text, BEFORE, 2)


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


def test_a_zone_of_elsewhere_is_an_error_for_a_council_of_the_united_kingdom():
    with pytest.raises(InvalidDirectory, match="Write Europe/London"):
        load(CASES / "c47-zone.yaml")
