"""What a decision costs, beside a bare bisect, the code a council would write, and other engines.

Whoever asks for less than a decision with its reason, `until` and `next` has it easier: the table
says what each is asked. Wrong answers are counted against the oracle, which shares no code with the
service.
"""

import random
import statistics
import time
import warnings
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import opening_hours
from oracle import Oracle
from sweep import ROOT, timetables

from routing.core.decision import decide, timeline

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own dependencies
    from workalendar.europe import UnitedKingdom

LONDON = ZoneInfo("Europe/London")
ROUNDS, INSTANTS = 9, 2000
OPENS, SHUTS = 510, 1020


class Contest:
    """The same instants of a year, asked of each contestant in turn, round by round."""

    def __init__(self, rounds=ROUNDS):
        path = ROOT / "directory.yaml"
        self.rounds, self.tables = rounds, timetables(path)
        spans = timeline(
            self.tables,
            "children",
            datetime(2027, 1, 1, tzinfo=UTC),
            datetime(2028, 1, 1, tzinfo=UTC),
        )
        self.starts = [int(span.start.timestamp()) for span, _ in spans]
        draw, first = random.Random(1), datetime(2027, 1, 1, tzinfo=UTC)
        drawn = [draw.randrange(365 * 86_400) for _ in range(INSTANTS)]
        self.instants = [first + timedelta(seconds=seconds) for seconds in drawn]
        self.seconds = [int(at.timestamp()) for at in self.instants]
        oracle = Oracle(path)
        self.truth = [oracle.answer("children", at)[0] == "mash" for at in self.instants]
        self.england = holidays.UK(subdiv="ENG", years=[2027, 2028])
        self.calendar = UnitedKingdom()
        rule = "Mo-Fr 08:30-17:00; PH off"
        self.engine = opening_hours.OpeningHours(rule, timezone=LONDON, country="GB")

    def a_bare_bisect(self):
        """Look the instant up in a list of integers: no zone, no reason, no line."""
        for second in self.seconds:
            bisect_right(self.starts, second)
        return self.truth

    def ours(self):
        """Decide: the line, why, until when, who then."""
        return [decide(self.tables, "children", at).line.id == "mash" for at in self.instants]

    def holidays_at_module_level(self):
        """Compare the wall clock, and ask `holidays` once filled: open or not."""
        return [_naive(at, self.england.__contains__) for at in self.instants]

    def holidays_per_request(self):
        """The same with `holidays` built for each: open or not."""
        return [
            _naive(at, holidays.UK(subdiv="ENG", years=at.year).__contains__)
            for at in self.instants[:200]
        ]

    def workalendar(self):
        """The same with `workalendar`: open or not."""
        return [_naive(at, self.calendar.is_holiday) for at in self.instants]

    def opening_hours_py(self):
        """Ask `opening-hours-py`: open or not, and when that changes."""
        engine, local = self.engine, [instant.astimezone(LONDON) for instant in self.instants]
        return [(engine.is_open(at), engine.next_change(at))[0] for at in local]

    def measure(self):
        """Return, by contestant, nanoseconds a decision in each round, and wrong answers."""
        names = [
            method for method in vars(Contest) if not method.startswith("_") and method != "measure"
        ]
        taken, wrong = {name: [] for name in names}, {}
        for _ in range(self.rounds):
            for name in names:
                began = time.process_time()
                answers = getattr(self, name)()
                spent = time.process_time() - began
                taken[name].append(spent / len(answers) * 1e9)
                wrong[name] = sum(a != b for a, b in zip(answers, self.truth, strict=False))
        return taken, wrong


def _naive(at, is_holiday):
    local = at.astimezone(LONDON)
    minute = local.hour * 60 + local.minute
    return local.weekday() < 5 and OPENS <= minute < SHUTS and not is_holiday(local.date())


def ratios(taken, beside="a_bare_bisect"):
    """Return each contestant's time as a multiple of another's in the same round: the median, the
    least and the most.
    """
    return {
        name: _spread([one / other for one, other in zip(times, taken[beside], strict=True)])
        for name, times in taken.items()
    }


def _spread(multiples):
    return statistics.median(multiples), min(multiples), max(multiples)
