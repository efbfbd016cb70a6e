"""What the tests share: an app over any directory, with a clock that a test sets."""

import gc
import os
import shutil
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import govuk_feed
import postgres
import pytest
import sqlalchemy as sa
from divert_to import divert_to
from flask import Flask
from jinja2 import BytecodeCache
from serving import close
from werkzeug.routing import Map

from routing import create_app, files, lookup
from routing.core.instants import Span
from routing.store import db, diverts, tables
from routing.store.db import Database
from routing.text import time_parsing

ROOT = Path(__file__).parent.parent
ANYSHIRE = ROOT / "examples" / "anyshire.yaml"
SYSTEM = ROOT / "tests" / "system"


def pytest_collection_modifyitems(items):
    """Mark as ``system`` whatever starts a server, a browser, an exchange or a database.

    With several workers, each begins with tests of ``tests/system``: they are the longest, and one
    that begins last leaves a core idle.
    """
    for item in items:
        if SYSTEM in item.path.parents or "postgresql" in item.fixturenames:
            item.add_marker(pytest.mark.system)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        long = [item for item in items if SYSTEM in item.path.parents]
        short = [item for item in items if SYSTEM not in item.path.parents]
        items[:] = [
            item
            for worker in range(workers)
            for part in (long, short)
            for item in part[len(part) * worker // workers : len(part) * (worker + 1) // workers]
        ]


def pytest_collection_finish():
    """Leave what is imported out of garbage collection: it takes a tenth of the tests' time."""
    gc.collect()
    gc.freeze()


class Clock:
    """The service's clock, standing where a test puts it."""

    def __init__(self):
        self.at = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def set(self, text):
        self.at = time_parsing.parse_rfc3339(text)

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


class TemplateCache(BytecodeCache):
    """Jinja's compiled templates, kept in memory: each test builds an application of its own."""

    def __init__(self):
        self.bytecode = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.bytecode:
            bucket.bytecode_from_string(self.bytecode[bucket.key])

    def dump_bytecode(self, bucket):
        self.bytecode[bucket.key] = bucket.bytecode_to_string()


TEMPLATE_CACHE = TemplateCache()


class SharedMap(Map):
    """The addresses of every application that tests build, compiled once: that takes longer than
    all else of building one. Once a test adds an address, the next application has a new map.
    """

    current = None

    def __init__(self, **settings):
        super().__init__(**settings)
        self.known, self.size = set(), None

    def add(self, rulefactory):
        for rule in rulefactory.get_rules(self):
            key = (rule.rule, rule.endpoint, frozenset(rule.methods or ()))
            if key not in self.known:
                self.known.add(key)
                super().add(rule)

    @classmethod
    def get(cls, **settings):
        if cls.current is None or cls.current.size != len(cls.current.known):
            cls.current = cls(**settings)
        return cls.current


def build_app(**settings):
    """Build an app that shares with others what is compiled for each of them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Flask, "url_map_class", SharedMap.get)
        app = create_app(settings)
    app.url_map.size = len(app.url_map.known)
    app.jinja_env.bytecode_cache = TEMPLATE_CACHE
    return app


@pytest.fixture
def make_app(tmp_path, clock):
    """Build an app over a directory file, its instance folder in a temporary place."""

    apps = []

    def make(directory=ROOT / "directory.yaml", **settings):
        own = {
            "DIRECTORY": str(directory),
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "CLOCK": clock,
            "TESTING": False,
        }
        app = build_app(**own | settings)
        apps.append(app)
        return app

    yield make
    for app in apps:
        close(app)


@pytest.fixture
def make_stored(make_app, made):
    """Build an app over a directory, whose database is made."""

    def make(directory=ANYSHIRE, **settings):
        app = make_app(directory, **settings)
        file = app.extensions["database"].file
        if file is not None and not file.exists():
            file.parent.mkdir(exist_ok=True)
            shutil.copy(made, file)
        with app.app_context():
            lookup.read_diverts(max_age=0, timeout=10)
        return app

    return make


@pytest.fixture
def feed():
    """GOV.UK's list of bank holidays, served on loopback."""
    with govuk_feed.serving() as feed:
        yield feed


@contextmanager
def statements(app):
    """Collect every statement that an application sends to its database."""
    sent, url = [], app.extensions["database"].engine.url

    def note(connection, cursor, statement, values, context, many):
        if connection.engine.url == url and not statement.startswith("PRAGMA"):
            sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def divert_now(app, line="eds"):
    """Divert children's calls from `mash` to a line for an hour from now, and have that read."""
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        new = divert_to(line, Span(at, at + timedelta(hours=1)), "mash")
        diverts.create(connection, [new], "x", at, "account:1")
    with app.app_context():
        lookup.read_diverts(max_age=0, timeout=5)


def later(app, minutes):
    """Let time pass for the jobs, whose clock is the machine's: bring what they noted nearer."""
    with app.app_context(), lookup.database().writing() as connection:
        for row in connection.execute(tables.jobs.select()).all():
            moved = {
                name: row._mapping[name] - timedelta(minutes=minutes)
                for name in ("locked_until", "due_at", "ran_at")
                if row._mapping[name]
            }
            connection.execute(tables.jobs.update().filter_by(name=row.name).values(moved))


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory):
    """Return an app for the tests of a module that only ask it, without a database."""
    apps, current = {}, {}

    def shared_app(directory, clock, **settings):
        current["clock"] = clock
        if directory not in apps:
            own = {
                "DIRECTORY": str(directory),
                "INSTANCE_PATH": str(tmp_path_factory.mktemp("shared")),
                "CLOCK": lambda: current["clock"](),
            }
            apps[directory] = build_app(**own | settings)
        return apps[directory]

    yield shared_app
    for app in apps.values():
        close(app)


@pytest.fixture
def client(shared_app, clock):
    return shared_app(ROOT / "directory.yaml", clock).test_client()


@pytest.fixture
def anyshire(shared_app, clock):
    return shared_app(ANYSHIRE, clock, EXCHANGE_TOKEN="exchange", OPS_TOKEN="ops").test_client()


@pytest.fixture
def hang_below(monkeypatch):
    """Make the file system hang at a file or folder until the test ends; return its path."""
    is_over = threading.Event()

    def hang_below(hanging):
        def hang(function, path, *arguments, **more):
            if Path(str(path)).is_relative_to(hanging):
                assert is_over.wait(20), "it waited for the file system"
            return function(path, *arguments, **more)

        for name in ("stat", "mkdir"):
            monkeypatch.setattr(os, name, partial(hang, getattr(os, name)))
        monkeypatch.setattr(files, "IO_TIMEOUT_SECONDS", 0.2)
        return hanging

    yield hang_below
    is_over.set()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A database file as `who-to-call db upgrade` makes it, to be copied."""
    database = Database("", tmp_path_factory.mktemp("made"))
    db.upgrade(database)
    database.engine.dispose()
    return database.file


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL, started once in each process that tests."""
    if postgres.POSTGRES is None:
        pytest.skip("needs PostgreSQL")
    with postgres.running() as server:
        yield server


def pytest_sessionfinish(session, exitstatus):
    """In CI a skipped test is a failure: everything that tests need is installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("\nA test was skipped in CI: .ci/run must install what it needs.")
        session.exitstatus = 1
