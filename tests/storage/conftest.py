"""Every promise of storage is kept on both databases."""

import pytest
from conftest import Clock

from routing.storage import upgrade
from routing.storage.db import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'routing.sqlite'}"
    return request.getfixturevalue("postgresql").database()


@pytest.fixture
def bare(url, tmp_path):
    """A database with nothing in it, not even tables."""
    database = Database(url, tmp_path)
    yield database
    database.engine.dispose()


@pytest.fixture
def database(bare):
    upgrade.upgrade(bare)
    return bare


@pytest.fixture
def now():
    return Clock()()
