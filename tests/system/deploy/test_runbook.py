"""The runbook's commands, as they stand on the page, on a machine of its own."""

import fenced
import pytest
from conftest import ROOT
from deploy.conftest import Machine, counted

PAGE = ROOT / "docs/runbook.md"
BLOCKS = [block for block in fenced.blocks(PAGE) if block.kind == "sh"]
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
    found = done[block]

    assert found.returncode in (0, 1), found.stderr
    assert "Error" not in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("block", [each for each in PLAIN if each.prints], ids=str)
def test_they_print_what_the_page_shows(machine, done, block):
    shown = machine.here(block.prints)

    assert fenced.matches(shown, done[block].stdout), done[block].stdout


def test_what_is_restored_counts_as_what_was_backed_up(done):
    told = {block.heading: counted(found.stdout) for block, found in done.items()}

    assert told["Restore"] == told["Back up"]
    assert (told["Restore"]["diverts"], told["Restore"]["accounts"]) == (2, 1)


@pytest.mark.parametrize("heading", EDITS)
def test_one_whose_files_are_for_nobody_else_leaves_a_directory_that_the_service_reads(
    machine, done, heading
):
    first = next(block for block in PLAIN if block.heading == heading)
    found = machine.does(f"umask 077\n{first.text}", EDITS[heading])
    left = [machine.folder / "etc" / name for name in ("directory.yaml", "new.yaml")]

    assert found.returncode == 0, found.stderr
    assert {oct(each.stat().st_mode & 0o777) for each in left if each.exists()} == {"0o644"}
