"""Our answers beside the oracle's, minute by minute: shared by the tests and bin/prove."""

import random
import re
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import generated
import numpy
from oracle import Oracle

from routing.bank_holidays import build_calendar
from routing.core.decision import Timetables, decide, timeline
from routing.core.directory import ALL_DAY, Hours, Phone
from routing.core.gaps import compare, missing_backups
from routing.core.instants import Span
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
    return Timetables(directory, build_calendar(rules).dates)


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
    compared = wrong = 0
    for service in oracle.services:
        theirs, legend = oracle.minutes(service, start, end)
        ours = our_minutes(tables, service, start, end, legend)
        compared += len(theirs)
        wrong += int((ours != theirs).sum())
    return compared, wrong


def wrong_instants(path, start, end, division=None, random_instants=1000):
    """Ask ``decide`` itself around every boundary and at random; return (compared, wrong).

    It is also held to the first later instant at which the timeline has another line or number.
    """
    oracle, tables = Oracle(path, division), timetables(path, division)
    source = random.Random(20261123)
    compared = wrong = 0
    for service in oracle.services:
        spans = list(timeline(tables, service, start - timedelta(days=1), end))
        handovers = [
            span.start
            for (_, before), (span, answer) in pairwise(spans)
            if not answer.is_same_call(before)
        ]
        edges = [span.start for span, _ in spans if span.start >= start]
        instants = [edge + timedelta(seconds=by) for edge in edges for by in (-1, 0, 1)]
        reach = int((end - start).total_seconds())
        instants += [
            start + timedelta(seconds=source.randrange(reach)) for _ in range(random_instants)
        ]
        for at in instants:
            decision = decide(tables, service, at)
            ours = (decision.line.id, decision.phone.e164, decision.reason.code.value)
            later = handovers[bisect_right(handovers, at) :] or [decision.until]
            compared += 1
            wrong += ours != oracle.answer(service, at) or decision.until != later[0]
    return compared, wrong


def minutes_of(spans, start, end):
    """Mark the minutes from ``start`` to ``end`` that spans cover; refuse spans that overlap."""
    marked = numpy.zeros(int((end - start).total_seconds()) // 60, dtype=int)
    for span in spans:
        first, last = (int((edge - start).total_seconds()) // 60 for edge in (span.start, span.end))
        assert 0 <= first < last <= len(marked)
        marked[first:last] += 1
    assert marked.max(initial=0) <= 1
    return marked.astype(bool)


def wrong_gaps(path, start, end):
    """Return how many minutes gaps, overlaps and nobody-left find, and how many are wrong."""
    oracle, tables = Oracle(path), timetables(path)
    totals = {"gap": 0, "overlap": 0, "unbacked": 0}
    wrong = 0
    for service in oracle.services:
        its = tables.service(service)
        lines = list({line.id: line for line in (*its.lines, its.out_of_hours)}.values())
        ours = tables.open_lines(lines, Span(start, end))
        count = oracle.how_many_open(service, start, end)
        truth = {"gap": count == 0, "overlap": count > 1}
        truth["unbacked"] = oracle.nobody_left(service, start, end)
        spans = {
            "gap": [span for span, open_lines in ours if not open_lines],
            "overlap": [span for span, open_lines in ours if len(open_lines) > 1],
            "unbacked": without_backup(tables, service, start, end),
        }
        for kind, minutes in truth.items():
            mine = minutes_of(spans[kind], start, end)
            totals[kind] += int(mine.sum())
            wrong += int((mine != minutes).sum())
    return totals, wrong


def without_backup(tables, service, start, end):
    """Return the spans in which nobody is left to try: those in which one more line would help."""
    helper = replace(
        tables.directory.lines[0],
        id="helper",
        phone=Phone("+447700900999", "07700 900999"),
        hours=Hours((ALL_DAY,) * 7),
        special_days=(),
    )
    spans = []
    for span, _ in missing_backups(tables, service, start, end, (helper,)):
        if spans and spans[-1].end == span.start:
            span = replace(span, start=spans.pop().start)
        spans.append(span)
    return spans


def wrong_changes(old, new, start, end):
    """Return how many minutes change from one file to another, and how many are told wrongly."""
    oracles, tables = (Oracle(old), Oracle(new)), (timetables(old), timetables(new))
    changed = wrong = 0
    for service in {*oracles[0].services, *oracles[1].services}:
        mine = minutes_of((span for span, _ in compare(*tables, service, start, end)), start, end)
        noticed = [_noticed(oracle, service, start, end) for oracle in oracles]
        truth = numpy.array([one != other for one, other in zip(*noticed, strict=True)])
        changed += int(truth.sum())
        wrong += int((mine != truth).sum())
    return changed, wrong


def _noticed(oracle, service, start, end):
    """Return all that a caller notices in each minute; None without the service."""
    if service not in oracle.services:
        return [None] * (int((end - start).total_seconds()) // 60)
    return oracle.shown(service, start, end)


def pairs(seed, folder):
    """Yield pairs of files: of directories made at random, without end."""
    draw = random.Random(seed)
    while True:
        paths = folder / "old.yaml", folder / "new.yaml"
        text = generated.directory(draw)
        paths[0].write_text(text)
        # Half of them differ in one place, as an edit does; the others in all.
        edited = text.replace(draw.choice(re.findall(r"\d\d:\d\d", text)), generated.clock(draw))
        paths[1].write_text(edited if draw.random() < 0.5 else generated.directory(draw))
        yield paths


def year(number):
    return datetime(number, 1, 1, tzinfo=UTC)
