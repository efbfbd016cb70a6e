"""Every promise of storage is kept on both databases."""

import functools
import shutil

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


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Return, by kind, a database as `flask db upgrade` makes it: to be copied."""
    return functools.cache(lambda kind, url: _made(url, tmp_path_factory.mktemp(kind)))


def _made(url, folder):
    database = Database(url, folder)
    upgrade.upgrade(database)
    database.engine.dispose()
    return database


@pytest.fixture
def database(request, bare, made, tmp_path):
    if bare.is_sqlite:
        shutil.copy(made("sqlite", "").file, bare.file)
        return bare
    server = request.getfixturevalue("postgresql")
    if not hasattr(server, "template"):
        server.template = made("postgresql", server.database()).url.database
    database = Database(server.database(server.template), tmp_path)
    request.addfinalizer(database.engine.dispose)
    return database


@pytest.fixture
def now():
    return Clock()()
