"""Gaps, overlaps, and spans without a backup, against a scan minute by minute."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import generated
import pytest
from core.test_decision import LONDON, PLAIN, compiled, london
from sweep import ROOT, pairs, wrong_changes, wrong_gaps

from routing.core.gaps import compare, find_gaps, missing_backups
from routing.core.instants import Span
from routing.errors import NaiveTime, UnknownService

START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=400)


@pytest.mark.parametrize(("name", "has_gaps"), [("seasons", False), ("neath-port-talbot", True)])
def test_the_gaps_of_a_directory_are_those_that_a_scan_of_every_minute_finds(name, has_gaps):
    minutes, wrong = wrong_gaps(ROOT / "examples" / f"{name}.yaml", START, END)  # bin/prove: all

    assert wrong == 0
    assert (minutes["gap"] > 0) is has_gaps


def test_a_scan_of_every_minute_agrees_on_random_directories(tmp_path):
    draw, path = random.Random(20261123), tmp_path / "generated.yaml"
    gap_minutes = 0
    for _ in range(8):
        path.write_text(generated.directory(draw))
        minutes, wrong = wrong_gaps(
            path, datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
        )
        gap_minutes += minutes["gap"]
        assert wrong == 0

    assert gap_minutes > 500


@pytest.mark.parametrize("function", [find_gaps, missing_backups])
def test_an_unknown_service_and_a_time_without_a_zone_are_refused(function):
    naive = datetime(2026, 11, 23)  # noqa: DTZ001
    with pytest.raises(UnknownService):
        list(function(compiled(), "nope", START, END))
    with pytest.raises(NaiveTime):
        list(function(compiled(), "children", naive, END))


def reported(text, start, end):
    """Return the kind, local start and end of what is reported between two local times."""
    return [
        (
            "overlap" if open_lines else "gap",
            *(f"{edge.astimezone(LONDON):%d %H:%M}" for edge in (span.start, span.end)),
        )
        for span, open_lines in find_gaps(compiled(text), "s", london(start), london(end))
    ]


def hours(day, night):
    return f"""
lines:
  a: {{name: A, phone: 01632 960001, hours: {day}}}
  b: {{name: B, phone: 01632 960002, hours: {night}}}
services: {{s: {{name: S, lines: [a], out_of_hours: b}}}}
"""


def test_an_overlap_with_an_out_of_hours_line_that_is_always_open_is_not_reported():
    day = "{mon-sun: 09:00-17:00}"
    period = ("2026-11-25 00:00", "2026-11-26 00:00")

    assert reported(hours(day, "always"), *period) == []
    shut = "always, special_days: [{date: 2026-11-25, name: Shut, hours: closed}]"
    assert reported(hours(day, shut), *period) == [
        *(("gap", "25 00:00", "25 09:00"), ("gap", "25 17:00", "26 00:00"))
    ]
    assert reported(hours(day, "{mon-sun: 16:00-09:00}"), *period) == [
        ("overlap", "25 16:00", "25 17:00")
    ]


def test_two_other_lines_open_at_once_are_an_overlap_beside_an_always_open_line():
    text = hours("{mon-sun: 09:00-17:00}", "always").replace(
        "services:", "  c: {name: C, phone: 01632 960003, hours: {mon-sun: 16:00-18:00}}\nservices:"
    )
    both = text.replace("lines: [a]", "lines: [a, c]")

    assert reported(both, "2026-11-25 00:00", "2026-11-26 00:00") == [
        ("overlap", "25 16:00", "25 17:00")
    ]


def test_hours_that_meet_in_the_hour_that_the_clocks_show_twice_leave_no_gap():
    day, period = "{mon-sun: 09:00-17:00}", ("2026-10-25 00:00", "2026-10-26 00:00")

    assert reported(hours("{mon-sun: 09:00-01:00}", "{mon-sun: 01:00-09:00}"), *period) == []
    assert reported(hours(day, "{mon-sun: 17:00-01:00}"), *period) == [
        ("gap", "25 01:00", "25 09:00")
    ]
    assert reported(hours(day, "{mon-sun: 01:00-09:00}"), *period) == [
        *(("gap", "24 17:00", "25 01:00"), ("gap", "25 17:00", "26 01:00"))
    ]


def test_a_gap_is_followed_past_the_edges_of_the_period_for_a_week():
    text = hours("{mon: 09:00-17:00}", "{sat-sun: always}")

    assert reported(text, "2026-11-25 00:00", "2026-11-26 00:00") == [
        ("gap", "23 17:00", "28 00:00")
    ]
    assert reported(text, "2026-11-28 00:00", "2026-11-29 00:00") == []


def test_a_gap_of_more_than_a_week_is_cut_at_the_edges():
    special_days = ", ".join(
        f"{{date: {day}, name: X, hours: always}}" for day in ("2026-11-13", "2026-12-15")
    )
    text = hours(f"{{mon: closed}}, special_days: [{special_days}]", "{mon: closed}")

    for day in ("2026-11-16", "2026-11-30", "2026-12-13"):
        following = date.fromisoformat(day) + timedelta(days=1)
        assert reported(text, f"{day} 00:00", f"{following} 00:00") == [
            ("gap", f"{day[-2:]} 00:00", f"{following:%d} 00:00")
        ]


TWO_LINES = """
lines:
  a: {name: A, phone: 01632 960001, hours: always}
  b: {name: B, phone: 01632 960002, hours: {mon-sun: 12:00-17:00}}
  n: {name: N, phone: 01632 960001, hours: always}
services: {s: {name: S, lines: [a, b], out_of_hours: n, if_unanswered: [n]}}
"""


def test_the_backup_that_is_missing_is_another_line_of_the_service_while_that_is_open():
    period = london("2026-11-25 00:00"), london("2026-11-26 00:00")
    spans = missing_backups(compiled(TWO_LINES), "s", *period)

    assert [(line.id, span.start.hour, span.end.hour) for span, line in spans] == [("b", 12, 17)]


PERIOD = london("2026-12-24 00:00"), london("2026-12-25 00:00")


def differing(old, new, service="children"):
    return [
        (span.start, span.end, before and before.line.id, after and after.line.id)
        for span, (before, after) in compare(compiled(old), compiled(new), service, *PERIOD)
    ]


def test_random_pairs_of_directories_differ_where_a_scan_of_every_minute_says(tmp_path):
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    changed_minutes = []
    for old, new in islice(pairs(20261123, tmp_path), 13):
        changed, wrong = wrong_changes(old, new, start, end)
        changed_minutes.append(changed)
        assert wrong == 0

    assert sum(minutes > 0 for minutes in changed_minutes) > 5


def test_an_earlier_closing_time_is_found_to_the_second_and_nothing_else():
    assert differing(PLAIN, PLAIN.replace("08:30-15:30", "08:30-15:00")) == [
        (london("2026-12-24 15:00"), london("2026-12-24 15:30"), "mash", "eds")
    ]


def test_the_same_line_and_number_for_another_reason_is_no_change():
    assert differing(PLAIN, PLAIN.replace("08:30-17:00", "08:30-15:30")) == []


@pytest.mark.parametrize(
    ("night_phone", "edges"),
    [
        ("01632 960002", ["24 00:00", "24 08:30", "24 15:30", "25 00:00"]),
        ("101", ["24 08:30", "24 15:30"]),  # while 101 answers it changes nothing
    ],
)
def test_another_number_or_spelling_of_the_services_own_changes_each_hour_it_is_rung_in(
    night_phone, edges
):
    text = PLAIN.replace("[eds, mash, backup]", "[mash, backup]")
    text = text.replace("phone: 01632 960002", f"phone: {night_phone}")
    numbered = text.replace("{name: Children,", "{name: Children, number: 01632 960100,")
    spelt = numbered.replace("01632 960100", "+44 1632 960100")
    changed = list(pairwise(london(f"2026-12-{edge}") for edge in edges))

    assert [change[:2] for change in differing(text, numbered)] == changed
    assert [change[:2] for change in differing(numbered, spelt)] == changed


def test_a_change_that_goes_on_while_its_reason_changes_is_one_span():
    new = PLAIN.replace("01632 960002", "01632 960012")
    period = london("2026-12-24 15:30"), london("2026-12-29 08:30")
    changes = list(compare(compiled(), compiled(new), "children", *period))

    assert [(span.start, span.end) for span, _ in changes] == [period]


def test_another_spelling_of_the_number_on_one_day_is_a_change_of_that_day_alone():
    day = "special_days: [{date: 2026-12-27, name: Sunday, phone: +44 1632 960002}]"
    new = PLAIN.replace("hours: {mon-sun: 17:00-08:30}}", f"hours: always, {day}}}")
    old = new.replace("+44 1632", "01632")
    period = london("2026-12-26 00:00"), london("2026-12-29 00:00")

    spans = [span for span, _ in compare(compiled(old), compiled(new), "children", *period)]
    assert spans == [Span(london("2026-12-27 00:00"), london("2026-12-28 00:00"))]


def test_a_service_that_both_lack_is_unknown():
    with pytest.raises(UnknownService, match="children"):
        differing(PLAIN, PLAIN, "nope")
