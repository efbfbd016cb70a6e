"""Files that are written atomically, also by a process that is killed meanwhile."""

import os

from routing import files


def test_the_temporary_file_of_a_killed_process_is_deleted_after_an_hour_and_no_other(tmp_path):
    target = tmp_path / "page.html"
    names = (".new-page.html-a", ".new-page.html-b", ".new-it-a")
    old, young, other = (tmp_path / name for name in names)
    for path in (old, young, other):
        path.write_text("half")
    target.write_text("before")
    files.write_atomically(target, b"once")
    for path in (old, other):
        os.utime(path, (0, 0))
    files.write_atomically(target, b"twice")

    assert target.read_bytes() == b"twice"
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", young.name, other.name}
