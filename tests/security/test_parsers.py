"""Whatever is written to a parser: a value, or a refusal with words, and soon."""

import time

import fuzz
import pytest

from routing.directory.load import load
from routing.errors import InvalidDirectory

COUNT = 2_000
MEGABYTE = 999_000
BOMBS = {
    "keys nobody knows": "".join(f"bank_holidayz{n}: x\n" for n in range(9_000)),
    "one key again and again": "a: x\n" * 50_000,
    "lines nobody has": fuzz.DIRECTORY.replace("[day]", f"[{'x, ' * 30_000}]"),
    "aliases of aliases": "a: &a [x, x]\n"
    + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(40_000)),
    "a merge": "a: {<<: {b: c}}\n" * 40_000,
    "brackets": "a: " + "[" * 900_000,
    "steps": "".join(f"{' ' * n}a:\n" for n in range(1400)),
    "one long word": fuzz.DIRECTORY.replace("name: Night", f"name: {'x' * 900_000}\n"),
    "one long key": f"{fuzz.DIRECTORY}{'x' * 900_000}: y\n",
    "escapes": 'a: "' + "\\x41" * 240_000 + '"\n',
    "hours": fuzz.DIRECTORY.replace("08:30-17:00", ",".join(["08:30-17:00"] * 20_000)),
    "a zone": fuzz.DIRECTORY.replace("Europe/London", "Europe/" + "L/" * 9_000),
    "a number": fuzz.DIRECTORY.replace("01632 960001", "0" * 900_000),
}


@pytest.mark.parametrize("name", fuzz.PARSERS)
def test_inputs_made_wrong_on_purpose_end_in_a_value_or_in_words(name):
    counted = fuzz.tried(name, COUNT)

    assert (counted.faults[:5], counted.slow[:5]) == ([], [])
    assert counted.inputs == COUNT
    assert counted.taken > 0


def test_a_parser_that_breaks_or_dawdles_is_found():
    def breaks(text):
        raise ZeroDivisionError(text)

    def dawdles(text):
        until = time.thread_time() + 1.5 * fuzz.SLOW
        while time.thread_time() < until:
            pass

    fuzz.PARSERS["broken"] = fuzz.Parser(["x"], breaks)
    fuzz.PARSERS["slow"] = fuzz.Parser(["x"], dawdles)
    try:
        broken, slow = fuzz.tried("broken", 3), fuzz.tried("slow", 1)
    finally:
        del fuzz.PARSERS["broken"], fuzz.PARSERS["slow"]

    assert (len(broken.faults), len(slow.slow)) == (3, 1)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_directory_made_to_choke_on_is_told_or_taken_within_seconds(bomb, tmp_path):
    (tmp_path / "directory.yaml").write_text(BOMBS[bomb][:MEGABYTE])
    began = time.thread_time()
    try:
        load(tmp_path / "directory.yaml")
    except InvalidDirectory as error:
        assert 1 <= len(error.problems) <= 201  # they are logged, and stand on a page

    assert time.thread_time() - began < 5


@pytest.mark.parametrize("where", ["name: Night", "zone", "council"])
def test_no_escape_brings_in_what_a_terminal_would_obey(tmp_path, where):
    file = tmp_path / "directory.yaml"
    for written in (r"\e[2J", r"\0", r"\x9b31m", r"\a", r"\ud800", r"\x7f"):
        planted = f'name: "{written}"' if ":" in where else f'"{written}"'
        file.write_text(fuzz.DIRECTORY.replace(where, planted, 1))
        with pytest.raises(InvalidDirectory) as refusal:
            load(file)
        assert str(refusal.value).isprintable(), written
