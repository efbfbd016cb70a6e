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
    assert (told["Restore"]["diverts"], told["Restore"]["people"]) == (2, 1)
