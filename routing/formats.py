"""What several interfaces show: answers as JSON, and the printed page.

The printed page has every public number and its hours, and needs no other file. It stays true on a
wall: it says neither "now" nor "today", and states until when its dates are complete.

All of it is about the directory, and in the language, of the current request or command.
"""

from base64 import b64encode
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from routing import lookup
from routing.core.decision import Answer, Decision
from routing.core.directory import Line, Phone, Service, SpecialDay
from routing.core.instants import Span
from routing.text import dates, sentences
from routing.text.locale import Locale

Json = dict[str, Any]

SERVICES_PATH = "/api/v1/services"
LINE_SPANS_PERIOD = timedelta(days=14)
PRINTED_WEEKS = 8

EXIT_URL = "https://www.bbc.co.uk/weather"
"""Where "Exit this page" leads: GOV.UK's default, which says nothing about its reader."""

_STYLE = Path(__file__).parent.joinpath("static", "printed.css").read_text("utf-8")
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""What a content security policy must allow for the page's own style."""


def decision_json(decision: Decision, at: datetime) -> Json:
    """Return a decision for the instant ``at``; times carry the directory's offset."""
    service, following, until = decision.service, decision.next, decision.until
    snapshot, locale = lookup.snapshot(), lookup.locale()
    next_json = following and {
        "line": answer_json(service, following),
        "text": None if service.number else sentences.next_sentence(decision, at, locale),
    }
    return {
        "service": {"id": service.id, "name": service.name.get(locale.language)},
        "at": timestamp(at, locale),
        "line": answer_json(service, decision),
        "reason": {
            "code": decision.reason.code.value,
            "text": sentences.reason_sentence(decision, at, locale, snapshot.holidays.dates),
        },
        "until": timestamp(until, locale) if until else None,
        "next": next_json,
        "emergency": {"phone": "999", "text": snapshot.directory.emergency.get(locale.language)},
        "confirmed": service.confirmed,
        "assumption": assumption(decision, at),
        "rehearsal": lookup.is_rehearsal(),
        "language": locale.language,
    }


def assumption(decision: Decision, at: datetime) -> str | None:
    """Say that bank holidays were assumed; None for an answer within the published years."""
    locale, holidays = lookup.locale(), lookup.snapshot().holidays
    last_day = max(at, decision.until or at).astimezone(locale.zone).date()
    if not holidays.is_assumed(last_day):
        return None
    return locale.translate(
        "Bank holidays after {year} are not published yet. This answer assumes the usual ones.",
        year=str(holidays.covered_through),
    )


def service_json(service: Service) -> Json:
    """Return a service: its public lines in the order to try, and the path of its decision."""
    locale, last_line = lookup.locale(), service.out_of_hours
    return {
        "id": service.id,
        "name": service.name.get(locale.language),
        "number": _number_json(service.number),
        "lines": [
            _line_json(service.public_line(line)) for line in service.reachable if not line.internal
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


def public_line_json(line: Line, at: datetime) -> Json:
    """Return a public line: its hours as written, and as spans for 14 days from ``at``."""
    locale, written = lookup.locale(), dict(line.hours.as_written)
    spans = lookup.snapshot().timetables.open_spans(line, at, at + LINE_SPANS_PERIOD)
    return _line_json(line) | {
        "aliases": [alias.get(locale.language) for alias in line.aliases],
        "hours": written.get("", written),  # one text without days, or a text for each
        "hours_text": dates.format_hours(line.hours, locale),
        "special_days": [
            {
                "from": day.first and day.first.isoformat(),
                "to": day.last and day.last.isoformat(),
                "every": day.every,
                "name": day.name.get(locale.language),
                "hours": _special_hours(day, locale),
                "phone": day.phone and day.phone.display,
            }
            for day in line.special_days
        ],
        "spans": [span_json(span, locale) for span in spans],
        "confirmed": line.confirmed,
    }


def bank_holidays_json() -> Json:
    """Return the bank holidays in force, their source, and the last year that is published.

    After that year only the dates that the directory itself adds are listed.
    """
    holidays = lookup.snapshot().holidays
    added = dict(lookup.snapshot().directory.holiday_rules.add)
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


def answer_json(service: Service, answer: Answer | Decision) -> Json:
    """Return the line that answers, as callers of its service see it."""
    return _line_json(service.public_line(answer.line, answer.phone))


def timestamp(at: datetime, locale: Locale) -> str:
    """Return an instant as RFC 3339 with the directory's offset."""
    return at.astimezone(locale.zone).isoformat()


def span_json(span: Span, locale: Locale) -> Json:
    """Return a span of time, up to but not including ``to``."""
    return {"from": timestamp(span.start, locale), "to": timestamp(span.end, locale)}


def _line_json(line: Line) -> Json:
    """Return a line as callers see it.

    999 and 101 have no E.164 form and no number at Relay UK: both are null.
    """
    phone, locale = line.phone, lookup.locale()
    return {
        "id": line.id,
        "name": line.name.get(locale.language),
        "phone": {
            "e164": None if phone.is_emergency else phone.e164,
            "display": phone.display,
            "options": line.options and line.options.get(locale.language),
            "relay_uk": phone.relay_uk_display if line.relay_uk else None,
        },
        "email": line.email,
        "also": [
            {"kind": way.kind, "phone": _number_json(way.phone), "url": way.url}
            for way in line.also
        ],
    }


def _special_hours(day: SpecialDay, locale: Locale) -> str | tuple[tuple[str, str], ...] | None:
    """Return a special day's hours in words, or pairs of days and hours; None if it has none."""
    if day.week is not None:
        return dates.format_hours(day.week, locale)
    return None if day.hours is None else dates.format_ranges(day.hours, locale)


def _number_json(phone: Phone | None) -> Json | None:
    return {"e164": phone.e164, "display": phone.display} if phone else None


def printed_page(at: datetime, title: str = "", home_url: str = "") -> str:
    """Return the page as HTML, with every date that is not as usual in PRINTED_WEEKS from ``at``.

    With a ``title`` it stands in for a page that cannot be shown, and has links.
    """
    snapshot, locale = lookup.snapshot(), lookup.locale()
    first = at.astimezone(locale.zone).date()
    last = first + timedelta(weeks=PRINTED_WEEKS) - timedelta(days=1)
    holidays = snapshot.holidays.dates
    period: dict[str, Any] = {"first": first, "last": last, "locale": locale}
    return render_template(
        "printed.html",
        style=Markup(_STYLE),  # noqa: S704 - a style sheet of our own, from a file beside this one
        title=title,
        home_url=home_url,
        notices=partial(dates.format_notices, **period),
        exceptions=partial(dates.format_exceptions, holidays=holidays, **period),
        bank_holidays=[
            dates.format_holiday(day, holidays[day], locale)
            for day in sorted(holidays)
            if first <= day <= last
        ],
        made_on=dates.format_full_date(first, locale),
        last_date=dates.format_full_date(last, locale),
        **page_values(),
    )


def page_values() -> dict[str, Any]:
    """Return the values that every page for callers shows, the printed one too.

    ``words`` gives a text of the council's in the page's language.
    """
    directory, locale = lookup.snapshot().directory, lookup.locale()
    language, unanswered = locale.language, directory.unanswered
    return {
        "_": locale.translate_html,
        "directory": directory,
        "language": language,
        "council": directory.council.name.get(language),
        "emergency_html": _emergency_html(directory.emergency.get(language), locale),
        "unanswered": unanswered and _emergency_html(unanswered.get(language), locale),
        "words": lambda text: text.get(language) if text else "",
        "format_date": partial(dates.format_date, locale=locale),
        "format_hours": partial(dates.format_hours, locale=locale),
        "format_week": partial(dates.format_week, locale=locale),
        "line_phrase": partial(sentences.line_phrase, locale=locale),
        "other_way_label": partial(sentences.other_way_label, locale=locale),
        "rehearsal": lookup.is_rehearsal(),
        "exit_url": EXIT_URL,
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
