"""who-to-call rota: who is on duty, gaps, import, export, fill and undo."""

import json
from datetime import date

import pytest
import rostered
from conftest import ANYSHIRE, ROOT

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange
from routing.rota.filling import DayKind, TurnRule
from routing.store import audit_log

NIGHT = "Out-of-hours social worker"
ROWS = """role,starts,ends,person
eds-social-worker,24/12/2026 15:30,25/12/2026 8:30,Amara Owusu
eds-social-worker,2026-12-25 08:30,2026-12-26 08:30,Siân O’Brien
"""


@pytest.fixture
def app(make_app, clock):
    clock.set("2026-12-24T12:00:00Z")
    app = make_app(ANYSHIRE)
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    return app


@pytest.fixture
def run(app):
    def run(*words, stdin=None):
        return app.test_cli_runner().invoke(args=["rota", *words], input=stdin)

    return run


@pytest.fixture
def christmas(run):
    return run("import", "-", "--add-people", stdin=ROWS)


def test_an_exported_spreadsheet_imports_without_adding_anything(run, christmas):
    assert christmas.output == (
        "New on the rota: Amara Owusu, Siân O’Brien.\n"
        "Added 2 shifts. To undo: who-to-call rota undo 1\n"
    )
    result = run("export").output
    assert result.splitlines()[1] == (
        "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Amara Owusu"
    )

    again = run("import", "-", stdin=result).output
    assert again == "Added 0 shifts. 2 were already on the rota.\n"


CORRECTED = ROWS.replace("Siân O’Brien", "Ben Hughes")


def exported(run):
    return [line.rpartition(",")[2] for line in run("export").output.splitlines()[1:]]


def test_with_replace_exactly_the_corrected_file_is_left(run, christmas):
    result = run("import", "-", "--add-people", "--replace", stdin=CORRECTED)

    assert result.exit_code == 0
    assert "Changed: Out-of-hours social worker: Ben Hughes from 8:30am tomorrow" in result.output
    assert "in place of Siân O’Brien." in result.output
    assert result.output.splitlines()[-1] == (
        "Added 0 shifts, changed 1, removed 0. 1 were already on the rota. "
        "To undo: who-to-call rota undo 2"
    )
    assert exported(run) == ["Amara Owusu", "Ben Hughes"]
    again = run("import", "-", "--replace", stdin=CORRECTED)
    assert again.output == "Added 0 shifts. 2 were already on the rota.\n"

    run("undo", "2")
    assert exported(run) == ["Amara Owusu", "Siân O’Brien"]


LONGER = ROWS + "eds-social-worker,2026-12-26 08:30,2026-12-27 08:30,Dev Patel\n"


@pytest.fixture
def file(tmp_path):
    def file(rows, name="rota.csv"):
        path = tmp_path / name
        path.write_text(rows, encoding="utf-8")
        return str(path)

    return file


@pytest.mark.parametrize("name", ["rota.csv", "rota (1).csv", "rota - Copy (2).csv"])
def test_a_corrected_file_without_a_shift_leaves_exactly_that_file(run, file, name):
    header, *rows = LONGER.splitlines(keepends=True)
    for number in range(len(rows)):
        run("import", file(LONGER), "--add-people", "--replace")
        left = rows[:number] + rows[number + 1 :]
        result = run("import", file(header + "".join(left), name), "--replace")

        assert "removed 1." in result.output, number
        assert exported(run) == [row.rpartition(",")[2].strip() for row in left], number
        is_first_or_last = number != 1
        assert ("A file of this name was imported before" in result.output) == is_first_or_last


def test_a_file_of_the_same_name_for_another_month_or_role_removes_nothing(run, file):
    run("import", file(LONGER), "--add-people")
    january = LONGER.replace("2026-12", "2027-01").replace("/12/2026", "/01/2027")
    by_day = ROWS.replace("eds-social-worker", "mash-social-worker")
    for rows in (january, by_day):
        assert run("import", file(rows), "--replace").exit_code == 0

    assert len(exported(run)) == 8


def test_an_import_that_was_undone_is_no_earlier_version_of_a_file(run, file):
    run("import", file(LONGER), "--add-people")
    run("undo", "1")
    run("import", file(LONGER, "other.csv"), "--add-people")
    run("import", file(ROWS), "--replace")

    assert len(exported(run)) == 3


def test_a_year_that_may_be_a_slip_is_pointed_out_and_one_far_ahead_refused(run, christmas):
    rows = ROWS.replace("Siân O’Brien", "Ben Hughes")
    run("import", "-", "--add-people", "--replace", stdin=rows)
    for row, warning in (
        ("24/12/2025 17:00,25/12/2025 08:30,Amara Owusu", "Warning: 1 shift is in the past"),
        ("24/12/2062 17:00,25/12/2062 08:30,Amara Owusu", "Row 4: This is more than 10 years ah"),
    ):
        result = run("import", "-", "--add-people", stdin=f"{rows}eds-social-worker,{row}\n")
        assert warning in result.output


def test_a_dry_run_changes_nothing(run, christmas):
    result = run("import", "-", "--add-people", "--replace", "--dry-run", stdin=CORRECTED)

    assert result.output.splitlines()[-1] == (
        "Nothing was saved. This would be: Added 0 shifts, changed 1, removed 0."
    )
    assert exported(run) == ["Amara Owusu", "Siân O’Brien"]
    assert "nobody called 'Ben Hughes'" in run("import", "-", stdin=CORRECTED).output


def is_unknown(run, name):
    return f"nobody called '{name}'" in run("import", "-", stdin=ROWS).output


def test_people_whom_an_import_added_go_with_its_undo_unless_they_have_something_else(
    run, christmas
):
    run("import", "-", stdin=ROWS.replace("2026", "2027").replace("Siân O’Brien", "Amara Owusu"))
    run("undo", "1")
    assert is_unknown(run, "Siân O’Brien")
    assert not is_unknown(run, "Amara Owusu")
    run("undo", "3")

    assert exported(run) == ["Amara Owusu", "Siân O’Brien"] + ["Amara Owusu"] * 2
    assert run("import", "-", stdin=ROWS).output.startswith("Added 0 shifts. 2 were already")


def test_if_a_row_has_an_error_nothing_is_imported(run):
    result = run("import", "-", stdin=ROWS)

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Error: Nothing was imported.",
        "Row 2: person: there is nobody called 'Amara Owusu' on the rota: add them first.",
        "Row 3: person: there is nobody called 'Siân O’Brien' on the rota: add them first.",
    ]
    overlap = ROWS + "eds-social-worker,2026-12-24 20:00,2026-12-25 06:00,Amara Owusu\n"
    for options in ([], ["--replace"]):
        result = run("import", "-", "--add-people", *options, stdin=overlap)
        message = "Row 4: this person already has a shift in this role then, in row 2."
        assert message in result.output
    assert run("export").output == "role,starts,ends,person\n"


def test_who_shows_each_role_now_and_at_any_time(run, christmas):
    assert run("who").output.splitlines() == [
        "Duty social worker: Nobody, until 3:30pm today, then from 10am on Monday 28 December "
        "nobody.",
        f"{NIGHT}: Not needed, until 3:30pm today, then Amara Owusu.",
    ]
    assert f"{NIGHT}: Siân O’Brien, until" in run("who", "--at", "2026-12-25 08:30").output
    assert run("who", "--at", "2026-10-25 01:30").exit_code == 2


def test_gaps_are_listed_as_text_and_json_with_exit_status_1(run, christmas, clock):
    clock.set("2026-12-24T12:10:00Z")
    result = run("gaps", "--days", "5")
    assert result.exit_code == 1
    assert "until 3:30pm today (3.33 hours)." in result.output
    assert result.output.splitlines()[1] == (
        f"{NIGHT}: nobody from 8:30am on Saturday 26 December until 10am on Monday 28 December "
        "(49.5 hours)."
    )
    rows = json.loads(run("gaps", "--days", "5", "--format", "json").output)

    gap = {"from": "2026-12-26T08:30:00+00:00", "to": "2026-12-28T10:00:00+00:00"}
    assert rows[1] == {"role": "eds-social-worker", **gap}
    assert rows[0]["from"] == "2026-12-24T12:10:00+00:00"


def test_gaps_from_a_date_begin_at_its_midnight_and_without_any_the_exit_status_is_0(
    run, christmas
):
    rows = json.loads(run("gaps", "--from", "2026-12-26", "--days", "1", "--format", "json").output)
    none = run("gaps", "--from", "2026-12-25", "--days", "1")

    edges = [(row["role"], row["from"]) for row in rows]
    assert edges == [("eds-social-worker", "2026-12-26T08:30:00+00:00")]
    assert (none.exit_code, none.output) == (0, "No gaps in 1 day.\n")


def test_a_date_out_of_range_or_of_another_form_is_refused_with_what_to_write(run):
    for day in ("0026-12-24", "24/12/2026", "2026-02-29", ""):
        result = run("gaps", "--from", day)
        assert (result.exit_code, result.output[-24:]) == (2, "Write it as 2026-12-24.\n"), day


FILL = ("fill", "--role", "eds-social-worker", "--from", "2026-12-24", "--to", "2026-12-28")


def test_a_fill_is_shown_first_saved_with_yes_and_undone_as_one_change(app, run, christmas):
    words = (*FILL, "--people", "amara owusu,Siân O’Brien", "--turn", "slot")
    result = run(*words)
    assert result.output.splitlines()[-1] == "This would add 5 shifts. To add, use --yes."
    assert len(run("export").output.splitlines()) == 3

    result = run(*words, "--yes")
    assert result.output.splitlines()[-1] == ("Added 5 shifts. To undo: who-to-call rota undo 2")
    assert run("gaps", "--from", "2026-12-25", "--days", "3").exit_code == 0
    assert run("undo", "2").output == "Change 2 is undone.\n"
    assert len(run("export").output.splitlines()) == 3
    with app.app_context(), lookup.database().reading() as connection:
        assert audit_log.newest(connection, 1)[0].action == "rota.undone"


def test_a_fill_for_which_nobody_is_free_is_refused_in_words(run, christmas):
    words = ("--from", "2026-12-26", "--to", "2026-12-26", "--people", "Amara Owusu", "--yes")
    row = "mash-social-worker,2026-12-26 00:00,2026-12-28 12:00,Amara Owusu\n"
    run("import", "-", stdin=f"role,starts,ends,person\n{row}")
    result = run("fill", "--role", "eds-social-worker", *words)

    assert (result.exit_code, "There is nothing to add." in result.output) == (1, True)


def test_a_role_that_is_needed_around_the_clock_is_filled_by_the_times_given(
    make_app, clock, tmp_path
):
    clock.set("2026-12-24T12:00:00Z")
    text = ANYSHIRE.read_text("utf-8").partition("\nrota:")[0]
    line = "\nlines:\n  always: {name: Always, phone: 01632 960009, hours: always}\n"
    role = "\nrota:\n  standby: {name: Standby, needed_when: {line: always}}\n"
    (tmp_path / "always.yaml").write_text(text.replace("\nlines:\n", line) + role)
    app = make_app(DIRECTORY=str(tmp_path / "always.yaml"))
    app.test_cli_runner().invoke(args=["db", "upgrade"])
    rostered.shifts(app, "standby,2026-12-24 09:00,2026-12-25 09:00,Amara Owusu")
    at_nine = dict.fromkeys(DayKind, (540,))

    def fill(first, times):
        week = first, date(2026, 12, 31)
        return rota_service.propose_fill("standby", *week, ["Amara Owusu"], TurnRule(7), times)[0]

    with app.app_context():
        with pytest.raises(InvalidRotaChange, match="no shift begins on them"):
            fill(date(2026, 12, 25), {})
        proposal = fill(date(2026, 12, 25), at_nine)
        assert len(proposal.changes) == 7
        rota_service.save_change(proposal, "terminal:0")
        for first in (24, 25):
            with pytest.raises(InvalidRotaChange, match="There are no gaps to fill"):
                fill(date(2026, 12, first), at_nine)


@pytest.mark.parametrize("command", ["who", "gaps"])
def test_a_directory_without_a_rota_is_named_as_such(make_app, command):
    runner = make_app(ROOT / "examples" / "oxfordshire.yaml").test_cli_runner()
    runner.invoke(args=["db", "upgrade"])

    answer = runner.invoke(args=["rota", command]).output
    assert answer == "The directory has no `rota`, so it does not say who must be on duty.\n"
