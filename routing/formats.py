"""What several interfaces show: answers as JSON, and the printed page.

The printed page has every public number and its hours, and needs no other file. It stays true on a
wall: it says neither "now" nor "today", and states until when its dates are complete.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from routing.core.decision import Answer, Decision, Timetables
from routing.core.directory import Line, Phone, Service, SpecialDay
from routing.core.instants import Span
from routing.snapshot import Snapshot
from routing.text import dates, sentences
from routing.text.locale import Locale

Json = dict[str, Any]

SERVICES_PATH = "/api/v1/services"
LINE_SPANS_PERIOD = timedelta(days=14)
PRINTED_WEEKS = 8

_STYLE = Path(__file__).parent.joinpath("static", "printed.css").read_text("utf-8")
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""What a content security policy must allow for the page's own style."""


def decision_json(
    decision: Decision, at: datetime, snapshot: Snapshot, locale: Locale, rehearsal: bool
) -> Json:
    """Return a decision for the instant ``at``; times carry the directory's offset."""
    service, following = decision.service, decision.next
    next_json = following and {
        "line": _answer_json(service, following, locale),
        "text": None if service.number else sentences.next_sentence(decision, at, locale),
    }
    return {
        "service": {"id": service.id, "name": service.name.get(locale.language)},
        "at": timestamp(at, locale),
        "line": _answer_json(service, decision, locale),
        "reason": {
            "code": decision.reason.code.value,
            "text": sentences.reason_sentence(decision, at, locale, snapshot.holidays.dates),
        },
        "until": timestamp(decision.until, locale) if decision.until else None,
        "next": next_json,
        "emergency": {"phone": "999", "text": snapshot.directory.emergency.get(locale.language)},
        "confirmed": service.confirmed,
        "assumption": assumption(decision, at, snapshot, locale),
        "rehearsal": rehearsal,
        "language": locale.language,
    }


def assumption(decision: Decision, at: datetime, snapshot: Snapshot, locale: Locale) -> str | None:
    """Say that bank holidays were assumed; None for an answer within the published years."""
    last_day = max(at, decision.until or at).astimezone(locale.zone).date()
    if not snapshot.holidays.is_assumed(last_day):
        return None
    return locale.translate(
        "Bank holidays after {year} are not published yet. This answer assumes the usual ones.",
        year=str(snapshot.holidays.covered_through),
    )


def line_json(line: Line, phone: Phone, locale: Locale) -> Json:
    """Return a line as callers see it, with ``phone``, on which they reach it.

    999 and 101 have no E.164 form and no number at Relay UK: both are null.
    """
    return {
        "id": line.id,
        "name": line.name.get(locale.language),
        "phone": {
            "e164": None if phone.is_emergency else phone.e164,
            "display": phone.display,
            "options": line.options.get(locale.language) if line.options else None,
            "relay_uk": phone.relay_uk_display if line.relay_uk else None,
        },
        "email": line.email,
        "also": [
            {"kind": way.kind, "phone": _number_json(way.phone), "url": way.url}
            for way in line.also
        ],
    }


def service_json(service: Service, locale: Locale) -> Json:
    """Return a service: its public lines in the order to try, and the path of its decision."""
    number, last_line = service.number, service.out_of_hours
    return {
        "id": service.id,
        "name": service.name.get(locale.language),
        "number": _number_json(number),
        "lines": [
            line_json(service.public_line(line), service.public_phone(line.phone), locale)
            for line in service.reachable
            if not line.internal
        ],
        "out_of_hours": None if last_line.internal else last_line.id,
        "forms": [
            {
                "name": form.name.get(locale.language),
                "url": form.url,
                "when": form.when.get(locale.language),
            }
            for form in service.forms
        ],
        "confirmed": service.confirmed,
        "decision": f"{SERVICES_PATH}/{service.id}/decision",
        "language": locale.language,
    }


def public_line_json(line: Line, timetables: Timetables, at: datetime, locale: Locale) -> Json:
    """Return a public line: its hours as written, and as spans for 14 days from ``at``."""
    written = dict(line.hours.as_written)
    return line_json(line, line.phone, locale) | {
        "aliases": [alias.get(locale.language) for alias in line.aliases],
        "hours": written.get("", written),  # one text without days, or a text for each
        "hours_text": [list(pair) for pair in dates.format_hours(line.hours, locale)],
        "special_days": [
            {
                "from": special_day.first.isoformat() if special_day.first else None,
                "to": special_day.last.isoformat() if special_day.last else None,
                "every": special_day.every,
                "name": special_day.name.get(locale.language),
                "hours": _special_hours(special_day, locale),
                "phone": special_day.phone.display if special_day.phone else None,
            }
            for special_day in line.special_days
        ],
        "spans": [
            span_json(span, locale)
            for span in timetables.open_spans(line, at, at + LINE_SPANS_PERIOD)
        ],
        "confirmed": line.confirmed,
    }


def timeline_json(
    timeline: Iterable[tuple[Span, Answer]], service: Service, locale: Locale
) -> list[Json]:
    """Return every span of a timeline with its line and the code of its reason."""
    return [
        {
            **span_json(span, locale),
            "line": _answer_json(service, answer, locale),
            "reason": answer.reason.code.value,
        }
        for span, answer in timeline
    ]


def bank_holidays_json(snapshot: Snapshot) -> Json:
    """Return the bank holidays in force, their source, and the last year that is published.

    After that year only the dates that the directory itself adds are listed.
    """
    holidays = snapshot.holidays
    added = dict(snapshot.directory.holiday_rules.add)
    checked_at = holidays.published.checked_at if holidays.published else None
    return {
        "division": holidays.division,
        "source": holidays.source,
        "checked_at": checked_at.isoformat(timespec="seconds") if checked_at else None,
        "covered_through": holidays.covered_through,
        "dates": [
            {"date": day.isoformat(), "name": holiday.name, "substitute": holiday.substitute}
            for day, holiday in sorted(holidays.dates.items())
            if date(2000, 1, 1) <= day and (not holidays.is_assumed(day) or day in added)
        ],
    }


def timestamp(at: datetime, locale: Locale) -> str:
    """Return an instant as RFC 3339 with the directory's offset."""
    return at.astimezone(locale.zone).isoformat()


def span_json(span: Span, locale: Locale) -> Json:
    """Return a span of time, up to but not including ``to``."""
    return {"from": timestamp(span.start, locale), "to": timestamp(span.end, locale)}


def _answer_json(service: Service, answer: Answer | Decision, locale: Locale) -> Json:
    line, phone = service.public_line(answer.line), service.public_phone(answer.phone)
    return line_json(line, phone, locale)


def _number_json(phone: Phone | None) -> Json | None:
    return {"e164": phone.e164, "display": phone.display} if phone else None


def _special_hours(special_day: SpecialDay, locale: Locale) -> str | list[list[str]] | None:
    """Return a special day's hours in words, or pairs of days and hours; None if it has none."""
    if special_day.week is not None:
        return [list(pair) for pair in dates.format_hours(special_day.week, locale)]
    return None if special_day.hours is None else dates.format_ranges(special_day.hours, locale)


def printed_page(
    snapshot: Snapshot,
    at: datetime,
    locale: Locale,
    *,
    rehearsal: bool,
    title: str = "",
    exit_url: str = "",
    home_url: str = "",
) -> str:
    """Return the page as HTML, with every date that is not as usual in PRINTED_WEEKS from ``at``.

    With a ``title`` it stands in for a page that cannot be shown, and has links.
    """
    first = at.astimezone(locale.zone).date()
    last = first + timedelta(weeks=PRINTED_WEEKS) - timedelta(days=1)
    directory, holidays = snapshot.directory, snapshot.holidays.dates
    return render_template(
        "printed.html",
        style=Markup(_STYLE),  # noqa: S704 - a style sheet of our own, from a file beside this one
        title=title,
        exit_url=exit_url,
        home_url=home_url,
        services=directory.services,
        lines=[line for line in directory.lines if not line.internal],
        notices=partial(_notices, first=first, last=last, locale=locale),
        exceptions=partial(
            dates.format_exceptions, first=first, last=last, holidays=holidays, locale=locale
        ),
        bank_holidays=[
            f"{dates.capitalise(dates.format_full_date(day, locale))}, "
            f"{dates.format_holiday(holidays[day], locale)}"
            for day in sorted(holidays)
            if first <= day <= last
        ],
        made_on=dates.format_full_date(first, locale),
        last_date=dates.format_full_date(last, locale),
        **page_values(snapshot, locale, rehearsal),
    )


def page_values(snapshot: Snapshot, locale: Locale, rehearsal: bool) -> dict[str, Any]:
    """Return the values that every page for callers shows, the printed one too.

    ``words`` gives a text of the council's in the page's language.
    """
    directory, language = snapshot.directory, locale.language
    emergency, unanswered = directory.emergency.get(language), directory.unanswered
    return {
        "_": locale.translate_html,
        "language": language,
        "council": directory.council.name.get(language),
        "website": directory.council.website,
        "emergency_html": _emergency_html(emergency, locale),
        "unanswered": unanswered and _emergency_html(unanswered.get(language), locale),
        "helplines": directory.helplines,
        "words": lambda text: text.get(language) if text else "",
        "format_hours": partial(dates.format_hours, locale=locale),
        "format_week": partial(dates.format_week, locale=locale),
        "line_phrase": partial(sentences.line_phrase, locale=locale),
        "other_way_label": partial(sentences.other_way_label, locale=locale),
        "rehearsal": rehearsal,
    }


def _emergency_html(words: str, locale: Locale) -> Markup:
    """Return the council's words for an emergency with a link to 999, added where they lack it."""
    advice = sentences.end_sentence(words)
    link = Markup('<a class="govuk-link who-tel tel" href="tel:999">{}</a>')
    match = sentences.CALL_999.search(advice)
    if match is None:
        return Markup("{} {}.").format(advice, link.format(locale.translate("Call 999")))
    start, end = match.span("number")
    return Markup("{}{}{}").format(advice[:start], link.format(advice[start:end]), advice[end:])


def _notices(line: Line, first: date, last: date, locale: Locale) -> list[str]:
    """Return each change of a line's week or number from ``first`` to ``last`` in a sentence."""
    return [
        dates.format_special_day(special_day, locale, first)
        for special_day in line.special_days
        if (special_day.is_season or special_day.phone) and any(special_day.dates(first, last))
    ]
