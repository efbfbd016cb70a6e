"""Reading YAML: every scalar stays text, and everything has its line and column."""

import pytest

from routing.directory.yaml_source import (
    UnreadableFile,
    describe_character,
    file_changes,
    read_yaml,
)


def refused(text):
    with pytest.raises(UnreadableFile) as caught:
        read_yaml(text)
    return caught.value.problem


@pytest.mark.parametrize(
    "scalar", ["17:00", "01632960001", "no", "+441632960001", "2026-12-24", "0x1F", "~", "1e3", "="]
)
def test_a_scalar_that_yaml_would_convert_stays_as_written(scalar):
    text = f"a: {scalar}\nb: [{scalar}]\n{scalar}: c"

    assert read_yaml(text).root == {"a": scalar, "b": [scalar], scalar: "c"}


def test_each_key_and_value_has_its_line_and_column():
    source = read_yaml("a: b\nlines:\n  mash:\n    phone: 01632 960001\n    aliases: [é, door]\n")

    assert source.place(("lines", "mash", "phone")) == (4, 12)
    assert source.key_places["lines", "mash", "phone"] == (4, 5)
    assert source.place(("lines", "mash", "aliases", 1)) == (5, 18)


def test_a_missing_value_has_the_place_of_what_is_around_it():
    assert read_yaml("a:\n  b: c").place(("a", "b", "d", 3)) == (2, 6)


def test_a_key_given_twice_is_a_problem_at_the_second_and_reading_goes_on():
    source = read_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")

    assert [(problem.line, problem.column, problem.code) for problem in source.problems] == [
        (4, 3, "duplicate_key"),
        (5, 1, "duplicate_key"),
    ]


LIST = f"[{','.join('a' * 9_998)}]\n"
"""A list that is, with its key, 10,000 values."""


def test_a_file_has_200_000_values_at_most():
    most = "".join(f"k{number}: {LIST}" for number in range(20))
    read_yaml(most)

    assert "more than 200000 values" in refused(most + "b: c").message


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("a: 1\nb: &x 2", (2, 4), "Write the value out"),
        ("a: 1\nb: *x", (2, 4), "Write the value out"),
        ("a: 1\nb: {<<: {c: d}}", (2, 5), "Write the keys out"),
        ("a: 1\nb: !!str 2", (2, 4), "Leave it out"),
        ("a: 1\nb: ! 2", (2, 4), "Leave it out"),
        ("a: 1\n---\nb: 2", (2, 1), "Keep one"),
        ("a: 1\nb: \0", (2, 4), "delete it"),
        ('a: 1\nb: "\\0"', (2, 4), "delete it"),
        ("a: 1\nb: x\ud800", (2, 5), "delete it"),
        ("a: 1\n\tb: 2", (2, 1), "not tabs"),
        ("\u00a0# a: b: c", (1, 1), "an ordinary blank"),
        ("a: 1\n? [b]\n: c", (2, 3), "Write it as"),
        ("- a", (1, 1), "Start from"),
        ("", (1, 1), "Start from"),
        ("a: " + "[" * 30 + "]" * 30, (1, 24), "Check the indentation"),
    ],
)
def test_what_a_directory_never_needs_is_refused_with_its_place_and_a_remedy(text, place, remedy):
    problem = refused(text)

    assert (problem.line, problem.column) == place
    assert remedy in problem.message


SMALL = """\
lines:
  day:
    name: Day
    hours:
      mon: closed
      fri: closed
    special_days:
      - date: 2026-12-24
        name: Eve
      - every: first Wednesday
        name: Training
    options: "press 1"
  night:
    name: Night
    phone: 01632 960002
    aliases: [night team, duty]
    pages:
      after: |
        We will call you
        back soon
"""


@pytest.mark.parametrize(
    ("right", "slip", "place", "words"),
    [
        ("      fri: ", "     fri: ", (6, 6), "begins in column 6"),
        ("      fri: ", "       fri: ", (6, 8), "begins in column 8"),
        ("      fri: ", "  fri: ", (6, 3), "begins in column 3"),
        ("    special_days:\n", "", (7, 7), "begins in column 7"),
        ("      - date: ", "      -date: ", (8, 7), "a blank is missing after this dash"),
        ("      - date: ", "      date: ", (8, 7), "write `- ` before each entry"),
        ("      - date: ", "        - date: ", (8, 9), "begins in column 9"),
        ("    aliases: ", "  aliases: ", (16, 3), "begins in column 3"),
        ("        name: Eve", "      name: Eve", (9, 7), "write `- ` before each entry"),
        ("        name: Eve", "         name: Eve", (9, 10), "begins in column 10"),
        ("  night:\n", "  night\n    # a comment\n", (13, 3), "a colon is missing"),
        ("      - every: ", "      every: ", (10, 7), "write `- ` before each entry"),
        ("      - every: ", "      -  every: ", (10, 8), "more than one blank"),
        ("every: first Wednesday", "name {en: a, cy: b}", (10, 9), "a colon is missing"),
        ("  night:", "   night:", (13, 4), "begins in column 4"),
        ("    name: Night", "     name: Night", (14, 6), "begins in column 6"),
        ("    name: Night", "    name; Night", (14, 5), "a colon is missing"),
        ("    name: Night", "    name: Night:", (14, 16), "a second colon"),
        ("    name: Night", '    name: "Night",', (14, 11), "a quotation mark within"),
        ("    name: Night", "    name: - Night", (14, 11), "a list may not begin beside its key"),
        ("name: Night", "name: [Night](https://x)", (14, 11), "may not begin with this mark"),
        ("    name: Night", '    name: "Night', (14, 11), "is not closed"),
        ("name: Night", 'name: "Night\n' + "    x: y\n" * 9 + '    z: "z"', (14, 11), "not closed"),
        ("    phone: ", "    phone:\u00a0", (15, 11), "a no-break space"),
        ("    phone: ", "  phone: ", (15, 3), "begins in column 3"),
        ("phone: 01632 960002", '"phone: 01632 960002"', (15, 5), "without quotes around"),
        ("duty]", "duty", (16, 14), "is not closed"),
        ("    phone: ", "=======\n    phone: ", (15, 1), "Finish the merge"),
        ("lines:\n", "<<<<<<< HEAD\nlines:\n", (1, 1), "Finish the merge"),
        ("    hours:\n", "\u00a0\u00a0  hours:\n", (4, 1), "a no-break space"),
        ("Night\n", "Night\u2028\n", (14, 16), "delete it"),
        ("        back soon\n", "        back soon\n     x: y\n", (21, 6), "begins in column 6"),
    ],
)
def test_a_slip_is_found_in_its_line_and_not_in_a_good_one_nearby(right, slip, place, words):
    assert right in SMALL
    problem = refused(SMALL.replace(right, slip, 1))

    assert (problem.line, problem.column) == place
    assert words in problem.message
    assert len(str(problem)) <= 160


BY_DAY, _, BY_NIGHT = SMALL.removeprefix("lines:\n").partition("  night:\n")
NIGHT_FIRST = f"lines:\n  night:\n{BY_NIGHT}{BY_DAY}"
EVE = "      - date: 2026-12-24\n        name: Eve\n"
TRAINING = "      - every: first Wednesday\n        name: Training\n"


@pytest.mark.parametrize(
    ("right", "edited", "changes"),
    [
        (EVE, f"{EVE}{EVE.replace('24', '23')}", [
            "Day: special days 2026-12-23 date 2026-12-23, was not there",
            "Day: special days 2026-12-23 name Eve, was not there"]),
        (EVE, "", ["Day: special days 2026-12-24 date taken out, was 2026-12-24",
                   "Day: special days 2026-12-24 name taken out, was Eve"]),
        (EVE, f"{EVE}{EVE}", [
            "Day: special days 2026-12-24 again date 2026-12-24, was not there",
            "Day: special days 2026-12-24 again name Eve, was not there"]),
        (EVE + TRAINING, TRAINING + EVE, [
            "Day: special days order first Wednesday, 2026-12-24, "
            "was 2026-12-24, first Wednesday"]),
        ("name: Training", "name: Team",
         ["Day: special days first Wednesday name Team, was Training"]),
        ("name: Day", "name: {en: Day}", ["Day: name en Day, was not there",
                                          "Day: name taken out, was Day"]),
        ("[night team, duty]", "[duty, night team]",
         ["Night: aliases duty, night team, was night team, duty"]),
        ("[night team, duty]", "['night team, duty']",
         ["Night: aliases 'night team, duty', was night team, duty"]),
        (SMALL, NIGHT_FIRST, ["lines: order night, day, was day, night"]),
        ("lines:\n", "zone: x\nlines:\n", ["zone: x, was not there"]),
        ("      mon: closed\n      fri: closed\n", "      fri: closed\n      mon: closed\n", []),
    ],
)  # fmt: skip
def test_what_was_changed_in_a_file_is_named_by_whose_it_is(right, edited, changes):
    assert right in SMALL
    old, new = read_yaml(SMALL), read_yaml(SMALL.replace(right, edited, 1))

    assert [str(change) for change in file_changes(old, new)] == changes


def test_a_minus_sign_is_named_with_the_key_to_press():
    assert describe_character("\u2212") == "a minus sign: type an ordinary hyphen"
