"""Our answers beside the oracle's, minute by minute: shared by the tests and bin/prove."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy
from oracle import Oracle

from routing.bank_holidays import bank_holidays
from routing.core.decision import decide, timeline
from routing.core.timetable import Timetables
from routing.directory.load import load

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")


def timetables(path, division=None):
    """Load a directory as the service does, in another division if one is given."""
    directory, _ = load(path)
    rules = directory.holiday_rules
    if division:
        rules = replace(rules, division=division)
    return Timetables(directory, bank_holidays(rules).dates)


def our_minutes(tables, service, start, end, legend):
    """Expand our timeline to one code a minute, in the oracle's legend (-1: not in it)."""
    codes = {answer: code for code, answer in enumerate(legend)}
    minutes = numpy.full(int((end - start).total_seconds()) // 60, -1, dtype=int)
    for span, answer in timeline(tables, service, start, end):
        first = int((span.start - start).total_seconds()) // 60
        last = int((span.end - start).total_seconds()) // 60
        key = (answer.line.id, answer.phone.e164, answer.reason.code.value)
        minutes[first:last] = codes.get(key, -1)
    return minutes


def wrong_minutes(path, start, end, division=None):
    """Return (minutes compared, minutes that differ) over every service of a directory."""
    oracle, tables = Oracle(path, division), timetables(path, division)
    asked = wrong = 0
    for service in oracle.services:
        theirs, legend = oracle.minutes(service, start, end)
        ours = our_minutes(tables, service, start, end, legend)
        asked += len(theirs)
        wrong += int((ours != theirs).sum())
    return asked, wrong


def wrong_instants(path, start, end, division=None, random_instants=1000):
    """Ask ``decide`` itself around every boundary and at random; return (asked, wrong)."""
    oracle, tables = Oracle(path, division), timetables(path, division)
    source = random.Random(20261123)
    asked = wrong = 0
    for service in oracle.services:
        edges = [span.start for span, _ in timeline(tables, service, start, end)]
        instants = [edge + timedelta(seconds=by) for edge in edges for by in (-1, 0, 1)]
        reach = int((end - start).total_seconds())
        instants += [
            start + timedelta(seconds=source.randrange(reach)) for _ in range(random_instants)
        ]
        for at in instants:
            found = decide(tables, service, at)
            ours = (found.line.id, found.phone.e164, found.reason.code.value)
            asked += 1
            wrong += ours != oracle.answer(service, at)
    return asked, wrong


def year(number):
    return datetime(number, 1, 1, tzinfo=UTC)
