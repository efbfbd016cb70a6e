"""who-to-call db backup and counts: a backup that can be trusted, or none and the reason."""

import sqlite3

import pytest
from conftest import ANYSHIRE

from routing import lookup


@pytest.fixture
def app(make_stored):
    return make_stored()


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["db", *map(str, words)])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


def test_a_backup_is_one_private_file_with_the_counts_of_the_database(run, folder):
    result = run("backup", folder / "copy.sqlite")

    assert result.exit_code == 0
    assert run("counts").output in result.output
    assert [file.name for file in folder.iterdir()] == ["copy.sqlite"]
    assert (folder / "copy.sqlite").stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(folder / "copy.sqlite") as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() != []
    copy.close()


def test_a_backup_in_a_folder_is_named_after_the_time_and_the_oldest_are_deleted(
    run, folder, clock
):
    for minute in ("12:00", "12:01", "12:02"):
        clock.set(f"2026-11-23T{minute}:00Z")
        result = run("backup", folder, "--keep", 2)

    assert sorted(file.name for file in folder.iterdir()) == [
        "routing-20261123T120100Z.sqlite",
        "routing-20261123T120200Z.sqlite",
    ]
    assert f"{folder}/routing-20261123T120000Z.sqlite is deleted." in result.output


def test_a_backup_never_replaces_a_file_and_keep_is_for_a_folder(run, folder):
    keeping = run("backup", folder / "new.sqlite", "--keep", 2)
    (folder / "copy.sqlite").write_text("mine")
    result = run("backup", folder / "copy.sqlite")
    impossible = run("backup", folder / ("long" * 80))

    assert (keeping.exit_code, result.exit_code) == (2, 1)
    assert "already" in result.output
    assert impossible.output.startswith("Error: No backup was made. ")
    assert [file.read_text() for file in folder.iterdir()] == ["mine"]


def test_a_database_whose_index_differs_from_its_table_leaves_no_backup(app, run, folder, tmp_path):
    words = ["staff", "add", "Priya Shah", "--role", "view", "--password-stdin"]
    app.test_cli_runner().invoke(args=words, input="correct horse battery\n")
    with app.app_context():
        lookup.database().close()
    file = tmp_path / "instance/routing.sqlite"
    file.write_bytes(file.read_bytes().replace(b"priya shah", b"prixa shah", 1))
    result = run("backup", folder / "copy.sqlite")

    assert result.exit_code == 1
    assert "The copy is damaged" in result.output
    assert list(folder.iterdir()) == []


def test_a_backup_that_fails_deletes_no_older_one_and_other_commands_report_the_damage(
    app, run, folder, clock, tmp_path
):
    run("backup", folder)
    clock.set("2026-11-23T12:01:00Z")
    (tmp_path / "instance/routing.sqlite").write_bytes(b"not a database" * 99)
    result = run("backup", folder, "--keep", 1)

    assert result.output.startswith("Error: No backup was made. ")
    assert [file.name for file in folder.iterdir()] == ["routing-20261123T120000Z.sqlite"]
    for result in (run("counts"), app.test_cli_runner().invoke(args=["divert", "list"])):
        assert result.exit_code == 1
        assert "routing.sqlite: The database is damaged: put a copy in its place" in result.output


def test_without_a_database_backup_says_what_to_run(make_app, folder):
    runner = make_app(ANYSHIRE).test_cli_runner()
    result = runner.invoke(args=["db", "backup", str(folder)])

    assert result.exit_code == 1
    assert "not made yet" in result.output
    assert list(folder.iterdir()) == []
    assert "who-to-call db upgrade" in runner.invoke(args=["db", "counts"]).output


def test_backup_points_to_pg_dump_for_postgresql(make_app, folder):
    there = make_app(ANYSHIRE, DATABASE_URL="postgresql://nobody@127.0.0.1:9/x", SECRET_KEY="x")
    result = there.test_cli_runner().invoke(args=["db", "backup", str(folder)])

    assert result.exit_code == 1
    assert "pg_dump" in result.output


@pytest.mark.parametrize("words", [("directory", "print"), ("twilio", "fallback")])
def test_files_written_for_a_web_server_can_be_read_by_it(app, folder, words):
    app.test_cli_runner().invoke(args=[*words, "--output", str(folder / "page")])

    assert (folder / "page").stat().st_mode & 0o777 == 0o644


def test_a_command_that_fails_names_the_database_or_the_directory_that_it_used(make_app, tmp_path):
    (tmp_path / "file").write_text("")
    app = make_app(tmp_path / "none.yaml", INSTANCE_PATH=str(tmp_path / "file/instance"))
    database = f"Error: sqlite:///{tmp_path}/file/instance/routing.sqlite: "
    for words, where in (
        (["db", "upgrade"], database),
        (["staff", "list"], database),
        (["who"], f"{tmp_path}/none.yaml: "),
    ):
        result = app.test_cli_runner().invoke(args=words)
        assert (result.exit_code, where in result.output) == (1, True), words
