"""A directory file: every problem at once, each with its place and what to write."""

import re
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE, ROOT

from routing.core.directory import EMERGENCY_NUMBERS
from routing.directory.load import load, parse, read_text
from routing.errors import InvalidDirectory
from routing.lint.check import check

GOOD = read_text(ANYSHIRE)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILES = [ROOT / "directory.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
DRAMA = re.compile(r"\+44(1632960\d{3}|2079460\d{3}|7700900\d{3})")


def problems(text):
    with pytest.raises(InvalidDirectory) as caught:
        parse(text, "test.yaml")
    return caught.value.problems


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.stem)
def test_an_example_rings_nobody(path):
    directory, _ = load(path)
    numbers = [line.phone.e164 for line in directory.lines]
    numbers += [s.phone.e164 for line in directory.lines for s in line.special_days if s.phone]

    assert not [n for n in numbers if not (DRAMA.fullmatch(n) or n in EMERGENCY_NUMBERS)]


def test_the_council_that_this_is_for_has_the_numbers_that_it_publishes():
    directory, _ = load(ROOT / "directory.yaml")

    assert [(line.phone.e164, line.verified) for line in directory.lines] == [
        ("+441344352005", None),
        ("+441344351999", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("08:30-17:00", "8.30-17", "bad_value", "08:30-17:00"),
        ("mon-thu: 08:30", "mon-thursday: 08:30", "bad_value", "Write mon-thu"),
        ("phone: 01632 960001", "phone: '01632'", "bad_value", "too short"),
        ("phone: 01632 960001", "phone: 999", "barred_number", "out of `lines`"),
        ("phone: 01632 960001", "phone: 0845 650 0097", "barred_number", "084"),
        ("phone: 01632 960009", "phone: 09011 654321", "barred_number", "premium"),
        ("if_unanswered: [eds,", "if_unanswered: [edss,", "unknown_line", "mean 'eds'"),
        ("relay_uk: yes", "relay_ukk: yes", "unknown_key", "mean 'relay_uk'"),
        ("relay_uk: yes", "perhaps: yes", "unknown_key", "Write .* or .* or .* or another[.]$"),
        ("relay_uk: yes", "relay_uk: perhaps", "bad_value", "yes or no"),
        ("number: 01632 960100", "greeting2: x", "unknown_key", "greeting"),
        ("ring_seconds: 25 ", "ring_seconds: 4 ", "bad_value", "5 to 300"),
        ('colour: "#1d4f91"', 'colour: "#ffdd00"', "bad_value", "too pale"),
        ("division: england-and-wales", "division: england", "bad_value", "england-and-wales"),
        ("date: 2026-12-24 ", "date: 24/12/2026 ", "bad_value", "2026-12-24"),
        ("visibility: internal", "visibility: secret", "bad_value", "public"),
        ("languages: [en] ", "languages: [fr] ", "bad_value", "cy"),
        ("languages: [en] ", "languages: [en, en] ", "bad_value", "named twice"),
        ("needed_when: {line: mash}", "needed_when: {line: mush}", "unknown_line", "mash"),
        ("emergency: If a child", "emergency: ''\nx: If a child", "bad_value", "no words"),
        ("zone: Europe/London", "zone: Europe/London\nzone: UTC", "duplicate_key", "twice"),
    ],
)
def test_a_mistake_is_a_problem_with_its_place_and_a_remedy(old, new, code, message):
    assert old in GOOD
    matching = [
        problem
        for problem in problems(GOOD.replace(old, new, 1))
        if problem.code == code and re.search(message, problem.message)
    ]
    line = GOOD[: GOOD.index(old)].count("\n") + 1

    assert any(abs(problem.line - line) <= 6 for problem in matching)


def test_an_internal_line_needs_a_service_with_a_number_to_show():
    text = re.sub(r"    number: 01632 960100.*\n", "", GOOD)

    assert [problem.code for problem in problems(text)] == ["internal_line_reachable"]


PLACED = """\
council: {name: {en: A, cy: B}, website: https://a.example, colour: "#ffffff", hue: red}
zone: Europe/London
languages: [en]
emergency: Call 999.
bank_holidays: {division: england-and-wales, add: {1 June 2027: Day}}
lines:
  day:
    name: Day
    phone: 01632 96
    hours:
      mon-fri: 9-5
      fri: 09:00-17:00
    special_days:
      - {from: 2026-12-29, to: 2026-12-01, name: Late, hours: closed}
    verified: {on: 2026-11-01, source: x}
  night: {name: Night, phone: 0870 1234567, hours: always, visibility: internal}
services:
  children: {name: Children, lines: [], out_of_hours: night, if_unanswered: [nite]}
rota:
  worker: {name: Worker, needed_when: {out_of_hours_of: childrn}, people: 0}
"""


def test_every_problem_has_the_line_and_column_of_what_is_wrong():
    places = [(problem.line, problem.column, problem.code) for problem in problems(PLACED)]

    assert places == [
        (1, 25, "bad_value"),
        (1, 69, "bad_value"),
        (1, 80, "unknown_key"),
        (5, 52, "bad_value"),
        (9, 12, "bad_value"),
        (11, 16, "bad_value"),
        (12, 7, "bad_value"),
        (14, 32, "bad_value"),
        (15, 15, "missing_key"),
        (16, 31, "barred_number"),
        (16, 72, "internal_line_reachable"),
        (18, 37, "bad_value"),
        (18, 78, "unknown_line"),
        (20, 57, "unknown_service"),
        (20, 75, "bad_value"),
    ]


def test_a_text_gives_the_directorys_first_language_first():
    text = GOOD.replace("languages: [en]", "languages: [cy, en]")
    text = text.replace("name: Duty manager", "name: {en: Manager, cy: Rheolwr}")

    name = parse(text, "x")[0].lines[3].name
    assert name.by_language == (("cy", "Rheolwr"), ("en", "Manager"))


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("c04-en-dash-hours", (14, 21), "a long dash (en dash): type an ordinary hyphen"),
        ("c07-nbsp-phone", (12, 17), "a no-break space: type an ordinary blank"),
        ("c08-nbsp-indent", (12, 1), "a no-break space"),
        ("c12-zero-width-value", (14, 16), "a zero-width space"),
        ("c20-24-7", (28, 12), "Write always"),
        ("c25-no-such-date", (18, 15), "there is no 30 February"),
        ("c26-no-space-colon", (12, 10), "a blank is missing after this colon"),
        ("c29-apostrophe", (11, 11), "double quotes"),
        ("c35-list-no-dash", (18, 7), "Write `- ` before `date`"),
        ("c53-docx", (1, 1), "plain text"),
        ("c70-star", (11, 11), "in quotes"),
        ("e16-fullwidth-colon", (12, 10), "a full-width colon: type an ordinary colon"),
        ("e28-two-numbers", (12, 12), "a second line"),
        ("e35-to-before-from", (19, 13), "Did you mean 2027-01-02?"),
        ("e36-comma-in-flow", (36, 20), "in quotes"),
        ("e41-merge-marks", (12, 1), "Finish the merge"),
        ("e44-bidi-override", (11, 22), "a bidi mark"),
        ("e51-comma-in-language-map", (4, 44), "in quotes"),
    ],
)
def test_a_hurried_slip_is_an_error_at_its_place_in_words(name, place, words):
    errors = check(ROOT / "tests/data/cases" / f"{name}.yaml", ROOT / "none", AT)

    assert [(error.line, error.column) for error in errors] == [place]
    assert words in errors[0].message


@pytest.mark.parametrize(
    ("slip", "remedy"),
    [
        ("hours: 24/7", "hours: always"),
        ("phone: 01632\u00a0960002", "phone: 01632 960002"),
        ("phone:01632 960002", "phone: 01632 960002"),
        ("phone\uff1a 01632 960002", "phone: 01632 960002"),
        ("phone 01632 960002", "phone: 01632 960002"),
        ("name: 'Children's team'", 'name: "Children\'s team"'),
        ('name: "The "front" door"', "name: 'The \"front\" door'"),
        ("name: *MASH*", 'name: "*MASH*"'),
        ("name: @MASH", 'name: "@MASH"'),
        ("name: Hub: day team", 'name: "Hub: day team"'),
    ],
)
def test_a_file_with_the_remedy_of_a_slip_loads(slip, remedy):
    keys = {"name": "name: X", "phone": "phone: 01632 960002", "hours": "hours: always"}
    key = re.match("[a-z]+", slip)[0]
    file = ROOT / "tests/data/cases/c04-en-dash-hours.yaml"
    text = file.read_text().replace("\u2013", "-").replace("name: Emergency Duty Team", "name: X")

    assert (
        problems(text.replace(keys[key], slip))[0].line
        == text[: text.index(keys[key])].count("\n") + 1
    )
    assert parse(text.replace(keys[key], remedy), "x")[0].services


def test_a_missing_file_says_what_to_set(tmp_path):
    (error,) = check(tmp_path / "none.yaml", tmp_path, AT)

    assert "DIRECTORY" in error.message


TIDY = """\
council: {name: Anyshire, website: https://www.anyshire.example}
zone: Europe/London
languages: [en]
emergency: Call 999.
bank_holidays: {division: england-and-wales}
lines:
  mash:
    name: Hub
    phone: 01632 960001
    email: mash@anyshire.example
    hours:
      mon-thu: 08:30-17:00
      fri: 08:30-16:30
      bank-holiday: closed
    special_days:
      - date: 2026-12-24
        name: Christmas Eve
        hours: 08:30-12:00
    verified: {on: 2026-11-01, days: 90}
  eds:
    name: Night
    phone: 01632 960002
    hours: {mon-fri: 08:30-17:00}
    verified: {on: 2026-11-01, days: 90}
services:
  children:
    name: Children
    lines: [mash]
    out_of_hours: eds
"""


@pytest.mark.parametrize(
    ("right", "slip", "place", "words"),
    [
        ("      bank-holiday: closed", "    bank-holiday: closed", (14, 5), "below `hours`"),
        ("    special_days:", "      special_days:", (15, 7), "a key of the line"),
        ("    out_of_hours: eds", "    hours: always", (29, 5), "It belongs to a line"),
        ("    phone: 01632 960002", "    lines: [mash]", (22, 5), "It belongs to a service"),
        ("{mon-fri: 08", "{mon-fri:08", (23, 13), "Write `mon-fri: 08:30-17:00`"),
        ("30-17:00}", "30-12:00, 13:00-17:00}", (23, 35), "Put the whole text in quotes"),
        ("out_of_hours: eds", "out_of_hours: EDS", (29, 19), "Did you mean 'eds'?"),
        ("out_of_hours: eds", "out_of_hours: eds\u200b", (29, 22), "a zero-width space"),
        ("[mash]", "[m\u0430sh]", (28, 14), "cyrillic small letter a"),
        ("phone: 01632 960002", "phone: 116 123", (22, 12), "only under helplines"),
        ("phone: 01632 960002", "phone: 01632 9600021", (22, 12), "Write it in full"),
        ("phone: 01632 960002", "phone: [01632 960002]", (22, 12), "a list is not a telephone"),
        ("[mash]", "[day]", (28, 13), "Write eds or mash."),
        ("mash@", "mailto:mash@", (10, 12), "Write mash@anyshire.example"),
    ],
)
def test_a_value_in_the_wrong_place_or_form_is_an_error_of_one_line(right, slip, place, words):
    assert right in TIDY
    (problem, *_) = [p for p in problems(TIDY.replace(right, slip, 1)) if words in p.message]

    assert (problem.line, problem.column) == place
    assert len(str(problem)) <= 160
