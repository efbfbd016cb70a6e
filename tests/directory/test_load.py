"""A directory file: every problem at once, each with its place and what to write."""

import fcntl
import os
import re
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import large_directory
import pytest
from conftest import ANYSHIRE, ROOT

from routing.core.directory import EMERGENCY_NUMBERS
from routing.directory import load as loading
from routing.directory.load import (
    MAX_ATTEMPTS,
    LastGoodDirectory,
    ReaderEnded,
    load,
    parse,
    parse_in_child,
    read_text,
)
from routing.directory.yaml_source import MAX_BYTES
from routing.errors import InvalidDirectory
from routing.lint import check
from routing.snapshot import SnapshotLoader

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


SEEN_BY_EDITORS = [
    ("08:30-17:00", "8.30-17", "bad_value", "08:30-17:00"),
    ("mon-thu: 08:30", "mon-thursday: 08:30", "bad_value", "Write mon, mon-fri"),
    ("relay_uk: yes", "relay_ukk: yes", "unknown_key", "mean 'relay_uk'"),
    ("relay_uk: yes", "perhaps: yes", "unknown_key", "Correct its spelling or its ind"),
    ("relay_uk: yes", "relay_uk: perhaps", "bad_value", "yes or no"),
    ("number: 01632 960100", "greeting2: x", "unknown_key", "greeting"),
    ("ring_seconds: 25 ", "ring_seconds: 4 ", "bad_value", "write 5 or more"),
    ("division: england-and-wales", "division: england", "bad_value", "england-and-wales"),
    ("date: 2026-12-24 ", "date: 24/12/2026 ", "bad_value", "2026-12-24"),
    ("visibility: internal", "visibility: secret", "bad_value", "public"),
    ("languages: [en] ", "languages: [fr] ", "bad_value", "cy"),
]
OPTIONS, DAYS = "options: press 1, then 2", "special_days:\n"
SEEN_BY_THE_SERVICE = [
    ("phone: 01632 960001", "phone: '01632'", "bad_value", "too short"),
    ("phone: 01632 960001", "phone: 999", "barred_number", "out of `lines`"),
    ("phone: 01632 960001", "phone: 0845 650 0097", "barred_number", "084"),
    ("phone: 01632 960009", "phone: 09011 654321", "barred_number", "premium"),
    ("phone: 07700 900001", "phone: 0845 650 0097", "barred_number", "084"),
    ("mon-thu: 08:30", "mon-thu,tue: 08:30", "bad_value", "tue is named twice"),
    ("[eds,", "[edss,", "unknown_line", "mean 'eds'"),
    ("[eds,", "[\u0435ds,", "unknown_line", "cyrillic small letter ie"),
    ("[eds,", "[x,", "unknown_line", "Write '.*' or '.*' or '.*' or another"),
    ("{line: mash}", "{line: mush}", "unknown_line", "mash"),
    ('colour: "#1d4f91"', 'colour: "#ffdd00"', "bad_value", "too pale"),
    ("languages: [en] ", "languages: [en, en] ", "bad_value", "named twice"),
    ("emergency: If a child", "emergency: ''\nx: If a child", "bad_value", "no words"),
    ("zone: Europe/London", "zone: Europe/London\nzone: UTC", "duplicate_key", "twice"),
    ("zone: Europe/London", "zone: GMT", "bad_value", "Write Europe/London"),
    ("services:\n", "services:\n  children: {number: 101}\n", "duplicate_key", "given twice"),
    ("relay_uk: yes", "lines: [mash]", "unknown_key", "Correct its indentation"),
    (OPTIONS, "also: [{kind: text, phone: 85258, url: https://x}]", "bad_value", "delete `url`"),
    (OPTIONS, "also: [{kind: chat, phone: 85258}]", "bad_value", "Write `url`, and delete `phone`"),
    (OPTIONS, "also: [{kind: textphone}]", "bad_value", "needs a `phone`. Add it."),
    (OPTIONS, "also: [{kind: fax}]", "bad_value", "Write 'textphone' or 'text'"),
    (OPTIONS, "send_digits: press 1", "bad_value", r"Write digits, \* and #, and w"),
    (OPTIONS, "send_digits: 1,2", "bad_value", "ww1ww2"),
    ("ring_seconds: 25 ", "ring_seconds: 25 seconds ", "bad_value", "write a whole number"),
    ("ring_seconds: 25 ", "ring_seconds: 301 ", "bad_value", "write 300 or less"),
    *(
        (DAYS, f"{DAYS}      - {{name: X, {special_day}}}\n", "bad_value", re.escape(remedy))
        for special_day, remedy in [
            ("every: 31 April", "there is no 31 April. Write 1 to 30 April"),
            ("every: fifth Friday", "first Wednesday (to fourth, or last)"),
            ("every: Wednesday", "first Wednesday"),
            ("every: 2 weeks", "Add the first one, as `from: 2027-01-04`"),
            ("every: 60 weeks, from: 2027-01-04", "or 1 to 52 weeks"),
            ("every: 24 December, date: 2026-12-24", "Delete one of the two"),
            ("every: 24 December, hours: {mon: closed}", "Write the hours of a day"),
            ("date: 2026-12-24, hours: {mon: closed}", "Write the hours of a day"),
            ("date: 2026-12-24, to: 2026-12-25", "either `date` or `to`. Delete one"),
            ("date: 2026-12-24, from: 2026-12-25", "either `date` or `from`. Delete one"),
            ("to: 2026-12-25", "give either `date`, `from` or `every`"),
            ("from: 2026-12-24, to: 2026-01-02", "Did you mean 2027-01-02?"),
            ("from: 2027-12-01, to: 2024-02-29", "Did you mean 2028-02-29?"),
            ("from: 2026-12-24, to: 2026-12-20", "Correct one of the two"),
        ]
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "message"), [*SEEN_BY_EDITORS, *SEEN_BY_THE_SERVICE]
)
def test_a_mistake_is_a_problem_with_its_place_and_a_remedy(old, new, code, message):
    assert old in GOOD
    matching = [
        problem
        for problem in problems(GOOD.replace(old, new, 1))
        if problem.code == code and re.search(message, problem.message)
    ]
    line = GOOD[: GOOD.index(old)].count("\n") + 1

    assert any(0 <= problem.line - line <= 3 for problem in matching)
    assert all(len(str(problem)) <= 160 for problem in matching)


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
        ("c12-zero-width-value", (14, 16), "a zero width space, which cannot be seen: delete it"),
        ("c20-24-7", (28, 12), "Write always"),
        ("c25-no-such-date", (18, 15), "there is no 30 February"),
        ("c26-no-space-colon", (12, 10), "a blank is missing after this colon"),
        ("c29-apostrophe", (11, 11), "double quotes"),
        ("c35-list-no-dash", (18, 7), "one on each line after `- `"),
        ("c53-docx", (1, 15), "plain text"),
        ("c70-star", (11, 11), "in quotes"),
        ("e16-fullwidth-colon", (12, 10), "a look-alike (fullwidth colon): type :"),
        ("e28-two-numbers", (12, 12), "a second line"),
        ("e35-to-before-from", (19, 13), "Did you mean 2027-01-02?"),
        ("e36-comma-in-flow", (36, 20), "in quotes"),
        ("e41-merge-marks", (12, 1), "Finish the merge"),
        ("e44-bidi-override", (11, 22), "a right-to-left override, which cannot be seen"),
        ("e51-comma-in-language-map", (4, 44), "in quotes"),
    ],
)
def test_a_hurried_slip_is_an_error_at_its_place_in_words(name, place, words):
    errors, _ = check(ROOT / "tests/data/cases" / f"{name}.yaml", ROOT / "none", AT)

    assert [(error.line, error.column) for error in errors] == [place]
    assert words in errors[0].message


@pytest.mark.parametrize(
    ("slip", "remedy"),
    [
        ("hours: 24/7", "hours: always"),
        ("phone\uff1a 01632 960002", "phone: 01632 960002"),
        ("phone 01632 960002", "phone: 01632 960002"),
        ("name: 'Children's team'", 'name: "Children\'s team"'),
        ('name: "The "front" door"', "name: 'The \"front\" door'"),
        ("name: *MASH*", 'name: "*MASH*"'),
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
    (error,), _ = check(tmp_path / "none.yaml", tmp_path, AT)

    assert "DIRECTORY" in error.message


BETTER = GOOD.replace("01632 960001", "01632 960077")
LARGE = large_directory.directory(100)
OPS = {"Authorization": "Bearer ops"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def folder(tmp_path):
    """Return the instance folder, in which a directory was kept."""
    folder = tmp_path / "instance"
    LastGoodDirectory(folder).load(ANYSHIRE)
    return folder


def start(file, folder):
    """Return what a new process answers from."""
    return SnapshotLoader(file, folder, lambda: AT).current()


def test_after_good_better_and_broken_the_better_one_answers(file, folder):
    file.write_text(BETTER)
    assert start(file, folder).problems == ()
    os.utime(folder / "last-good-directory.yaml", (1_800_000_000, 1_800_000_000))
    file.write_text("lines: [")

    snapshot = start(file, folder)
    assert snapshot.directory.lines[0].phone.display == "01632 960077"
    assert snapshot.problems
    assert snapshot.kept_at == datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.mark.parametrize("saved", [None, "lines: ["])
def test_a_broken_file_without_a_last_good_one_is_refused_with_every_problem(file, folder, saved):
    file.write_text("zone: nowhere")
    (folder / "last-good-directory.yaml").unlink()
    if saved:
        (folder / "last-good-directory.yaml").write_text(saved)

    with pytest.raises(InvalidDirectory, match="services") as refusal:
        start(file, folder)
    assert refusal.value.path == str(file)


def test_a_copy_that_cannot_be_written_is_logged_and_leaves_nothing_behind(tmp_path, caplog):
    (tmp_path / "last-good-directory.yaml").mkdir()

    assert start(ANYSHIRE, tmp_path).problems == ()
    assert "cannot write" in caplog.text
    assert not list(tmp_path.glob(".new-*"))


def test_a_folder_that_cannot_be_made_stops_nothing(file):
    assert start(ANYSHIRE, file / "instance").problems == ()


@pytest.fixture
def lock(folder):
    """Hold the lock of the last good directory, as another process would."""
    with (folder / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def test_a_load_waits_for_another_and_reads_the_file_as_it_is_then(file, folder, lock):
    kept = folder / "last-good-directory.yaml"
    file.write_text("lines: [")
    waiting = threading.Thread(target=start, args=[file, folder])
    waiting.start()
    waiting.join(0.1)
    file.write_text(BETTER)
    assert kept.read_text() == GOOD
    lock.close()
    waiting.join()

    assert kept.read_text() == BETTER


def test_a_process_that_hangs_with_the_lock_does_not_stop_a_load(file, folder, lock, monkeypatch):
    monkeypatch.setattr(loading, "LOCK_TIMEOUT_SECONDS", 0.1)
    file.write_text(BETTER)

    assert start(file, folder).problems == ()
    assert (folder / "last-good-directory.yaml").read_text() == GOOD


MAX_MIB = 300


def wrong_items(size):
    """Return a directory of at most ``size`` bytes in which almost every item is a mistake."""
    line = "{aliases: [" + ",".join(['""'] * 5000) + "]}"
    count = (size - len(large_directory.HEAD)) // (len(line) + 10)
    return (
        large_directory.HEAD
        + "lines:\n"
        + "".join(f"  l{number}: {line}\n" for number in range(count))
    )


def days_that_come_again(size):
    """Return a directory with 900 days that come again; not much of ``size``."""
    first = date(2000, 1, 1)
    days = (
        f"      - {{every: 1 week, from: {first + timedelta(count)}, name: Team, hours: closed}}\n"
        for count in range(900)
    )
    before, entry, after = GOOD.partition("      - date: 2026-12-24")
    return f"{before}{''.join(days)}{entry}{after}"


@pytest.mark.parametrize(
    "make",
    [wrong_items, lambda size: large_directory.directory(1000), days_that_come_again],
    ids=["almost every item wrong", "a thousand services", "900 recurrences"],
)
def test_a_file_within_the_limit_is_read_within_300_mib(make, file):
    file.write_text(make(MAX_BYTES - 1000))
    assert file.stat().st_size < MAX_BYTES

    assert peak_mib(file) < MAX_MIB


LOAD = r"""
import re, resource, sys
from pathlib import Path
from routing.directory.load import LastGoodDirectory
from routing.errors import InvalidDirectory
file = Path(sys.argv[1])
try:
    LastGoodDirectory(file.parent / "instance").load(file)
except InvalidDirectory:
    pass
# Its own peak is not ru_maxrss: at exec Linux starts that at the peak of the process that forked,
# which is this test run.
own = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(max(own, children) // 1024)
"""


def peak_mib(file):
    """Return the peak memory, in MiB, of a process that loads a file, or of its child process."""
    command = [sys.executable, "-c", LOAD, file]
    return int(subprocess.check_output(command, cwd=ROOT, text=True, timeout=300))


def test_a_file_of_more_than_two_million_bytes_is_refused(file):
    file.write_text("é" * (MAX_BYTES // 2 + 1))

    with pytest.raises(InvalidDirectory, match="larger than 2000000 bytes"):
        load(file)


def test_a_large_directory_is_the_same_from_a_process_of_its_own(file):
    assert parse_in_child(LARGE, file) == parse(LARGE, file)[0]
    refusals = []
    for read in (parse, parse_in_child):
        with pytest.raises(InvalidDirectory, match=str(file)) as refusal:
            read(LARGE.replace("phone: 01632 960001", "phone: 1").replace("fri: 16:30", "x"), file)
        refusals.append(refusal.value.problems)

    assert refusals[0] == refusals[1]


@pytest.fixture
def no_memory(monkeypatch):
    """Give the process that parses a large file less memory than it needs."""
    monkeypatch.setattr(loading, "MAX_PARSE_BYTES", 2**20)


def test_a_file_that_ended_its_reader_twice_is_left_alone_until_it_changes(no_memory, file, folder):
    file.write_text(LARGE)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ReaderEnded):
            LastGoodDirectory(folder).load(file)

    with pytest.raises(InvalidDirectory, match="until it changes") as refused:
        LastGoodDirectory(folder).load(file)
    assert not isinstance(refused.value, ReaderEnded)
    file.write_text(LARGE + "# changed\n")
    with pytest.raises(ReaderEnded):
        LastGoodDirectory(folder).load(file)


def test_a_file_that_takes_too_much_cpu_time_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "PARSE_CPU_SECONDS", 0.01)

    with pytest.raises(ReaderEnded, match="CPU time"):
        parse_in_child(LARGE, tmp_path)


def test_a_busy_machine_does_not_count_against_a_good_file(monkeypatch, file, folder):
    file.write_text(LARGE)
    with monkeypatch.context() as busy:
        busy.setattr(loading, "PARSE_TIMEOUT_SECONDS", 0.01)
        for _ in range(MAX_ATTEMPTS + 1):
            assert "takes too long" in start(file, folder).problems[0].message

    assert len(start(file, folder).directory.services) == 100


@pytest.fixture
def no_threads():
    """Let no thread be started: there is no room for its stack."""
    size = threading.stack_size(2**46)
    yield
    threading.stack_size(size)


def test_where_no_thread_can_be_started_files_are_read_all_the_same(file, folder, no_threads):
    with pytest.raises(RuntimeError):
        threading.Thread(target=print).start()

    assert start(file, folder).problems == ()


def test_a_new_process_answers_from_the_last_good_copy_if_its_reader_is_ended(
    no_memory, file, folder
):
    file.write_text(LARGE)
    snapshot = start(file, folder)

    assert snapshot.directory == parse(GOOD, "x")[0]
    assert [problem.code for problem in snapshot.problems] == ["not_read"]


def test_a_new_process_reads_a_large_file_rather_than_the_last_good_copy(file, folder):
    file.write_text(LARGE)

    assert len(start(file, folder).directory.services) == 100


def test_readiness_says_that_the_file_is_not_read(no_memory, make_app, file):
    make_app(file).test_client().get("/")
    file.write_text(LARGE)
    client = make_app(file, OPS_TOKEN="ops").test_client()

    assert "directory_not_read" in client.get("/readyz", headers=OPS).text


@pytest.mark.parametrize("command", [["status"], ["directory", "check"], ["who"]])
def test_commands_end_where_the_file_is_a_pipe(make_app, file, command):
    make_app(file).test_client().get("/")
    file.unlink()
    os.mkfifo(file)
    result = make_app(file).test_cli_runner().invoke(args=command)

    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output
