"""Slips that load and are hardly what was meant: each is a warning at its own place."""

from datetime import UTC, datetime

import pytest
from conftest import ROOT
from lint.test_check import CLEAN

from routing.lint.check import check

CASES = ROOT / "tests" / "data" / "cases"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY_HOURS = "{mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}"


@pytest.fixture
def slips(tmp_path):
    """Return the line, the text at the place, the code and the message of each warning."""

    def slips(text):
        file = tmp_path / "directory.yaml"
        file.write_text(text)
        rows = text.split("\n")
        return [
            (rows[problem.line - 1][problem.column - 1 :], problem.code, problem.message)
            for problem in check(file, tmp_path / "instance", AT)
        ]

    return slips


def of(name):
    return {
        (problem.line, problem.column, problem.code): problem.message
        for problem in check(CASES / f"{name}.yaml", CASES / "none", AT)
    }


@pytest.mark.parametrize(
    ("name", "place", "code", "words"),
    [
        ("P1-lost-zero", (9, 34), "lost_zero", "Write 01632 960001"),
        ("P3-digit-short-0300", (9, 34), "not_in_numbering_plan", "no telephone has such"),
        ("P5-44-zero", (9, 34), "trunk_zero", "Write 01632 960001"),
        ("c62-overlap", (14, 29), "overlapping_hours", "12:00-17:00 overlaps 09:00-13:00"),
        ("d04-remove-not-a-holiday", (7, 12), "removes_no_holiday", "2027-05-31"),
        (
            "d13-day-12h-edt-always",
            (12, 22),
            "runs_through_the_night",
            "09:00-05:00 runs through the night until 5am. Did you mean 09:00-17:00?",
        ),
        ("d21-middle-tier-forgotten", (17, 61), "no_bank_holiday", "bank-holiday: closed"),
        ("d21-middle-tier-forgotten", (17, 61), "opens_at_christmas", "25 December 2026"),
        ("d22-late-line-no-doubts", (9, 48), "no_bank_holiday", "bank-holiday: closed"),
        ("d22-late-line-no-doubts", (9, 48), "opens_at_christmas", "25 December 2026"),
        ("d24-weekday-only-day-missing", (9, 78), "missing_weekday", "`thu: closed`"),
        ("e42-hash-options", (13, 27), "text_cut_by_hash", "in quotes"),
    ],
)
def test_a_slip_that_loads_is_a_warning_at_its_place(name, place, code, words):
    assert words in of(name)[*place, code]


def test_a_tier_that_ends_after_1am_is_no_gap_when_the_clocks_go_back():
    codes = {code for _, _, code in of("a19-tier-ends-1am")}

    assert not codes & {"gap", "nobody_left", "runs_through_the_night"}


@pytest.mark.parametrize(
    ("hours", "code", "meant"),
    [
        ("mon-fri: 09:00-05:00", "runs_through_the_night", "09:00-17:00"),
        ("mon-thu: 08:30-17:00, fri: 08:30-01:00", "runs_through_the_night", "08:30-13:00"),
        ("mon-fri: '09:00-12:30, 13:30-05:00'", "runs_through_the_night", "13:30-17:00"),
        ("mon-fri: 20:30-17:00", "runs_through_the_night", "08:30-17:00"),
        ("mon-fri: 09:00-09:00", "runs_through_the_night", "09:00-21:00"),
        ("mon-fri: 09:00-17:00, sat: 09:00-00:00", "runs_through_the_night", None),
        ("mon-fri: 17:00-01:00, sat-sun: 09:00-01:00", "runs_through_the_night", None),
        ("mon-fri: 17:00-09:00", "runs_through_the_night", "09:00-17:00"),
        ("mon-thu: 17:00-08:30, fri: 08:30-16:30", "runs_through_the_night", "08:30-17:00"),
        ("mon-fri: 17:00-24:00, tue-sat: 00:00-08:30", "runs_through_the_night", None),
        ("mon-sun: 09:00-01:30", "runs_through_the_night", None),
        ("mon-fri: '09:00-12:30, 01:30-05:00'", "opens_at_night", "13:30-17:00"),
        ("mon-fri: 00:30-17:00", "opens_at_night", "12:30-17:00"),
        ("mon-thu: 09:00-17:00, fri: 00:00-15:00", "opens_at_night", "12:00-15:00"),
        ("mon-thu: 09:00-24:00, fri: 00:00-15:00", "opens_at_night", None),
        ("mon-fri: 05:00-15:00", "opens_at_night", None),
    ],
)
def test_hours_at_night_on_a_day_line_offer_the_other_half_of_the_day(slips, hours, code, meant):
    rows = slips(CLEAN.replace(DAY_HOURS, f"{{{hours}, bank-holiday: closed}}"))
    messages = [message for _, row_code, message in rows if row_code == code]

    assert len(messages) == (meant is not None)
    assert all(f"Did you mean {meant}?" in message for message in messages)


def test_a_line_that_answers_at_night_beside_one_that_answers_by_day_is_no_slip(slips):
    text = CLEAN.replace("lines: [mash]", "lines: [mash, backup]")
    text = text.replace("960003\n    hours: always", "960003\n    hours: {mon-fri: 17:00-09:00}")

    assert "runs_through_the_night" not in {code for _, code, _ in slips(text)}


def test_a_time_in_the_name_of_a_line_whose_id_is_hours_is_not_its_hours(slips):
    assert slips(CLEAN.replace("mash", "hours").replace("name: Hub", "name: 09:00-05:00")) == []


def test_a_line_that_never_opens_is_found(slips):
    text = CLEAN.replace("{mon-thu: 08:30-17:00, fri: 08:30-16:30, ", "{mon-fri: closed, ")
    text = text.replace(", hours: 08:30-12:00", ", phone: 01632 960009")

    assert [(at[:5], code) for at, code, _ in slips(text)] == [("hours", "never_opens")]


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        ("09:00-13:00, 12:00-17:00", "12:00-17:00"),
        ("09:00-17:00, 09:00-17:00", "09:00-17:00"),
        ("09:00-12:00, 12:00-17:00", None),
    ],
)
def test_ranges_that_overlap_or_are_equal_are_found_at_the_second(slips, hours, text):
    week = f"{{mon-fri: '{hours}', bank-holiday: closed}}"
    places = [at for at, code, _ in slips(CLEAN.replace(DAY_HOURS, week)) if "overlap" in code]

    assert [at[: len(text or "")] for at in places] == ([text] if text else [])


@pytest.mark.parametrize(
    ("week", "days"),
    [
        ("mon: H, wed-fri: H", "tue: closed"),
        ("mon: H, thu-fri: H", "tue-wed: closed"),
        ("'mon,tue,thu,fri': H", "wed: closed"),
        ("mon-fri: H, sun: H", "sat: closed"),
        ("mon: H, tue: closed, wed-fri: H", None),
        ("'mon,wed,fri': H", None),
        ("mon: H, tue: H, wed: H, thu: H", "fri: closed"),
        ("mon: H, thu: H", "tue-wed: closed"),
        ("tue-fri: H", "mon: closed"),
        ("mon-thu: H", "fri: closed"),
    ],
)
def test_a_weekday_missing_between_or_beside_those_that_are_there_is_found(slips, week, days):
    text = CLEAN.replace(DAY_HOURS, f"{{{week}, bank-holiday: closed}}".replace("H", "09:00-17:00"))
    messages = [message for _, code, message in slips(text) if code == "missing_weekday"]

    assert len(messages) == (days is not None)
    assert all(f"`{days}`" in message for message in messages)


def test_slips_in_the_week_of_a_run_are_found_at_their_places(slips):
    run = (
        "from: 2027-02-01, to: 2027-02-20, name: X, "
        "hours: {mon: 09:00-05:00, wed-fri: '09:00-13:00, 12:00-17:00'}"
    )
    rows = slips(CLEAN.replace("special_days:\n", f"special_days:\n      - {{{run}}}\n", 1))

    assert [(at.split(", ")[0], code) for at, code, _ in rows] == [
        ("09:00-05:00", "runs_through_the_night"),
        ("wed-fri: '09:00-13:00", "missing_weekday"),
        ("12:00-17:00'}}", "overlapping_hours"),
    ]


@pytest.mark.parametrize(
    "way",
    [
        "{kind: text, phone: 60066}",
        "{kind: textphone, phone: 01632 960011}",
        "{kind: bsl, url: https://www.anyshire.example/bsl}",
    ],
)
def test_another_way_to_reach_a_line_is_no_slip(slips, way):
    assert slips(CLEAN.replace("    hours: {mon", f"    also: [{way}]\n    hours: {{mon", 1)) == []


def test_a_number_without_its_area_code_is_no_other_way_to_reach_a_line(slips):
    way = "    also: [{kind: textphone, phone: 960011}]\n"
    ((at, code, _),) = slips(CLEAN.replace("    hours: {mon", f"{way}    hours: {{mon", 1))

    assert (at[:6], code) == ("960011", "not_in_numbering_plan")


def test_keys_that_a_hash_cuts_are_found(slips):
    keys = "    send_digits: ww2 #\n"
    ((at, code, _),) = slips(CLEAN.replace("    hours: {mon", f"{keys}    hours: {{mon", 1))

    assert (at[0], code) == ("#", "text_cut_by_hash")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("01344 35200", "not_in_numbering_plan"),
        ("+4401632960004", "trunk_zero"),
        ("0161 496 0004", None),
        ("(1632) 960004", "lost_zero"),
        ("44 1632 960004", "lost_zero"),
        ("+44 (01632) 960004", "trunk_zero"),
        ("01624 685656", "foreign_number"),
        ("+353 1 496 0000", "foreign_number"),
        ("01344 352005", None),
        ("+44 1632 960004", None),
    ],
)
def test_a_number_that_no_telephone_has_is_found(slips, number, code):
    assert [code for _, code, _ in slips(CLEAN.replace("01632 960001", number))] == (
        [code] if code else []
    )


@pytest.mark.parametrize(
    ("special_day", "text", "code"),
    [
        ("from: 2027-02-01, to: 2027-06-30, name: X, hours: closed", "2027-06-30", "long_run"),
        ("from: 2027-02-01, to: 2027-02-20, name: X, hours: closed", None, None),
        ("from: 2027-02-01, to: 2027-06-30, name: X, hours: {mon: closed}", "2027", "long_run"),
        ("from: 2026-12-29, to: 2027-12-31, name: X, phone: 01632 960009", "2027", "long_run"),
        ("from: 2027-02-01, name: X, hours: closed", "2027-02-01", "endless_closure"),
        ("from: 2027-02-01, name: X, hours: {mon-fri: 09:00-17:00}", None, None),
        ("from: 2027-02-06, to: 2027-02-07, name: X, hours: 10:00-12:00", "{from", "idle_run"),
        ("from: 2026-12-25, to: 2026-12-28, name: X, hours: 10:00-12:00", "{from", "idle_run"),
        ("from: 2026-12-25, to: 2026-12-29, name: X, hours: 10:00-12:00", None, None),
        ("every: first Monday, from: 2027-02-01, to: 2027-06-30, name: X, hours: closed", "", None),
        ("date: 2062-12-24, name: X, hours: closed", "2062-12-24", "far_special_day"),
        ("from: 2062-12-24, to: 2062-12-24, name: X, hours: closed", "2062", "far_special_day"),
        ("every: 24 December, from: 2062-12-24, name: X, hours: closed", "2062", "far_special_day"),
    ],
)
def test_a_long_closure_and_a_far_date_are_doubted(slips, special_day, text, code):
    rows = slips(CLEAN.replace("special_days:\n", f"special_days:\n      - {{{special_day}}}\n", 1))

    assert [code for _, code, _ in rows] == ([code] if code else [])
    assert all(at.startswith(text) for at, _, _ in rows)


@pytest.mark.parametrize(
    ("rules", "text", "code"),
    [
        ("remove: [2027-05-30]", "2027-05-30", "removes_no_holiday"),
        ("remove: [2027-05-31]", None, None),
        ("add: {2027-05-31: Spring}", "2027-05-31", "holiday_already_there"),
        ("add: {2072-06-01: Jubilee}", "2072-06-01", "far_holiday"),
        ("add: {2027-06-01: Jubilee}", None, None),
        ("add: {2027-06-05: Jubilee}", "2027-06-05", "holiday_at_weekend"),
        ("add: {2026-06-01: Jubilee}", "2026-06-01", "past_holiday"),
        ("remove: [2026-05-25]", "2026-05-25", "past_holiday"),
        ("remove: [2027-05-31], add: {2027-05-31: Spring}", None, None),
    ],
)
def test_bank_holidays_that_are_none_or_there_already_are_found(slips, rules, text, code):
    rows = slips(CLEAN.replace("england-and-wales}", f"england-and-wales, {rules}}}"))

    assert [code for _, code, _ in rows] == ([code] if code else [])
    assert all(at.startswith(text) for at, _, _ in rows)


@pytest.mark.parametrize(
    ("name", "is_cut"),
    [
        ("press 2 then #", True),
        ("press 2, then # and 3", True),
        ("Hub #3", True),
        ("Hub  # the front door", False),
        ('"press 2 then #"  # quoted', False),
    ],
)
def test_a_text_that_a_hash_cuts_is_found_and_a_comment_is_not(slips, name, is_cut):
    text = CLEAN.replace("name: Hub", f"name: {name}")

    assert [(at[0], code) for at, code, _ in slips(text)] == (
        [("#", "text_cut_by_hash")] if is_cut else []
    )


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ("\u00a0", "a no-break space"),
        ("\u200b", "a zero-width space"),
        ("\u200f", "a bidi mark"),
        ("\ufffd", "a character that was lost"),
        ("\u00e2\u20ac\u2122", "does not belong here"),
    ],
)
def test_a_character_that_cannot_be_seen_is_found_in_a_name(slips, character, words):
    ((at, code, message),) = slips(CLEAN.replace("name: Hub", f"name: Hub{character} (MASH)"))

    assert (at[0], code) == (character[0], "hidden_character")
    assert words in message


@pytest.mark.parametrize("name", ["TBC", "null", "~", "---", 'Hub"', "n/a"])
def test_a_name_that_is_still_to_come_is_found(slips, name):
    ((at, code, message),) = slips(CLEAN.replace("name: Hub", f"name: {name}"))

    assert (at[: len(name)], code) == (name, "odd_text")
    assert "Write the whole text" in message


def test_the_joiners_of_emoji_are_no_hidden_characters(slips):
    assert slips(CLEAN.replace("name: Hub", "name: Hub 👩\u200d👧")) == []


def test_a_council_with_one_day_number_and_one_night_number_can_have_no_warning(slips):
    before, backup, after = CLEAN.partition("  backup:")
    text = before + after[after.index("services:") :].replace(
        "    if_unanswered: [eds, backup]\n", ""
    )

    assert backup
    assert slips(text) == []


@pytest.mark.parametrize(
    ("right", "slip", "says", "remedy"),
    [
        ("thu: 08:30-17:00", "thu: 08:30-05:00", "mean 08:30-17:00?", "thu: 08:30-17:00"),
        ("01632 960002", "+44 (0)1632 960002", "Write 01632 960002", "01632 960002"),
        ("01632 960002", "1632960002", "Write 01632 960002", "01632 960002"),
        ("mon-thu:", "mon-wed:", "`thu: closed`", "thu: closed, mon-wed:"),
        (
            "mon-thu: 08:30-17:00",
            'mon-thu: "08:30-13:00, 12:00-17:00"',
            "write 08:30-17:00",
            "mon-thu: 08:30-17:00",
        ),
        (", bank-holiday: closed", "", "`bank-holiday: closed`", ", bank-holiday: closed"),
        ("name: Hub", "name: Hub #1", "Put the whole text in quotes", 'name: "Hub #1"'),
        ("name: Hub", "name: Hub\u00a0One", "type an ordinary blank", "name: Hub One"),
        ("eds, backup]", "eds]", "add 'backup' to `if_unanswered`", "eds, backup]"),
        (
            "england-and-wales}",
            "england-and-wales, remove: [2027-05-30]}",
            "2027-05-31",
            "england-and-wales, remove: [2027-05-31]}",
        ),
        (
            "england-and-wales}",
            "england-and-wales, add: {2027-05-31: Spring}}",
            "Delete it",
            "england-and-wales, add: {}}",
        ),
        (
            "special_days:\n",
            "special_days:\n      - {date: 2025-12-24, name: X, hours: closed}\n",
            "Delete it",
            "special_days:\n",
        ),
        (
            "special_days:\n",
            "special_days:\n      - {every: 29 February, from: 2027-01-01, to: 2027-12-31, "
            "name: X, hours: closed}\n",
            "Correct them",
            "special_days:\n      - {every: 29 February, from: 2027-01-01, to: 2028-12-31, "
            "name: X, hours: closed}\n",
        ),
        (
            "    special_days:\n      - {date: 2026-12-24, name: Christmas Eve, "
            "hours: 08:30-12:00}\n",
            "    special_days:\n",
            "Add a special day with its hours",
            "    special_days:\n      - {date: 2026-12-24, name: X, hours: 08:30-12:00}\n",
        ),
        ("0808 800 5000", "0800 800 5000", "08088005000", "0808 800 5000"),
    ],
)
def test_a_file_with_the_remedy_of_a_warning_has_no_warning(slips, right, slip, says, remedy):
    assert right in CLEAN
    messages = [message for _, _, message in slips(CLEAN.replace(right, slip, 1))]

    assert any(says in message for message in messages), messages
    assert slips(CLEAN.replace(right, remedy, 1)) == []
