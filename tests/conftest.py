"""What the tests share: an app over any directory, with a clock that a test sets."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres
import pytest
from jinja2 import BytecodeCache
from werkzeug.routing import Rule

from routing import create_app, lookup
from routing.core.instants import Span
from routing.store import diverts, migrate
from routing.store.db import Database
from routing.store.diverts import NewDivert
from routing.text import time_parsing

ROOT = Path(__file__).parent.parent
ANYSHIRE = ROOT / "examples" / "anyshire.yaml"


SLOW_FIRST = (
    "faults/test_in_front.py",
    "faults/test_service.py",
    "faults/test_two_groups.py",
    "faults/test_floods.py",
    "test_private.py",
    "browser/test_staff.py",
    "browser/test_rota.py",
    "pbx/test_twilio.py",
    "security/test_parsers.py",
    "deploy/test_runbook.py",
    "deploy/test_restore.py",
    "security/test_openapi.py",
    "faults/test_restart.py",
    "browser/test_pages.py",
    "faults/test_database.py",
    "browser/test_flip.py",
    "deploy/test_units.py",
    "security/test_code.py",
    "security/test_slow.py",
    "faults/test_kill.py",
    "deploy/test_nginx.py",
    "browser/test_embed.py",
    "pbx/test_asking.py",
    "test_growth.py",
    "test_broken.py",
    "telephony/test_signature.py",
    "telephony/test_malformed.py",
    "staff/test_access.py",
)
"""Files that take longest, to begin with: those in which time matters not beside each other."""


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that none is waited for at the end."""
    order = {ROOT / "tests" / file: turn for turn, file in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


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


class Compiled(BytecodeCache):
    """Templates as compiled once in this process, for every app: compiling is what takes time."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket):
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()

_BUILDERS, _compile = {}, Rule._compile_builder


def _compiled_once(self, append_unknown=True):
    """Compile what builds an address once in this process, for every app."""
    key = self.rule, repr(self.defaults), append_unknown
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile(self, append_unknown)
    return _BUILDERS[key]


Rule._compile_builder = _compiled_once


@pytest.fixture
def make_app(tmp_path, clock):
    """Build an app over a directory file, its instance folder in a temporary place."""

    apps = []

    def make(directory=ROOT / "directory.yaml", **settings):
        app = create_app(
            {
                "DIRECTORY": str(directory),
                "INSTANCE_PATH": str(tmp_path / "instance"),
                "CLOCK": clock,
                "TESTING": False,
                **settings,
            }
        )
        app.jinja_env.bytecode_cache = COMPILED
        apps.append(app)
        return app

    yield make
    for app in apps:  # what is counted is logged now: not in the next test
        app.extensions["call_log"].close()
        app.extensions["readings"].close()
        app.extensions["database"].close()


def divert_now(app):
    """Divert children's calls to `eds` for an hour from now, and have that read."""
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        wanted = NewDivert("children", "eds", Span(at, at + timedelta(hours=1)), "x")
        diverts.create(connection, [wanted], at, "account:1")
    with app.app_context():
        lookup.read_diverts(max_age=0, patience=5)


@pytest.fixture
def client(make_app):
    return make_app().test_client()


@pytest.fixture
def anyshire(make_app):
    return make_app(ANYSHIRE, EXCHANGE_TOKEN="exchange", OPS_TOKEN="ops").test_client()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A database file as `flask db upgrade` makes it, to be copied."""
    database = Database("", tmp_path_factory.mktemp("made"))
    migrate.upgrade(database)
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
