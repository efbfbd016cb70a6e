"""Warnings about a valid directory: each at its place, and none where nothing is wrong."""

import random
import re
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import permutations

import generated
import govuk_feed
import pytest
from conftest import ANYSHIRE, ROOT
from sweep import EXAMPLES

from routing.bank_holidays import refresh
from routing.core.directory import Text
from routing.core.gaps import find_gaps
from routing.directory.load import parse
from routing.lint import LOOKAHEAD, MAX_WARNING_CHARS, WELL_KNOWN, check, is_one_slip
from routing.snapshot import build_snapshot

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLEAN = """\
council: {name: Anyshire, website: https://www.anyshire.example, STATEMENTS}
zone: Europe/London
languages: [en]
emergency: Call 999.
bank_holidays: {division: england-and-wales}
lines:
  mash:
    name: Hub
    phone: 01632 960001
    hours: {mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}
    special_days:
      - {date: 2026-12-24, name: Christmas Eve, hours: 08:30-12:00}
      - {date: 2026-12-31, name: New Year's Eve, hours: 08:30-12:00}
    verified: {on: 2026-11-01, source: https://www.anyshire.example/contact, days: 90}
  eds:
    name: Night
    phone: 01632 960002
    hours: always
    verified: {on: 2026-11-01, source: https://www.anyshire.example/contact, days: 90}
  backup:
    name: Backup
    phone: 01632 960003
    hours: always
    verified: {on: 2026-11-01, source: https://www.anyshire.example/contact, days: 90}
services:
  children:
    name: Children
    lines: [mash]
    out_of_hours: eds
    if_unanswered: [eds, backup]
helplines:
  - {name: Childline, phone: 0800 1111, hours: always, for: Children}
  - {name: NSPCC Helpline, phone: 0808 800 5000, hours: always, for: Adults}
""".replace(
    "STATEMENTS",
    "accessibility: {email: access@anyshire.example, prepared: 2026-11-20}, "
    "privacy: {email: dpo@anyshire.example, url: https://www.anyshire.example/privacy}",
)


@pytest.fixture
def warnings(tmp_path):
    def warnings(text, at=AT):
        file = tmp_path / "directory.yaml"
        file.write_text(text)
        return check(file, tmp_path / "instance", at)[0]

    return warnings


@pytest.fixture
def slips(warnings):
    """Return the text at the place, the code and the message of each warning."""

    def slips(text):
        rows = text.split("\n")
        return [
            (rows[problem.line - 1][problem.column - 1 :], problem.code, problem.message)
            for problem in warnings(text)
        ]

    return slips


def test_two_lines_on_one_number_are_a_warning_until_both_are_confirmed(warnings):
    confirmed = CLEAN.replace("01632 960002", "01632 960001")
    first, _, rest = confirmed.partition("    verified:")
    unconfirmed = first + rest.split("\n", 1)[1]

    assert warnings(confirmed) == ()
    (warning,) = [w for w in warnings(unconfirmed) if w.code == "same_number"]
    assert (warning.line, "'mash'" in warning.message) == (16, True)


def test_an_unconfirmed_number_is_a_warning_with_what_to_write(warnings):
    first, _, rest = CLEAN.partition("    verified: ")
    text = first + rest.partition("\n")[2]
    (warning,) = warnings(text.replace("name: Hub", "name: a hub with a long name, in lower case"))

    assert (warning.code, warning.line) == ("unverified", 7)
    assert "verified: {on: 2026-11-23" in warning.message


WEEK = "mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed"
BACKUP = "    phone: 01632 960003\n    hours: "


@pytest.mark.parametrize(
    ("right", "hours"),
    [
        (WEEK, "mon-fri: 08:30-17:00"),
        (WEEK, "mon-sun: 07:00-22:30"),
        (WEEK, "mon-fri: 17:00-01:00"),
        (f"{BACKUP}always", f"{BACKUP}{{mon-fri: 09:00-17:00}}"),
    ],
)
def test_any_line_that_answers_by_its_hours_needs_a_word_about_bank_holidays(
    warnings, right, hours
):
    codes = {warning.code for warning in warnings(CLEAN.replace(right, hours))}

    assert "no_bank_holiday" in codes
    assert "opens_at_christmas" in codes


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [
        (("07700 900001", "07700 900002", "07700 900003"), ["only_a_mobile"]),
        (("07700 900001", "07700 900002", "01632 960003"), []),
        (("07600 900001", "07600 900002", "07600 900003"), []),  # pagers
    ],
)
def test_a_service_that_rings_only_mobiles_is_a_warning(warnings, numbers, codes):
    text = CLEAN
    for n, number in enumerate(numbers, 1):
        text = text.replace(f"01632 96000{n}", number)

    assert [warning.code for warning in warnings(text)] == codes


def test_a_line_that_also_takes_the_calls_at_night_is_no_day_line(warnings):
    text = CLEAN.replace("out_of_hours: eds", "out_of_hours: mash")
    text = text.replace(", bank-holiday: closed", "")

    assert "no_bank_holiday" not in {warning.code for warning in warnings(text)}


def test_a_special_number_that_callers_ring_is_a_loop_too(warnings):
    text = CLEAN.replace("hours: 08:30-12:00}", "hours: 08:30-12:00, phone: 01632 960100}", 1)
    text = text.replace("name: Children\n", "name: Children\n    number: 01632 960100\n")

    assert [warning.code for warning in warnings(text)] == ["number_loops"]


def texts_in(value):
    """Return the identity of every text within a directory's values."""
    if isinstance(value, Text):
        return {id(value)}
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    return set().union(*map(texts_in, value)) if isinstance(value, tuple) else set()


def test_every_text_of_a_directory_is_checked_for_its_languages(warnings):
    text = ANYSHIRE.read_text().replace("languages: [en]", "languages: [en, cy]")
    codes = [warning.code for warning in warnings(text)]
    directory, _ = parse(text, "test.yaml")

    assert codes.count("language_missing") + codes.count("safety_words_missing") == len(
        texts_in(directory)
    )


BOTH = "{en: Call the police., cy: Ffoniwch yr heddlu.}"


@pytest.mark.parametrize(
    ("emergency", "unanswered", "line"),
    [
        ("Call 999.", f"unanswered: {BOTH}", 4),
        ("{en: Call 999.}", f"unanswered: {BOTH}", 4),
        (BOTH, "unanswered: Call the police.", 5),
        (BOTH, "# nothing", 3),
        (BOTH, f"unanswered: {BOTH}", None),
    ],
)
def test_a_check_fails_where_what_matters_for_safety_is_not_said_in_each_language(
    warnings, emergency, unanswered, line
):
    text = CLEAN.replace("languages: [en]", "languages: [en, cy]")
    text = text.replace("emergency: Call 999.", f"emergency: {emergency}\n{unanswered}")
    errors = [
        (warning.code, warning.line) for warning in warnings(text) if warning.level == "error"
    ]

    assert errors == ([("safety_words_missing", line)] if line else [])


@pytest.mark.parametrize(("at", "warns"), [("2027-12-31", False), ("2028-01-02", True)])
def test_bank_holidays_published_for_less_than_a_year_are_a_warning(warnings, at, warns):
    noon = datetime.fromisoformat(f"{at}T12:00:00+00:00")
    codes = {warning.code for warning in warnings(CLEAN, noon)}

    assert ("bank_holidays_end" in codes) is warns


def test_a_proclaimed_holiday_counts_in_a_check_once_it_is_fetched(warnings, feed, tmp_path):
    text = CLEAN.replace("bank-holiday: closed", "bank-holiday: 10:00-12:00")
    night = "hours: {mon-thu: '17:00-08:30', fri: '16:30-08:30', sat-sun: '08:30-08:30'}"
    text = text.replace("hours: always\n    verified", f"{night}\n    verified", 1)
    before = {w.details or w.message for w in warnings(text) if w.code == "gap"}
    feed.send(govuk_feed.added(govuk_feed.events(), "2026-12-02", "Proclaimed"))
    refresh(tmp_path / "instance", feed.url, AT)
    after = {w.details or w.message for w in warnings(text) if w.code == "gap"}

    assert not any("2 December 2026" in message for message in before)
    assert any("2 December 2026" in message for message in after)


NIGHT = """\
    hours: {mon-thu: 17:00-08:30, fri: 16:30-08:30, sat-sun: 08:30-08:30, bank-holiday: 08:30-08:30}
    special_days:
      - {date: 2026-12-24, name: Christmas Eve, hours: 12:00-08:30}
      - {date: 2026-12-31, name: New Year's Eve, hours: 12:00-08:30}
      - {SPECIAL}
"""
ENTRIES = (
    "date: 2026-12-09, name: Wednesday that covers its night, hours: 17:00-08:30",
    "date: 2026-12-09, name: Wednesday that ends at midnight, hours: 17:00-24:00",
    "date: 2026-12-09, name: Wednesday without its last minutes, hours: 17:00-23:45}\n"
    '      - {date: 2026-12-10, name: Thursday from midnight, hours: "00:00-08:30, 17:00-08:30"',
    "date: 2026-11-22, name: Sunday before the first day, hours: 00:00-08:30",
    "every: 31 December, name: Last day of the year, hours: 12:00-24:00",
    "from: 2027-02-01, to: 2027-02-28, name: Winter, hours: {mon-sun: 08:30-08:30}",
    "from: 2027-02-01, to: 2027-02-28, name: Winter, hours: {mon-sun: 18:00-08:30}",
    "from: 2026-12-25, to: 2027-01-02, name: Christmas, "
    "hours: {mon-sun: 08:30-08:30, bank-holiday: 08:30-08:30}",
)


def test_check_warns_of_gaps_exactly_where_a_service_has_one(tmp_path):
    draw = random.Random(20261123)
    always = CLEAN.partition("eds:")[2].partition("    verified")[0]
    night = [CLEAN.replace(always, always.replace("    hours: always\n", NIGHT)) for _ in ENTRIES]
    texts = [text.replace("SPECIAL", entry) for text, entry in zip(night, ENTRIES, strict=True)]
    texts.append(texts[-1].replace("holiday: 08:30-08:30", "holiday: 09:30-08:30", 1))
    file, outcomes = tmp_path / "directory.yaml", set()
    for text in (*texts, *(generated.directory(draw) for _ in range(8))):
        file.write_text(text)
        snapshot = build_snapshot(parse(text, file)[0], tmp_path, AT)
        today = AT.replace(hour=0)
        for service in snapshot.directory.services:
            spans = find_gaps(snapshot.timetables, service.id, today, today + LOOKAHEAD)
            has_gap = not all(open_lines for _, open_lines in spans)
            line = next(
                n for n, row in enumerate(text.split("\n"), 1) if row.startswith(f"  {service.id}:")
            )
            warned = any(w.code == "gap" and w.line == line for w in check(file, tmp_path, AT)[0])
            assert warned == has_gap, text
            outcomes.add(has_gap)
    assert outcomes == {True, False}


def test_no_well_known_number_is_a_slip_of_another():
    assert not any(is_one_slip(*pair) for pair in permutations(WELL_KNOWN, 2))


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        ("08001111", False),
        ("08011111", True),
        ("0800111", True),
        ("080011111", True),
        ("08010111", True),
        ("08110011", False),
        ("01632960001", False),
    ],
)
def test_a_slip_is_one_digit_changed_lost_added_or_two_swapped(typed, slip):
    assert is_one_slip(typed, "08001111") is slip


@pytest.mark.parametrize("path", [ROOT / "directory.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_every_example_has_only_the_short_warnings_that_its_councils_pages_give(path, tmp_path):
    problems, _ = check(path, tmp_path, AT)
    codes = {problem.code for problem in problems}
    usual = {"unverified", "opens_at_christmas", "accessibility_missing", "privacy_missing"}
    own = {
        "anyshire": {"nobody_left"},
        "neath-port-talbot": {"gap"},
        "sefton": {"doubtful_year"},
        "south-ayrshire": {"holiday_already_there"},
        "swansea": {"same_number"},
        "warrington": {"same_number"},
        "west-berkshire": {"gap"},
        "wiltshire": {"same_number"},
    }

    assert codes - usual == own.get(path.stem, set())
    assert path != ANYSHIRE or not codes & usual  # it has every key
    assert {problem.level for problem in problems} <= {"warning"}
    for problem in problems:
        assert len(str(problem)) <= MAX_WARNING_CHARS
        assert re.search(r"\b([Ww]rite|[Aa]dd|Delete|Correct)\b", problem.message)


@pytest.mark.parametrize("key", ["accessibility", "privacy"])
def test_a_statement_without_what_only_the_council_knows_is_a_warning(warnings, key):
    text = re.sub(rf", {key}: {{.*?}}", "", CLEAN)
    (warning,) = warnings(text)

    assert (warning.line, warning.code) == (1, f"{key}_missing")
    assert f"{key}: {{email: ..., " in warning.message


CASES = ROOT / "tests" / "data" / "cases"
DAY_HOURS = "{mon-thu: 08:30-17:00, fri: 08:30-16:30, bank-holiday: closed}"


def test_a_tier_that_ends_after_1am_is_no_gap_when_the_clocks_go_back():
    problems, _ = check(CASES / "a19-tier-ends-1am.yaml", CASES / "none", AT)

    assert not {problem.code for problem in problems} & {
        "gap",
        "nobody_left",
        "hours_at_night",
    }


@pytest.mark.parametrize(
    ("hours", "meant"),
    [
        ("mon-fri: 09:00-05:00", "09:00-17:00"),
        ("mon-thu: 08:30-17:00, fri: 08:30-01:00", "08:30-13:00"),
        ("mon-fri: 20:30-17:00", "08:30-17:00"),
        ("mon-fri: 09:00-09:00", "09:00-21:00"),
        ("mon-fri: 09:00-17:00, sat: 09:00-00:00", None),
        ("mon-fri: 17:00-09:00", "09:00-17:00"),
        ("mon-thu: 17:00-08:30, fri: 08:30-16:30", "08:30-17:00"),
        ("mon-fri: 17:00-24:00, tue-sat: 00:00-08:30", None),
        ("mon-sun: 09:00-01:30", None),
        ("mon-fri: '09:00-12:30, 01:30-05:00'", "13:30-17:00"),
        ("mon-fri: 00:30-17:00", "12:30-17:00"),
        ("mon-thu: 09:00-17:00, fri: 00:00-15:00", "12:00-15:00"),
        ("mon-thu: 09:00-24:00, fri: 00:00-15:00", None),
        ("mon-fri: 05:00-15:00", None),
        ("mon-fri: 01:00-05:00", "13:00-17:00"),
    ],
)
def test_hours_at_night_on_a_day_line_offer_the_other_half_of_the_day(slips, hours, meant):
    rows = slips(CLEAN.replace(DAY_HOURS, f"{{{hours}, bank-holiday: closed}}"))
    messages = [message for _, code, message in rows if code == "hours_at_night"]

    assert len(messages) == (meant is not None)
    assert all(f"Did you mean {meant}?" in message for message in messages)


def test_a_line_that_answers_at_night_beside_one_that_answers_by_day_is_no_slip(slips):
    text = CLEAN.replace("lines: [mash]", "lines: [mash, backup]")
    text = text.replace("960003\n    hours: always", "960003\n    hours: {mon-fri: 17:00-09:00}")

    assert "hours_at_night" not in {code for _, code, _ in slips(text)}


def test_a_time_in_the_name_of_a_line_whose_id_is_hours_is_not_its_hours(slips):
    assert slips(CLEAN.replace("mash", "hours").replace("name: Hub", "name: 09:00-05:00")) == []


def test_a_line_that_never_opens_is_found(slips):
    text = CLEAN.replace("{mon-thu: 08:30-17:00, fri: 08:30-16:30, ", "{mon-fri: closed, ")
    text = text.replace(", hours: 08:30-12:00", ", phone: 01632 960009")

    assert [(at[:5], code) for at, code, _ in slips(text)] == [("hours", "never_opens")]


@pytest.mark.parametrize(
    ("week", "days"),
    [
        ("mon: H, thu-fri: H", "tue,wed: closed"),
        ("'mon,tue,thu,fri': H", "wed: closed"),
        ("mon-fri: H, sun: H", "sat: closed"),
        ("mon: H, tue: closed, wed-fri: H", None),
        ("'mon,wed,fri': H", None),
        ("mon: H, thu: H", "tue,wed: closed"),
        ("'tue,thu': H", "wed: closed"),
        ("'mon,wed,fri': H, 'sat,sun': closed", None),
        ("'mon,fri': H", "tue,wed,thu: closed"),
        ("'mon,thu': H", "tue,wed: closed"),
        ("'mon,thu': H, fri: H", "tue,wed: closed"),
        ("tue-fri: H", "mon: closed"),
        ("mon-thu: H", "fri: closed"),
    ],
)
def test_a_weekday_missing_between_or_beside_those_that_are_there_is_found(slips, week, days):
    text = CLEAN.replace(DAY_HOURS, f"{{{week}, bank-holiday: closed}}".replace("H", "09:00-17:00"))
    messages = [message for _, code, message in slips(text) if code == "missing_weekday"]

    assert len(messages) == (days is not None)
    assert all(f"`{days}`" in message for message in messages)


MENU, SCREENED = "options: press 1, then 2", "press_1_to_accept: yes"
SLIPS = {
    ("    name: Backup\n", "    name: Backup\n    {}\n"): [
        (f"{MENU}\n    {SCREENED}", "press_1", "menu_never_accepts"),
        (f"send_digits: ww1\n    {SCREENED}", "press_1", "menu_never_accepts"),
        (MENU, "", None),
        (SCREENED, "", None),
        ("ring_seconds: 55", "", None),
        ("ring_seconds: 56", "ring", "rings_too_long"),
        (f"ring_seconds: 40\n    {SCREENED}", "", None),
        (f"ring_seconds: 41\n    {SCREENED}", "ring", "rings_too_long"),
    ],
    ("on: 2026-11-01", "{}"): [
        ("on: 2026-08-01", "verified: {on", "verification_expired"),
        ("on: 2027-11-01", "2027-11-01", "doubtful_year"),
    ],
    ("name: Children\n", "name: Children\n    {}\n"): [
        ("number: 01632 960003", "number", "number_loops"),
        ("number: 01632 960009", "", None),
    ],
    ("01632 960001", "{}"): [
        ("01344 35200", "", "not_in_numbering_plan"),
        ("0161 496 0004", "", None),
        ("+44 (01632) 960004", "", "rewritten_number"),
        ("+353 1 496 0000", "", "foreign_number"),
        ("01344 352005", "", None),
        ("+44 1632 960004", "", None),
    ],
    ("special_days:\n", "special_days:\n      - {{{}, name: X}}\n"): [
        ("from: 2027-02-01, to: 2027-06-30, hours: closed", "2027-06-30", "long_run"),
        ("from: 2027-02-01, to: 2027-02-20, hours: closed", "", None),
        ("from: 2027-02-01, to: 2027-06-30, hours: {mon: closed}", "2027", "long_run"),
        ("from: 2026-12-29, to: 2027-12-31, phone: 01632 960009", "2027", "long_run"),
        ("from: 2027-02-01, hours: closed", "2027-02-01", "long_run"),
        ("from: 2027-02-01, hours: {mon-fri: 09:00-17:00}", "", None),
        ("from: 2027-02-06, to: 2027-02-07, hours: 10:00-12:00", "{from", "idle_special_day"),
        ("from: 2026-12-25, to: 2026-12-28, hours: 10:00-12:00", "{from", "idle_special_day"),
        ("from: 2026-12-25, to: 2026-12-29, hours: 10:00-12:00", "", None),
        ("every: first Monday, from: 2027-02-01, to: 2027-06-30, hours: closed", "", None),
        ("date: 2062-12-24, hours: closed", "2062-12-24", "doubtful_year"),
        ("from: 2062-12-24, to: 2062-12-24, hours: closed", "2062", "doubtful_year"),
        ("date: 2026-11-23, hours: closed", "", None),  # over only on the day after
    ],
    ("england-and-wales}", "england-and-wales, {}}}"): [
        ("remove: [2027-05-30]", "2027-05-30", "removes_no_holiday"),
        ("remove: [2027-05-31]", "", None),
        ("add: {2027-05-31: Spring}", "2027-05-31", "holiday_already_there"),
        ("add: {2072-06-01: Jubilee}", "2072-06-01", "doubtful_year"),
        ("add: {2027-06-01: Jubilee}", "", None),
        ("add: {2026-06-01: Jubilee}", "2026-06-01", "doubtful_year"),
        ("remove: [2026-05-25]", "2026-05-25", "doubtful_year"),
        ("remove: [2027-05-31], add: {2027-05-31: Spring}", "", None),
    ],
    ("name: Hub", "name: {}"): [
        ("press 2, then # and 3", "#", "text_cut_by_hash"),
        ("Hub #3", "#", "text_cut_by_hash"),
        ("Hub  # the front door", "", None),
        ('"press 2 then #"  # quoted', "", None),
        ("Hub 👩\u200d👧", "", None),  # the joiner of an emoji
    ],
    ("mon-thu: 08:30-17:00", "mon-thu: '{}'"): [
        ("09:00-13:00, 12:00-17:00", "12:00-17:00", "overlapping_hours"),
        ("09:00-12:00, 12:00-17:00", "", None),
    ],
    ("    hours: {mon", "    also: [{}]\n    hours: {{mon"): [
        ("{kind: text, phone: 60066}", "", None),
        ("{kind: textphone, phone: 01632 960011}", "", None),
        ("{kind: bsl, url: https://www.anyshire.example/bsl}", "", None),
        ("{kind: textphone, phone: 960011}", "960011", "not_in_numbering_plan"),
    ],
    ("    hours: {mon", "    send_digits: {}\n    hours: {{mon"): [
        ("ww2 #", "#", "text_cut_by_hash"),
        ("ww2#", "", None),
    ],
}


@pytest.mark.parametrize(
    ("right", "pattern", "slip", "text", "code"),
    [(*change, *slip) for change, rows in SLIPS.items() for slip in rows],
)
def test_a_slip_is_found_at_its_place_and_what_may_be_meant_is_not(
    slips, right, pattern, slip, text, code
):
    rows = slips(CLEAN.replace(right, pattern.format(slip), 1))

    assert [kind for _, kind, _ in rows] == ([code] if code else [])
    assert all(at.startswith(text) for at, _, _ in rows)


def test_slips_in_the_week_of_a_run_are_found_at_their_places(slips):
    run = (
        "from: 2027-02-01, to: 2027-02-20, name: X, "
        "hours: {mon: 09:00-05:00, wed-fri: '09:00-13:00, 12:00-17:00'}"
    )
    rows = slips(CLEAN.replace("special_days:\n", f"special_days:\n      - {{{run}}}\n", 1))

    assert [(at.split(", ")[0], code) for at, code, _ in rows] == [
        ("09:00-05:00", "hours_at_night"),
        ("wed-fri: '09:00-13:00", "missing_weekday"),
        ("12:00-17:00'}}", "overlapping_hours"),
    ]


@pytest.mark.parametrize(
    ("character", "words"),
    [
        *(("\u00a0", "a no-break space"), ("\u200b", "a zero width space")),
        *(("\u200f", "a right-to-left mark"), ("\ufffd", "(replacement character)")),
        ("\u0430", "cyrillic small letter a"),
        ("\u00e2\u20ac\u2122", "does not belong here"),
    ],
)
def test_a_character_that_cannot_be_seen_is_found_in_a_name(slips, character, words):
    ((at, code, message),) = slips(CLEAN.replace("name: Hub", f"name: Hub{character} (MASH)"))

    assert (at[0], code) == (character[0], "hidden_character")
    assert words in message


def test_a_council_with_one_day_number_and_one_night_number_can_have_no_warning(slips):
    before, backup, after = CLEAN.partition("  backup:")
    text = before + after[after.index("services:") :].replace(
        "    if_unanswered: [eds, backup]\n", ""
    )

    assert backup
    assert slips(text) == []


HOLIDAYS, DAYS = "england-and-wales", "special_days:\n"


def special(*dates, hours="closed"):
    """Return the key of special days, with further ones before those that are there."""
    keys = f", hours: {hours}" if hours else ""
    return DAYS + "".join(f"      - {{name: X, {day}{keys}}}\n" for day in dates)


REMEDIES = [
    ("hours_at_night", "08:30-17:00", "08:30-05:00", "mean 08:30-17:00?", "08:30-17:00"),
    ("rewritten_number", "01632 960002", "+44 (0)1632 960002", "Write 01632 960002",
     "01632 960002"),
    ("rewritten_number", "01632 960002", "1632960002", "Write 01632 960002", "01632 960002"),
    ("near_miss", "0808 800 5000", "0800 800 5000", "08088005000", "0808 800 5000"),
    ("missing_weekday", "mon-thu:", "mon-wed:", "`thu: closed`", "thu: closed, mon-wed:"),
    ("overlapping_hours", "thu: 08:30-17:00", 'thu: "08:30-13:00, 12:00-17:00"',
     "write 08:30-17:00", "thu: 08:30-17:00"),
    ("no_bank_holiday", ", bank-holiday: closed", "", "`bank-holiday: closed`",
     ", bank-holiday: closed"),
    ("opens_at_christmas", "closed}\n    special_days:\n", "10:00-12:00}\n    special_days:\n",
     "Add special days: closed",
     f"10:00-12:00}}\n    {special('date: 2026-12-25', 'date: 2027-01-01')}"),
    ("opens_at_christmas", "date: 2026-12-24, name: Christmas Eve, hours: 08:30-12:00",
     "from: 2026-12-01, to: 2026-12-30, name: Winter, hours: {mon-fri: 08:30-12:00}",
     "24 December?", "date: 2026-12-24, name: Christmas Eve, hours: 08:30-12:00"),
    ("opens_at_christmas", "date: 2026-12-24", "date: 2026-12-23", "24 December?",
     "date: 2026-12-24"),
    ("text_cut_by_hash", "name: Hub", "name: Hub #1", "Put the whole text in quotes",
     'name: "Hub #1"'),
    ("hidden_character", "name: Hub", "name: Hub\u00a0One", "type an ordinary blank",
     "name: Hub One"),
    ("hours_at_night", "fri: 08:30", "fri: 01:30", "mean 13:30-16:30?", "fri: 13:30"),
    ("gap", "hours: always\n    verified", "hours: {mon-sun: '17:00-08:30'}\n    verified",
     "add this to the hours of 'eds'", "hours: always\n    verified"),
    ("nobody_left", "eds, backup]", "eds]", "add 'backup' to `if_unanswered`", "eds, backup]"),
    ("rings_too_long", "hours: {mon", "ring_seconds: 60\n    hours: {mon", "Write 55 or less",
     "ring_seconds: 55\n    hours: {mon"),
    ("removes_no_holiday", HOLIDAYS, f"{HOLIDAYS}, remove: [2027-05-30]", "2027-05-31",
     f"{HOLIDAYS}, remove: [2027-05-31]"),
    ("holiday_already_there", HOLIDAYS, f"{HOLIDAYS}, add: {{2027-05-31: Spring}}", "Delete it",
     f"{HOLIDAYS}, add: {{}}"),
    ("doubtful_year", HOLIDAYS, f"{HOLIDAYS}, add: {{2072-06-01: X}}", "Correct the year",
     f"{HOLIDAYS}, add: {{2027-06-01: X}}"),
    ("doubtful_year", HOLIDAYS, f"{HOLIDAYS}, add: {{2026-06-01: X}}", "delete this",
     f"{HOLIDAYS}, add: {{}}"),
    ("doubtful_year", DAYS, special("date: 2062-02-11"), "Correct", special("date: 2027-02-11")),
    ("doubtful_year", DAYS, special("date: 2026-11-22"), "delete this", DAYS),
    ("idle_special_day", DAYS, special("date: 2027-02-11", hours=""), "Give it `hours`",
     special("date: 2027-02-11")),
    ("idle_special_day", DAYS, special("from: 2027-02-07, to: 2027-02-07", hours="always"),
     "write `date`", special("date: 2027-02-07", hours="always")),
    ("idle_special_day", DAYS, special("every: 29 February, from: 2027-01-01, to: 2027-12-31"),
     "correct its dates", special("every: 29 February, from: 2027-01-01, to: 2028-12-31")),
    ("long_run", DAYS, special("from: 2027-02-06"), "write `to`",
     special("from: 2027-02-06, to: 2027-02-14")),
    ("long_run", DAYS, special("from: 2027-02-06, to: 2028-02-14"), "Correct the dates",
     special("from: 2027-02-06, to: 2027-02-14")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "right", "slip", "says", "remedy"), REMEDIES)
def test_a_file_with_the_remedy_of_a_warning_has_no_warning(slips, code, right, slip, says, remedy):
    assert right in CLEAN
    messages = [
        message for _, kind, message in slips(CLEAN.replace(right, slip, 1)) if kind == code
    ]

    assert any(says in message for message in messages), messages
    assert slips(CLEAN.replace(right, remedy, 1)) == []
