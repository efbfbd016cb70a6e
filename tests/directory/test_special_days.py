"""What a directory may say of special days, and what it must write instead."""

import re
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE, ROOT

from routing.directory.load import load, parse
from routing.errors import InvalidDirectory
from routing.lint.check import check

CASES = ROOT / "tests/data/cases"
GOOD = ANYSHIRE.read_text()
BEFORE = "    special_days:\n"


def problem_of(special_day):
    with pytest.raises(InvalidDirectory) as caught:
        parse(GOOD.replace(BEFORE, f"{BEFORE}      - {{name: X, {special_day}}}\n", 1), "d.yaml")
    (problem,) = caught.value.problems
    assert GOOD[: GOOD.index(BEFORE)].count("\n") + 2 == problem.line
    return problem.message


@pytest.mark.parametrize(
    ("special_day", "remedy"),
    [
        ("every: 31 April, hours: closed", "April has 30 days. Write 1 to 30 April"),
        ("every: 30 February, hours: closed", "Write 1 to 29 February"),
        ("every: fifth Friday, hours: closed", "last Friday"),
        ("every: 2 weeks, hours: closed", "Add the first one, as `from: 2027-01-04`"),
        ("every: 60 weeks, from: 2027-01-04", "Write 1 to 52 weeks"),
        ("every: 24 December, date: 2026-12-24", "Delete one of the two"),
        ("every: 24/12, hours: closed", "Write 24 December"),
        ("every: Wednesday, hours: closed", "first Wednesday"),
        ("date: 2026-12-24, hours: {mon: closed}", "Write the hours of the day"),
        ("every: 24 December, hours: {mon: closed}", "Write the hours of the day"),
        ("date: 2026-12-24, to: 2026-12-25", "Write `from` instead of `date`"),
        ("date: 2026-12-24, from: 2026-12-25", "Delete `date`"),
        ("to: 2026-12-25, hours: closed", "Write the first date"),
        ("from: 2026-12-24, to: 2026-01-02, hours: closed", "Did you mean 2027-01-02?"),
        ("from: 2027-12-01, to: 2024-02-29, hours: closed", "Did you mean 2028-02-29?"),
        ("from: 2026-12-24, to: 2026-12-20, hours: closed", "Correct one of the two"),
        ("from: 2036-12-24, to: 2026-12-31, hours: closed", "Correct one of the two"),
        ("date: 31/01/2027, hours: closed", "Write 2027-01-31."),
        ("date: Sunday 3rd January 2027, hours: closed", "Write 2027-01-03."),
        ("date: 2027-l2-01, hours: closed", "Write it as 2026-12-24"),
        ("every: other Friday, hours: closed", "2 weeks with `from`"),
        ("hours: closed", "give either `date`, `from` or `every`"),
    ],
)
def test_an_impossible_special_day_is_an_error_that_says_what_to_write(special_day, remedy):
    assert remedy in problem_of(special_day)


@pytest.mark.parametrize("name", ["e01-empty-special-days", "e03-empty-add"])
def test_a_key_left_empty_when_its_last_entry_was_deleted_has_no_entries(name):
    directory, _ = load(CASES / f"{name}.yaml")

    assert directory.holiday_rules.add == ()
    assert name != "e01-empty-special-days" or directory.lines[0].special_days == ()


def test_a_list_of_removed_holidays_left_empty_is_no_slip(tmp_path):
    warnings = check(CASES / "e03-empty-add.yaml", tmp_path, datetime(2026, 11, 23, tzinfo=UTC))

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
