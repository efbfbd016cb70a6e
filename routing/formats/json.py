"""Answers as JSON: what the contract's section 4 shows, and nothing that is internal."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from routing.core.answer import Answer, Decision
from routing.core.directory import Line, Service
from routing.core.hours import Hours, Span
from routing.core.timetable import Timetables
from routing.core.values import Phone, Text
from routing.facts import Facts
from routing.wording import sentences, times
from routing.wording.voice import Voice

Json = dict[str, Any]

LINE_SPANS = timedelta(days=14)


def decision(found: Decision, at: datetime, facts: Facts, voice: Voice, rehearsal: bool) -> Json:
    """Write a decision. ``at`` is the instant asked about; times carry the directory's offset."""
    return {
        "service": {"id": found.service.id, "name": found.service.name.in_(voice.language)},
        "at": moment(at, voice),
        "line": line(found.service, found.line, found.phone, voice),
        "reason": {
            "code": found.reason.code.value,
            "text": sentences.why(found, at, voice, facts.holidays.dates),
        },
        "until": moment(found.until, voice) if found.until else None,
        "next": {
            "line": line(found.service, found.next.line, found.next.phone, voice),
            "text": None if found.service.number else sentences.takeover(found, at, voice),
        }
        if found.next
        else None,
        "emergency": {"phone": "999", "text": facts.directory.emergency.in_(voice.language)},
        "confirmed": found.service.confirmed,
        "assumption": assumption(found, at, facts, voice),
        "rehearsal": rehearsal,
    }


def assumption(found: Decision, at: datetime, facts: Facts, voice: Voice) -> str | None:
    """Say that bank holidays were assumed, for an answer past what GOV.UK has published."""
    last = max(at, found.until or at).astimezone(voice.zone).date()
    if not facts.holidays.assumed(last):
        return None
    return voice.say(
        "Bank holidays after {year} are not published yet. This answer assumes the usual ones.",
        year=str(facts.holidays.covered_through),
    )


def line(service: Service, found: Line, phone: Phone, voice: Voice) -> Json:
    """Write the line that answers. A service with a number gives that number at all hours."""
    shown = service.number or phone
    return {
        "id": found.id,
        "name": found.name.in_(voice.language),
        "phone": {
            "e164": shown.e164,
            "display": shown.display,
            "options": _text(None if found.internal else found.options, voice),
            "relay_uk": f"18001 {shown.display}" if found.relay_uk else None,
        },
        "email": None if found.internal else found.email,
    }


def service(found: Service, voice: Voice, base: str) -> Json:
    """Write a service: its public lines in the order they are tried, and where to ask."""
    public = [each for each in found.reachable if not each.internal]
    return {
        "id": found.id,
        "name": found.name.in_(voice.language),
        "number": {"e164": found.number.e164, "display": found.number.display}
        if found.number
        else None,
        "lines": [line(found, each, each.phone, voice) for each in public],
        "out_of_hours": None if found.out_of_hours.internal else found.out_of_hours.id,
        "forms": [
            {"name": f.name.in_(voice.language), "url": f.url, "when": f.when.in_(voice.language)}
            for f in found.forms
        ],
        "confirmed": found.confirmed,
        "decision": f"{base}/{found.id}/decision",
    }


def public_line(found: Line, timetables: Timetables, at: datetime, voice: Voice) -> Json:
    """Write a public line with its hours as written and as spans for 14 days from ``at``."""
    return {
        "id": found.id,
        "name": found.name.in_(voice.language),
        "aliases": [alias.in_(voice.language) for alias in found.aliases],
        "phone": {
            "e164": found.phone.e164,
            "display": found.phone.display,
            "options": _text(found.options, voice),
            "relay_uk": f"18001 {found.phone.display}" if found.relay_uk else None,
        },
        "email": found.email,
        "hours": _written(found.hours),
        "hours_text": [list(pair) for pair in times.hours(found.hours, voice)],
        "special_days": [
            {
                "from": each.first.isoformat(),
                "to": each.last.isoformat(),
                "name": each.name.in_(voice.language),
                "hours": None if each.hours is None else times.ranges(each.hours, voice),
                "phone": each.phone.display if each.phone else None,
            }
            for each in found.special_days
        ],
        "spans": [span(each, voice) for each in timetables.spans(found, at, at + LINE_SPANS)],
        "confirmed": found.verified is not None,
    }


def timeline(found: Iterable[tuple[Span, Answer]], service: Service, voice: Voice) -> list[Json]:
    """Write every span with its line and the code of its reason."""
    return [
        {
            **span(during, voice),
            "line": line(service, answer.line, answer.phone, voice),
            "reason": answer.reason.code.value,
        }
        for during, answer in found
    ]


def bank_holidays(facts: Facts) -> Json:
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
            if date(2000, 1, 1) <= day and (not facts.holidays.assumed(day) or day in added)
        ],
    }


def moment(at: datetime, voice: Voice) -> str:
    """Write an instant as RFC 3339 with the directory's offset."""
    return at.astimezone(voice.zone).isoformat()


def span(during: Span, voice: Voice) -> Json:
    """Write a stretch of time, up to but not including ``to``."""
    return {"from": moment(during.start, voice), "to": moment(during.end, voice)}


def _written(hours: Hours) -> Json | str:
    if len(hours.written) == 1 and not hours.written[0][0]:
        return hours.written[0][1]
    return dict(hours.written)


def _text(text: Text | None, voice: Voice) -> str | None:
    return None if text is None else text.in_(voice.language)
