"""A decision in plain text: for a terminal, and for whoever starts the service."""

from datetime import datetime

from routing.core.answer import Decision
from routing.formats.json import assumption
from routing.snapshot import Snapshot
from routing.text import dates, sentences
from routing.text.locale import Locale


def decision_lines(found: Decision, at: datetime, facts: Snapshot, locale: Locale) -> list[str]:
    """Return the answer as lines: who to call, why, what comes next, and 999."""
    options = "" if found.line.options is None else f" ({found.line.options.get(locale.language)})"
    call = sentences.call_sentence(found, f"{found.phone.display}{options}", at, locale)
    lines = [
        f"{found.service.name.get(locale.language)}, {dates.format_datetime(at, locale)}:",
        f"  {call}",
        f"  {sentences.reason_sentence(found, at, locale, facts.holidays.dates)}",
        sentences.next_sentence(found, at, locale),
        None if found.service.confirmed else locale.translate("Not yet confirmed by the council."),
        assumption(found, at, facts, locale),
        facts.directory.emergency.get(locale.language),
    ]
    return [line if n < 3 else f"  {line}" for n, line in enumerate(lines) if line]
