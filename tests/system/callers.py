"""Write two months of made-up calls, the same at every run, for pages that show them."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from routing.core.answer import Outcome
from routing.store import calls
from routing.store.calls import CallStart, LegEnd, LegStart
from routing.store.db import Database


def leave(instance, file="rehearsal.sqlite", last=datetime(2026, 11, 23, 15, tzinfo=UTC), days=60):
    """Write calls of ``days`` days into a database that has its tables, the last at ``last``."""
    draw, database = random.Random(20261123), Database("", Path(instance), file)
    with database.writing() as connection:
        for number in range(days * 12):
            at = last - timedelta(minutes=draw.randrange(1, days * 24 * 60))
            _write_call(connection, f"made up {number}", at, draw)
        _write_call(connection, "made up now", last, draw)
    database.engine.dispose()


def _write_call(connection, key, at, draw):
    is_day = at.weekday() < 5 and 9 <= at.hour < 17
    lines = ["mash", "duty-manager"] if is_day else ["eds", "duty-manager"]
    call = CallStart("children", lines[0], "in_hours" if is_day else "out_of_hours", at)
    for position, line in enumerate(lines, 1):
        calls.step(connection, key, call, leg=LegStart(position, line, at))
        at += timedelta(seconds=draw.randrange(3, 30))
        if draw.random() < 0.9:
            ended = LegEnd(position, line, "answered", at + timedelta(seconds=200), 200)
            calls.step(connection, key, call, ended, outcome=Outcome.ANSWERED)
            return
        ended = LegEnd(position, line, draw.choice(("busy", "no_answer", "declined")), at, None)
        calls.step(connection, key, call, ended)
    outcome = draw.choice((Outcome.ABANDONED, Outcome.UNANSWERED))
    calls.step(connection, key, call, ended, outcome=outcome)
