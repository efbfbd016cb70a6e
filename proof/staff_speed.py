"""The staff pages' part of bin/prove: what each costs with ten years of rota, and what stays.

Ten roles, sixty people and a shift by day and by night in each role on each day of ten years. Times
are the processor's own, the least of several, so that others on the machine count for less.
"""

import tempfile

import big
import grown

from proof.growth import AT, Grown, cost, memory
from routing.store import rota_people

ROLES, PEOPLE, DAYS = 10, 60, 3650
REQUESTS = 50_000
MAX_MEMORY_GROWTH_MIB = 2.0
MAX_MILLISECONDS = {
    "/staff": 100,
    "/staff/rota": 100,
    "/staff/rota?from=2024-01-01": 100,
    "/staff/rota/gaps": 100,
    "/staff/rota/print": 100,
    "/staff/rota/bank-holidays": 100,
    "/staff/rota/mine": 100,
    "/staff/rota/people": 100,
    "/staff/rota/away": 100,
    "/staff/rota/fill": 100,
    "/staff/rota/import": 100,
    "/staff/rota/shifts/new": 100,
    "/staff/rota/shifts/{shift}": 100,
    "/staff/rota/shifts/{shift}/cover": 100,
    "/staff/rota/shifts/{shift}/swap": 100,
    "/staff/diverts": 100,
    "/staff/calls": 100,
    "/staff/changes": 100,
    "/staff/preview": 100,
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
        app = Grown(folder, big.directory(5, ROLES))
        app.sign_in()
        grown.fill(app.database, AT, 0, PEOPLE, ROLES, DAYS, others=1000)
        grown.analyze(app.database)
        pages = [name for name in MAX_MILLISECONDS if name.startswith("/")]
        shift = 2 * ROLES * (DAYS - 184 + 5) + 1  # in five days
        paths = {name: name.format(shift=shift) for name in pages}
        costs = app.pages(*paths.values(), times=5)
        milliseconds = {name: costs[path] * 1000 for name, path in paths.items()}
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
            rota_people.create_calendar(connection, None, None, 1, AT, "account:1")
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


def describe(milliseconds, growth):
    """Return the section of docs/proof.md."""
    lines = [
        f"Ten roles, {PEOPLE} people, ten years of shifts ({2 * ROLES * DAYS:,}). Milliseconds of",
        "the processor, the least of five; the database is SQLite.",
        "",
        "| page | ms | at most |",
        "|---|---:|---:|",
    ]
    for name, limit in MAX_MILLISECONDS.items():
        lines.append(f"| {name.replace('{shift}', '1')} | {milliseconds[name]:.1f} | {limit} |")
    lines += ["", f"{REQUESTS:,} requests add {growth:.1f} MiB, at most {MAX_MEMORY_GROWTH_MIB}."]
    return "\n".join(lines)


def prove_staff_speed():
    """Prove that nobody waits for the staff pages, and that memory is flat."""
    milliseconds, growth = measure()
    is_slow = any(milliseconds[name] > limit for name, limit in MAX_MILLISECONDS.items())
    return describe(milliseconds, growth), is_slow or growth > MAX_MEMORY_GROWTH_MIB


if __name__ == "__main__":
    print(describe(*measure()))
