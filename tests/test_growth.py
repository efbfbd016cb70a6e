"""Work that must not grow with the directory, the call log or the rota: counted, never timed."""

import sys
import time

import large_database
import large_directory
import pytest
import sqlalchemy as sa
from conftest import ANYSHIRE, statements
from sqlalchemy.engine.interfaces import CacheStats
from staff.conftest import sign_in

from routing import lookup, snapshot
from routing.core import decision
from routing.core.decision import decide
from routing.directory.load import parse
from routing.public.answer_cache import AnswerCache
from routing.snapshot import build_snapshot

DECISION, NUMBER = "/api/v1/services/{}/decision", "/api/v1/services/{}/number"


@pytest.fixture
def make(make_stored, tmp_path):
    """Build an app over a directory's text, its database made, in a folder of its own."""

    def make(text):
        folder = tmp_path / f"app{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        file = folder / "directory.yaml"
        file.write_text(text)
        return make_stored(file, INSTANCE_PATH=str(folder))

    return make


def lines_run(do):
    """Return how many lines of Python are run while something is done."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "line"
        return note

    sys.settrace(note)
    try:
        do()
    finally:
        sys.settrace(None)
    return count


def test_answers_for_the_web_ask_the_database_once_a_second_and_an_exchange_once_each(make):
    app = make(ANYSHIRE.read_text())
    client = app.test_client()
    began = time.monotonic()
    with statements(app) as sent:
        for _ in range(50):
            assert client.get(DECISION.format("children")).status_code == 200
            assert client.get("/").status_code == 200
    assert len(sent) <= 1 + (time.monotonic() - began) / lookup.MAX_DIVERT_AGE_SECONDS

    for _ in range(3):
        with statements(app) as sent:
            assert client.get(NUMBER.format("children")).status_code == 200
        assert sum(statement.startswith("SELECT") for statement in sent) == 1


PUBLIC = (
    "/",
    "/services/s1",
    *(f"/services/s1/{page}" for page in ("professionals", "now", "fragment")),
)
PUBLIC += (DECISION.format("s1"), "/api/v1/services/s1", "/accessibility")


def test_a_page_of_one_service_takes_the_same_steps_in_a_directory_of_any_size(make):
    few, many = (make(large_directory.directory(services)).test_client() for services in (25, 75))
    for path in PUBLIC:
        steps = []
        for client in (few, many):
            assert client.get(path).status_code == 200
            client.application.extensions["answer_cache"] = AnswerCache()
            steps.append(lines_run(lambda client=client, path=path: client.get(path)))

        assert steps[1] < 1.1 * steps[0], path


def test_a_service_is_compiled_when_it_is_asked_for_and_then_no_more(clock, tmp_path):
    directory, _ = parse(large_directory.directory(20), tmp_path / "x.yaml")
    tables = build_snapshot(directory, tmp_path, clock()).timetables
    assert tables.month.cache_info().misses == 0
    for _ in range(2):
        for service in list(tables.services)[:10]:
            decide(tables, service, clock())

    assert tables.month.cache_info().misses == 10
    assert decision.MAX_MONTHS >= 2 * 1000  # as many services as a directory may have


def test_a_directory_that_is_read_again_compiles_nothing_until_somebody_asks(
    make, monkeypatch, clock
):
    monkeypatch.setattr(snapshot, "POLL_INTERVAL_SECONDS", 0.05)
    app = make(large_directory.directory(5))
    client, sources = app.test_client(), app.extensions["snapshot_loader"]
    for path in ("/", DECISION.format("s1"), "/contacts"):
        assert client.get(path).status_code == 200
    before = sources.snapshot
    sources.file.write_text(large_directory.directory(6))
    deadline = time.monotonic() + 20
    while sources.current().timetables is before.timetables and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sources.snapshot.timetables.month.cache_info().misses == 0
    assert client.get(DECISION.format("s5")).status_code == 200

    assert sources.snapshot.timetables.month.cache_info().misses == 1


PAGES = ("/staff", "/staff/rota", "/staff/rota/gaps", "/staff/rota?from=2025-01-01", "/staff/calls")


@pytest.fixture
def work(make, clock):
    """Return the statements of staff's pages, over a rota so long."""

    def work(days, calls):
        app = make(large_directory.directory(2, roles=2))
        database = app.extensions["database"]
        counts = {"calls": calls, "people": 6, "roles": 2, "days": days, "others": calls}
        large_database.fill(database, clock(), **counts)
        browser, done = sign_in(app, "admin"), {}
        for path in PAGES:
            with statements(app) as sent:
                assert browser.get(path).status_code == 200
            done[path] = [statement for statement in sent if "diverts.ends_at >" not in statement]
        return done

    return work


def test_a_page_of_staff_does_the_same_over_a_year_of_rota_and_calls_as_over_months(work):
    short, long = work(days=210, calls=50), work(days=400, calls=500)

    assert short == long


def test_no_statement_of_a_page_is_compiled_again(make, clock):
    """SQLAlchemy would keep each: memory would grow with every look."""
    app = make(large_directory.directory(2, roles=2))
    large_database.fill(app.extensions["database"], clock(), 50, 6, 2, 210, 50)
    browser, compiled = sign_in(app, "admin"), []

    def note(connection, cursor, statement, values, context, many):
        if context.cache_hit is CacheStats.CACHE_MISS:
            compiled.append(statement)

    for path in (*PAGES, *PUBLIC, "/metrics", "/readyz"):
        browser.get(path)
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        for path in (*PAGES, *PUBLIC, "/metrics", "/readyz"):
            browser.get(path)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)

    assert compiled == []


def test_four_times_as_many_hours_in_a_day_take_some_four_times_the_steps(clock, tmp_path):
    steps = []
    for hours_per_day in (12, 48):
        minutes = range(0, 24 * 60, 1440 // hours_per_day)
        ranges = ", ".join(f"{_wall(minute)}-{_wall(minute + 7)}" for minute in minutes)
        text = ANYSHIRE.read_text().replace("mon-thu: 08:30-17:00", f'mon-thu: "{ranges}"')
        assert ranges in text
        tables = build_snapshot(parse(text, ANYSHIRE)[0], tmp_path, clock()).timetables
        steps.append(lines_run(lambda tables=tables: decide(tables, "children", clock())))

    assert steps[1] < 5 * steps[0]


def _wall(minute):
    return f"{minute // 60:02}:{minute % 60:02}"
