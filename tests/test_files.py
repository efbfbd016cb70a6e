"""Files that are put in place whole, by whoever is killed while doing so as well."""

import os

from routing import files


def test_what_one_who_was_killed_left_is_deleted_an_hour_later_and_nothing_else(tmp_path):
    target = tmp_path / "page.html"
    old, young, other = (tmp_path / f".new-{x}" for x in ("page.html-a", "page.html-b", "it-a"))
    for each in (old, young, other):
        each.write_text("half")
    target.write_text("before")
    files.write_atomically(target, b"once")
    for each in (old, other):
        os.utime(each, (0, 0))
    files.write_atomically(target, b"twice")

    assert target.read_bytes() == b"twice"
    assert {each.name for each in tmp_path.iterdir()} == {"page.html", young.name, other.name}
