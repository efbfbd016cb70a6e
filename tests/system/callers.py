"""A month of calls, made up, for pages that show them: the same ones at every run."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from routing.store import calls
from routing.store.calls import CallStart, LegEnd, LegStart
from routing.store.db import Database


def leave(instance, file="rehearsal.sqlite", last=datetime(2026, 11, 23, 15, tzinfo=UTC), days=60):
    """Write them into a database that is made, the last of them at ``last``."""
    draw, database = random.Random(20261123), Database("", Path(instance), file)
    with database.writing() as connection:
        for number in range(days * 12):
            at = last - timedelta(minutes=draw.randrange(1, days * 24 * 60))
            _call(connection, f"made up {number}", at, draw)
        _call(connection, "made up now", last, draw)
    database.engine.dispose()


def _call(connection, key, at, draw):
    by_day = at.weekday() < 5 and 9 <= at.hour < 17
    lines = ["mash", "duty-manager"] if by_day else ["eds", "duty-manager"]
    begun = CallStart("children", lines[0], "in_hours" if by_day else "out_of_hours", at)
    for number, line in enumerate(lines, 1):
        calls.step(connection, key, begun, rings=LegStart(number, line, at))
        at += timedelta(seconds=draw.randrange(3, 30))
        if draw.random() < 0.9:
            ended = LegEnd(number, line, "answered", at + timedelta(seconds=200), 200)
            calls.step(connection, key, begun, ended, over=calls.ANSWERED)
            return
        ended = LegEnd(number, line, draw.choice(("busy", "no_answer", "declined")), at, None)
        calls.step(connection, key, begun, ended)
    over = draw.choice((calls.ABANDONED, calls.UNANSWERED))
    calls.step(connection, key, begun, ended, over=over)
