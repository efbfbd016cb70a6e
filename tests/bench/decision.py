"""What a decision costs, beside a bare bisect, the code a council would write, and another engine.

Run: .venv/bin/python tests/bench/decision.py. Ratios within one run are what to read: machines are
shared and noisy. Wrong answers of each are counted against our own timetable, which bin/prove
compares with an independent oracle.
"""

import random
import statistics
import sys
import time
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import opening_hours

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from routing.bank_holidays.in_force import bank_holidays  # noqa: E402
from routing.core.decision import decide  # noqa: E402
from routing.core.timetable import Timetables  # noqa: E402
from routing.directory.load import load  # noqa: E402

LONDON = ZoneInfo("Europe/London")
ROUNDS = 7

directory, _ = load(ROOT / "directory.yaml")
tables = Timetables(directory, bank_holidays(directory.holiday_rules).dates)
starts = [int(each.timestamp()) for each in tables.year("children", 2027).starts]
start = datetime(2027, 1, 1, tzinfo=UTC)
source = random.Random(1)
instants = [start + timedelta(seconds=source.randrange(365 * 86_400)) for _ in range(2000)]
seconds = [int(at.timestamp()) for at in instants]
england = holidays.UK(subdiv="ENG", years=[2027, 2028])
engine = opening_hours.OpeningHours("Mo-Fr 08:30-17:00; PH off", timezone=LONDON, country="GB")


def naive(at, found):
    local = at.astimezone(LONDON)
    minute = local.hour * 60 + local.minute
    return local.weekday() < 5 and 510 <= minute < 1020 and local.date() not in found


def bare():
    return [bisect_right(starts, second) for second in seconds]


def ours():
    return [decide(tables, "children", at).line.id == "mash" for at in instants]


def naive_module():
    return [naive(at, england) for at in instants]


def naive_request():
    return [naive(at, holidays.UK(subdiv="ENG")) for at in instants]


def other_engine():
    local = [at.astimezone(LONDON) for at in instants]
    return [engine.is_open(at) and engine.next_change(at) is not None for at in local]


def main():
    truth = ours()
    contestants = [bare, ours, naive_module, other_engine, naive_request]
    taken = {each.__name__: [] for each in contestants}
    wrong = {}
    for _ in range(ROUNDS):
        for each in contestants:
            began = time.perf_counter()
            answers = each()
            taken[each.__name__].append(time.perf_counter() - began)
            wrong[each.__name__] = sum(a != b for a, b in zip(answers, truth, strict=True))
    wrong["bare"] = 0
    floor = statistics.median(taken["bare"])
    print("| what | ns a decision | times a bare bisect | wrong of 2,000 |")  # noqa: T201
    print("|---|---:|---:|---:|")  # noqa: T201
    for name, rounds in taken.items():
        median = statistics.median(rounds)
        each = median / len(instants) * 1e9
        print(f"| {name} | {each:,.0f} | {median / floor:.1f} | {wrong[name]} |")  # noqa: T201


main()
