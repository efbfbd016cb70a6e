"""The rule on generated directories: there is always an answer, and ``until`` is by brute force."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from core.test_decision import compiled
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.core.decision import decide, timeline

CLOCK = st.integers(0, 95).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
RANGE = st.tuples(CLOCK, CLOCK).map("-".join)
DAY_HOURS = st.one_of(
    st.just("closed"), st.just("always"), st.lists(RANGE, min_size=1, max_size=2).map(", ".join)
)
DAYS = st.dictionaries(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "bank-holiday"]),
    DAY_HOURS,
    min_size=1,
)


def as_yaml(hours):
    return "{" + ", ".join(f'{day}: "{text}"' for day, text in hours.items()) + "}"


@settings(deadline=None, max_examples=40)
@given(
    DAYS,
    DAYS,
    DAY_HOURS,
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 12, 31)),  # noqa: DTZ001
)
def test_until_is_the_first_difference_found_by_brute_force(first, second, special, wall):
    tables = compiled(f"""
lines:
  a:
    name: A
    phone: 01632 960001
    hours: {as_yaml(first)}
    special_days: [{{date: 2026-10-25, name: Clocks, hours: "{special}"}}]
  b: {{name: B, phone: 01632 960002, hours: {as_yaml(second)}}}
  c: {{name: C, phone: 01632 960003, hours: always}}
services: {{s: {{name: S, lines: [a, b], out_of_hours: c}}}}
""")
    at = wall.replace(tzinfo=UTC, second=0, microsecond=0)
    decision = decide(tables, "s", at)
    minutes = (at + timedelta(minutes=15 - at.minute % 15 + 15 * n) for n in range(96 * 14))
    brute = next((m for m in minutes if decide(tables, "s", m).line != decision.line), None)

    within = decision.until is not None and decision.until < at + timedelta(days=14)
    assert brute == (decision.until if within else None)

    spans = [span for span, _ in timeline(tables, "s", at, at + timedelta(days=30))]
    assert spans[0].start == at
    assert spans[-1].end == at + timedelta(days=30)
    assert all(one.end == other.start for one, other in pairwise(spans))
