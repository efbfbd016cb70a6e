"""Doubts about who answers: hours that nobody publishes, and hours with nobody left to try."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from routing.core import instants
from routing.core.gaps import CoverageKind, find_gaps, spans_without_backup
from routing.core.instants import Span
from routing.core.intervals import split_by_day
from routing.directory.load import CrossCheckError
from routing.directory.yaml_source import Path
from routing.snapshot import Snapshot
from routing.text.locale import Locale, get_locale
from routing.text.periods import format_periods

LOOKAHEAD = timedelta(days=400)


def warnings(facts: Snapshot, at: datetime) -> Iterator[CrossCheckError]:
    """Yield every doubt about who answers in the 400 days from the midnight before ``at``."""
    directory, tables = facts.directory, facts.timetables
    locale = get_locale("en", directory.zone)
    today = at.astimezone(directory.zone).date()
    period = Span(
        instants.midnight(today, directory.zone),
        instants.midnight(today + LOOKAHEAD, directory.zone),
    )
    for service in directory.services:
        place: Path = ("services", service.id)
        found = find_gaps(tables, service.id, period.start, period.end)
        for when in format_periods(
            (span for span, kind, _ in found if kind == CoverageKind.GAP), period, locale
        ):
            message = (
                f"no line says that it answers {when}. Calls go to '{service.out_of_hours.id}' "
                "then: write that in its hours, or mend those of the others."
            )
            yield place, "gap", message
        left = _by_day(
            spans_without_backup(tables, service.id, period.start, period.end), period, locale
        )
        if left:
            message = (
                "when the line that is rung does not answer, nobody is left to try "
                f"{'; '.join(left)}. Add to `if_unanswered` a line with another number that is "
                "open then."
            )
            yield place, "nobody_left", message


def _by_day(found: Iterator[Span], period: Span, locale: Locale) -> list[str]:
    """Say stretches as hours of the week, whatever they join across midnight."""
    spans = list(found)
    if spans != [period]:
        spans = [piece for span in spans for piece, _ in split_by_day(span, locale.zone)]
    return format_periods(spans, period, locale)
