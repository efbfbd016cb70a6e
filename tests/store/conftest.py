"""Every promise of storage is kept on both databases."""

import functools
import shutil

import pytest
import sqlalchemy as sa
from conftest import Clock
from store import plans

from routing.store import db, tables
from routing.store.db import Database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def kind(request):
    return request.param


@pytest.fixture
def url(kind, request, tmp_path):
    """Return where a database can be that has nothing in it, not even tables."""
    if kind == "sqlite":
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
    """Return, by kind, a database as `who-to-call db upgrade` makes it."""
    return functools.cache(lambda kind, url: _made(url, tmp_path_factory.mktemp(kind)))


def _made(url, folder):
    database = Database(url, folder)
    db.upgrade(database)
    database.engine.dispose()
    return database


@pytest.fixture(scope="session")
def emptied(postgresql, made):
    """Return PostgreSQL's database, emptied: making one for each test takes minutes on a busy disk,
    and so does taking them away.
    """
    url = postgresql.database()
    engine = sa.create_engine(made("postgresql", url).url, poolclass=sa.NullPool)
    names = ", ".join(table.name for table in tables.METADATA.sorted_tables)

    def emptied():
        with engine.begin() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")  # no trigger
            connection.exec_driver_sql("SET lock_timeout = '20s'")
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        return url

    return emptied


@pytest.fixture
def database(kind, request, made, tmp_path):
    """A database with its tables, and nothing in them."""
    if kind == "sqlite":
        file = tmp_path / "routing.sqlite"
        shutil.copy(made("sqlite", "").file, file)
        database = Database(f"sqlite:///{file}", tmp_path)
    else:
        database = Database(request.getfixturevalue("emptied")(), tmp_path)
    yield database
    database.engine.dispose()


@pytest.fixture
def now():
    return Clock()()


@pytest.fixture
def write(database):
    """Call a function of the store in a transaction of its own; its statements are planned."""

    def write(function, *arguments, **named):
        with database.writing() as connection, plans.planned(connection, function):
            return function(connection, *arguments, **named)

    return write


@pytest.fixture
def read(database):
    """Call a function of the store that only reads; its statements are planned."""

    def read(function, *arguments, **named):
        with database.reading() as connection, plans.planned(connection, function):
            return function(connection, *arguments, **named)

    return read
