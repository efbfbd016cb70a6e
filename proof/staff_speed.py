"""The staff pages' part of bin/prove: what each costs with ten years of rota, and what stays.

Ten roles, sixty people and a shift by day and by night in each role on each day of ten years. Times
are the processor's own, the least of several, so that others on the machine count for less.
"""

import tempfile

import large_database
import large_directory

from proof import table
from proof.growth import AT, Grown, cost, memory
from routing.store import rota_people

ROLES, PEOPLE, DAYS = 10, 60, 3650
REQUESTS = 50_000
MAX_MEMORY_GROWTH_MIB = 2.0
PAGES = (
    *("", "/rota", "/rota?from=2024-01-01", "/rota/gaps", "/rota/print", "/rota/bank-holidays"),
    *("/rota/mine", "/rota/people", "/rota/away", "/rota/fill", "/rota/import", "/rota/shifts/new"),
    *("/rota/shifts/{shift}", "/rota/shifts/{shift}/cover", "/rota/shifts/{shift}/swap"),
    *("/diverts", "/calls", "/changes", "/preview"),
)
MAX_MILLISECONDS = {
    **{f"/staff{page}": 100 for page in PAGES},
    "/metrics": 100,
    "a calendar of the whole rota": 200,
    "the same, unchanged": 10,
    "purge, the first": 3000,
    "purge, the next": 200,
}
"""The most that each may take."""


def measure():
    """Return the milliseconds of each by name, and the MiB that REQUESTS requests add."""
    with tempfile.TemporaryDirectory() as folder:
        app = Grown(folder, large_directory.directory(5, ROLES))
        app.sign_in()
        large_database.fill(app.database, AT, 0, PEOPLE, ROLES, DAYS, others=1000)
        large_database.analyze(app.database)
        shift = 2 * ROLES * (DAYS - 184 + 5) + 1  # in five days
        milliseconds = {}
        for name in (name for name in MAX_MILLISECONDS if name.startswith("/")):
            path = name.format(shift=shift)
            app.get(path)  # the first time costs more
            milliseconds[name] = cost(lambda path=path: app.get(path), 5) * 1000
        feed, unchanged = _feed(app)
        milliseconds |= {"a calendar of the whole rota": feed, "the same, unchanged": unchanged}
        runner = app.app.test_cli_runner()
        for name in ("purge, the first", "purge, the next"):
            milliseconds[name] = cost(lambda: runner.invoke(args=["purge"]), 1) * 1000
        return milliseconds, _memory_growth(app)


def _feed(app):
    """Return the milliseconds of a calendar feed: when it has changed, and when it has not."""
    path = f"/calendars/{app.feed}.ics"
    first = app.client.get(path)
    headers = {"If-None-Match": first.headers["ETag"]}
    assert app.client.get(path, headers=headers).status_code == 304

    def change_and_get():
        with app.database.writing() as connection:
            rota_people.create_calendar(connection, None, 1, AT, "account:1")
        assert app.client.get(path).status_code == 200

    return cost(change_and_get) * 1000, cost(lambda: app.client.get(path, headers=headers)) * 1000


def _memory_growth(app, requests=REQUESTS):
    """Return the MiB that so many requests add, a fifth of them before the first look."""
    paths = [f"/api/v1/services/s{number % 5}/decision" for number in range(98)]
    paths += ["/staff/rota", "/staff"]
    first = 0.0
    for number in range(requests):
        app.get(paths[number % len(paths)])
        if number == requests // 5:
            first = memory()
    return memory() - first


def prove_staff_speed():
    """Prove that nobody waits for the staff pages, and that memory is flat."""
    milliseconds, growth = measure()
    limits = MAX_MILLISECONDS.items()
    rows = ((name, f"{milliseconds[name]:.1f}", limit) for name, limit in limits)
    text = f"{REQUESTS:,} requests add {growth:.1f} MiB, at most {MAX_MEMORY_GROWTH_MIB}."
    is_slow = any(milliseconds[name] > limit for name, limit in limits)
    is_wrong = is_slow or growth > MAX_MEMORY_GROWTH_MIB
    return f"{table(('page', 'ms', 'at most'), rows)}\n\n{text}", is_wrong
