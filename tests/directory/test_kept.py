"""The last good directory: a broken file never silences the service."""

import pytest
from conftest import ANYSHIRE

from routing.directory.kept import Kept
from routing.errors import DirectoryInvalid

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


def test_after_good_better_and_broken_the_better_one_answers(tmp_path):
    file, kept = tmp_path / "directory.yaml", Kept(tmp_path / "instance")
    for text in (GOOD, BETTER):
        file.write_text(text)
        assert kept.load(file).problems == ()
    file.write_text("lines: [")

    for keeper in (kept, Kept(tmp_path / "instance")):
        loaded = keeper.load(file)
        assert loaded.directory.lines[0].phone.display == "01632 960077"
        assert loaded.problems
        assert loaded.kept_at is not None


def test_a_broken_file_with_none_kept_is_refused_with_every_problem(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text("zone: nowhere")

    with pytest.raises(DirectoryInvalid, match="services"):
        Kept(tmp_path / "instance").load(file)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")

    assert Kept(blocked / "instance").load(ANYSHIRE).kept_at is None
