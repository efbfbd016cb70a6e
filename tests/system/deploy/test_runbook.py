"""The runbook's commands, as they stand on the page, on a machine of its own."""

import re

import code_blocks
import pytest
from conftest import ROOT
from deploy.conftest import Machine, counted

PAGE = ROOT / "docs/runbook.md"
BLOCKS = [block for block in code_blocks.blocks(PAGE) if block.kind == "sh"]
PLAIN = [block for block in BLOCKS if "pg_" not in block.text]
EDITS = {
    "A number has changed": "s/01632 960003/01632 960033/",
    "A holiday is proclaimed": "/^  add:/a \\    2027-02-18: Day of national mourning",
}


@pytest.fixture(scope="module")
def machine(flask, tmp_path_factory):
    return Machine(tmp_path_factory.mktemp("machine"), flask)


@pytest.fixture(scope="module")
def done(machine):
    """Every block but PostgreSQL's, done in the page's order: what became of each."""
    (machine.folder / "root/password").write_text("correct horse battery\n")
    assert machine.does("who-to-call db upgrade").returncode == 0
    return {block: machine.does(block.text, EDITS.get(block.heading, "")) for block in PLAIN}


@pytest.mark.parametrize("block", PLAIN, ids=str)
def test_commands_of_the_runbook_do_what_they_say(done, block):
    result = done[block]

    assert result.returncode in (0, 1), result.stderr
    assert "Error" not in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("block", [block for block in PLAIN if block.prints], ids=str)
def test_they_print_what_the_page_shows(machine, done, block):
    shown = machine.here(block.prints)

    assert code_blocks.matches(shown, done[block].stdout), done[block].stdout


def test_what_is_restored_counts_as_what_was_backed_up(done):
    counts = {block.heading: counted(result.stdout) for block, result in done.items()}

    assert counts["Restore"] == counts["Back up"]
    assert (counts["Restore"]["diverts"], counts["Restore"]["accounts"]) == (2, 1)


@pytest.mark.parametrize("heading", EDITS)
def test_one_whose_files_are_for_nobody_else_leaves_a_directory_that_the_service_reads(
    machine, done, heading
):
    first = next(block for block in PLAIN if block.heading == heading)
    result = machine.does(f"umask 077\n{first.text}", EDITS[heading])
    left = [machine.folder / "etc" / name for name in ("directory.yaml", "new.yaml")]

    assert result.returncode == 0, result.stderr
    assert {oct(file.stat().st_mode & 0o777) for file in left if file.exists()} == {"0o644"}


def test_a_release_by_the_procfile_migrates_the_database_and_refuses_a_broken_directory(
    flask, tmp_path
):
    folder = tmp_path / "host"
    settings = {"DIRECTORY": f"{folder}/etc/directory.yaml", "INSTANCE_PATH": f"{folder}/lib"}
    host = Machine(folder, flask, **settings, FLASK_APP=str(ROOT / "app.py"))
    host.program(folder / "bin/flask", flask)
    (line,) = re.findall(r"^release: (.*)$", (ROOT / "Procfile").read_text("utf-8"), re.M)

    assert host.does(line).returncode == 0
    (folder / "lib/routing.sqlite").unlink()
    (folder / "etc/directory.yaml").write_text("zone: nowhere")
    done = host.does(line)
    assert done.returncode == 1
    assert "Europe/London" in done.stdout
    assert not (folder / "lib/routing.sqlite").exists()
