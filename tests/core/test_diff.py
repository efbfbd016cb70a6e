"""The difference between two directories, against a comparison minute by minute."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from core.test_decision import PLAIN, compiled, london
from sweep import pairs, wrong_changes

from routing.core.gaps import compare
from routing.errors import UnknownService

PERIOD = london("2026-12-24 00:00"), london("2026-12-25 00:00")


def differing(old, new, service="children"):
    return [
        (span.start, span.end, before and before.answer.line.id, after and after.answer.line.id)
        for span, (before, after) in compare(compiled(old), compiled(new), service, *PERIOD)
    ]


def test_random_pairs_of_directories_differ_where_a_scan_of_every_minute_says(tmp_path):
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    changed_minutes = []
    for old, new in islice(pairs(20261123, tmp_path), 26):
        changed, wrong = wrong_changes(old, new, start, end)
        changed_minutes.append(changed)
        assert wrong == 0

    assert sum(minutes > 0 for minutes in changed_minutes) > 10


def test_an_earlier_closing_time_is_found_to_the_second_and_nothing_else():
    assert differing(PLAIN, PLAIN.replace("08:30-15:30", "08:30-15:00")) == [
        (london("2026-12-24 15:00"), london("2026-12-24 15:30"), "mash", "eds")
    ]


def test_the_same_line_and_number_for_another_reason_is_no_change():
    assert differing(PLAIN, PLAIN.replace("08:30-17:00", "08:30-15:30")) == []


def test_another_number_of_the_service_changes_every_hour():
    numbered = PLAIN.replace("{name: Children,", "{name: Children, number: 01632 960100,")

    assert [change[:2] for change in differing(PLAIN, numbered)] == [
        (london("2026-12-24 00:00"), london("2026-12-24 08:30")),
        (london("2026-12-24 08:30"), london("2026-12-24 15:30")),
        (london("2026-12-24 15:30"), london("2026-12-25 00:00")),
    ]


def test_another_number_of_the_service_changes_nothing_while_101_answers():
    police = PLAIN.replace("{name: Night, phone: 01632 960002,", "{name: Police, phone: 101,")
    police = police.replace("if_unanswered: [eds, mash, backup]", "if_unanswered: [mash, backup]")
    numbered = police.replace("{name: Children,", "{name: Children, number: 01632 960100,")

    assert [change[:2] for change in differing(police, numbered)] == [
        (london("2026-12-24 08:30"), london("2026-12-24 15:30"))
    ]


def test_a_service_that_one_directory_lacks_differs_throughout():
    without = PLAIN.replace("  always: {name: Always, lines: [one], out_of_hours: one}\n", "")

    assert differing(PLAIN, without, "always") == [(*PERIOD, "one", None)]
    assert differing(without, PLAIN, "always") == [(*PERIOD, None, "one")]


def test_a_change_that_goes_on_while_its_reason_changes_is_one_span():
    new = PLAIN.replace("01632 960002", "01632 960012")
    period = london("2026-12-24 15:30"), london("2026-12-29 08:30")
    changes = list(compare(compiled(), compiled(new), "children", *period))

    assert [(span.start, span.end) for span, _ in changes] == [period]


def test_an_empty_period_has_no_changes():
    at, new = (
        PERIOD[0],
        PLAIN.replace("960001", "960008").replace("  always: {name", "  other: {name"),
    )

    for service in ("children", "always"):
        assert list(compare(compiled(), compiled(new), service, at, at)) == []


def test_a_service_that_both_lack_is_unknown():
    with pytest.raises(UnknownService, match="children"):
        differing(PLAIN, PLAIN, "nope")
