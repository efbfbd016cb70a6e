"""Answers as JSON: what the contract's section 4 shows, and nothing that is internal."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from routing.core.answer import Answer, Decision
from routing.core.directory import Hours, Line, Phone, Service, Text
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.snapshot import Snapshot
from routing.text import dates, sentences
from routing.text.locale import Locale

Json = dict[str, Any]

LINE_SPANS = timedelta(days=14)


def decision(
    found: Decision, at: datetime, facts: Snapshot, locale: Locale, rehearsal: bool
) -> Json:
    """Write a decision. ``at`` is the instant asked about; times carry the directory's offset."""
    return {
        "service": {"id": found.service.id, "name": found.service.name.get(locale.language)},
        "at": timestamp(at, locale),
        "line": line(found.service, found.line, found.phone, locale),
        "reason": {
            "code": found.reason.code.value,
            "text": sentences.reason_sentence(found, at, locale, facts.holidays.dates),
        },
        "until": timestamp(found.until, locale) if found.until else None,
        "next": {
            "line": line(found.service, found.next.line, found.next.phone, locale),
            "text": None if found.service.number else sentences.next_sentence(found, at, locale),
        }
        if found.next
        else None,
        "emergency": {"phone": "999", "text": facts.directory.emergency.get(locale.language)},
        "confirmed": found.service.confirmed,
        "assumption": assumption(found, at, facts, locale),
        "rehearsal": rehearsal,
    }


def assumption(found: Decision, at: datetime, facts: Snapshot, locale: Locale) -> str | None:
    """Say that bank holidays were assumed, for an answer past what GOV.UK has published."""
    last = max(at, found.until or at).astimezone(locale.zone).date()
    if not facts.holidays.is_assumed(last):
        return None
    return locale.translate(
        "Bank holidays after {year} are not published yet. This answer assumes the usual ones.",
        year=str(facts.holidays.covered_through),
    )


def line(service: Service, found: Line, phone: Phone, locale: Locale) -> Json:
    """Write the line that answers. A service with a number gives that number at all hours."""
    shown = service.number or phone
    return {
        "id": found.id,
        "name": found.name.get(locale.language),
        "phone": {
            "e164": shown.e164,
            "display": shown.display,
            "options": _text(None if found.internal else found.options, locale),
            "relay_uk": f"18001 {shown.display}" if found.relay_uk else None,
        },
        "email": None if found.internal else found.email,
    }


def service(found: Service, locale: Locale, base: str) -> Json:
    """Write a service: its public lines in the order they are tried, and where to ask."""
    public = [each for each in found.reachable if not each.internal]
    return {
        "id": found.id,
        "name": found.name.get(locale.language),
        "number": {"e164": found.number.e164, "display": found.number.display}
        if found.number
        else None,
        "lines": [line(found, each, each.phone, locale) for each in public],
        "out_of_hours": None if found.out_of_hours.internal else found.out_of_hours.id,
        "forms": [
            {"name": f.name.get(locale.language), "url": f.url, "when": f.when.get(locale.language)}
            for f in found.forms
        ],
        "confirmed": found.confirmed,
        "decision": f"{base}/{found.id}/decision",
    }


def public_line(found: Line, timetables: Timetables, at: datetime, locale: Locale) -> Json:
    """Write a public line with its hours as written and as spans for 14 days from ``at``."""
    return {
        "id": found.id,
        "name": found.name.get(locale.language),
        "aliases": [alias.get(locale.language) for alias in found.aliases],
        "phone": {
            "e164": found.phone.e164,
            "display": found.phone.display,
            "options": _text(found.options, locale),
            "relay_uk": f"18001 {found.phone.display}" if found.relay_uk else None,
        },
        "email": found.email,
        "hours": _written(found.hours),
        "hours_text": [list(pair) for pair in dates.format_hours(found.hours, locale)],
        "special_days": [
            {
                "from": each.first.isoformat(),
                "to": each.last.isoformat(),
                "name": each.name.get(locale.language),
                "hours": None if each.hours is None else dates.format_ranges(each.hours, locale),
                "phone": each.phone.display if each.phone else None,
            }
            for each in found.special_days
        ],
        "spans": [span(each, locale) for each in timetables.open_spans(found, at, at + LINE_SPANS)],
        "confirmed": found.verified is not None,
    }


def timeline(found: Iterable[tuple[Span, Answer]], service: Service, locale: Locale) -> list[Json]:
    """Write every span with its line and the code of its reason."""
    return [
        {
            **span(during, locale),
            "line": line(service, answer.line, answer.phone, locale),
            "reason": answer.reason.code.value,
        }
        for during, answer in found
    ]


def bank_holidays(facts: Snapshot) -> Json:
    """Write the dates in force, their source, and the last year that GOV.UK has published.

    Past that year only what the directory itself adds is certain enough to be listed.
    """
    added = dict(facts.directory.holiday_rules.add)
    published = facts.holidays.published
    return {
        "division": facts.holidays.division,
        "source": facts.holidays.source,
        "checked_at": published.checked_at.isoformat(timespec="seconds") if published else None,
        "covered_through": facts.holidays.covered_through,
        "dates": [
            {"date": day.isoformat(), "name": holiday.name, "substitute": holiday.substitute}
            for day, holiday in sorted(facts.holidays.dates.items())
            if date(2000, 1, 1) <= day and (not facts.holidays.is_assumed(day) or day in added)
        ],
    }


def timestamp(at: datetime, locale: Locale) -> str:
    """Write an instant as RFC 3339 with the directory's offset."""
    return at.astimezone(locale.zone).isoformat()


def span(during: Span, locale: Locale) -> Json:
    """Write a stretch of time, up to but not including ``to``."""
    return {"from": timestamp(during.start, locale), "to": timestamp(during.end, locale)}


def _written(hours: Hours) -> Json | str:
    if len(hours.as_written) == 1 and not hours.as_written[0][0]:
        return hours.as_written[0][1]
    return dict(hours.as_written)


def _text(text: Text | None, locale: Locale) -> str | None:
    return None if text is None else text.get(locale.language)
