"""What the service notices by itself is in the record: once, whatever the number of workers."""

import os
import time

import pytest
from conftest import ANYSHIRE
from serving import ask, serving

from routing.storage import changes, upgrade
from routing.storage.db import Database

GOOD = ANYSHIRE.read_text("utf-8")


@pytest.fixture
def database(tmp_path):
    database = Database("", tmp_path / "instance")
    upgrade.upgrade(database)
    yield database
    database.engine.dispose()


def recorded(database, count):
    """Wait for so many entries of the directory: 15 s at most; return them, the newest first."""
    for _ in range(150):
        with database.reading() as connection:
            found = changes.newest(connection, 20)
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_directory_that_is_read_anew_is_recorded_once_for_all_workers(database, tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    with serving(tmp_path, WEB_CONCURRENCY="3") as (_, url):
        ask(url)
        recorded(database, 1)
        new = tmp_path / "new.yaml"
        new.write_text(GOOD.replace("01632 960100", "01632 960177"))
        os.replace(new, file)
        end = time.monotonic() + 6
        while time.monotonic() < end:
            ask(url)
        found = recorded(database, 2)

    assert [each.action for each in found] == ["directory.read"] * 2
    assert {each.actor for each in found} == {"service"}
    assert found[0].before == found[1].after
    assert found[0].after != found[0].before
