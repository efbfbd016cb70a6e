"""The printed page: every public number and its hours on one sheet that needs no other file.

It says neither "now" nor "today", and states until when its dates are complete: it stays true on a
wall, and when it stands in for a page that cannot be shown.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from routing.core.directory import Line, Phone, Service
from routing.snapshot import Snapshot
from routing.text import dates
from routing.text.locale import Locale
from routing.text.sentences import other_way_label

PRINTED_WEEKS = 8

_EMERGENCY_NUMBER = re.compile(r"(?<!\d)(?<!\d )999(?! ?\d)")
"""999 in running text, but not within another number."""

_STYLE = Path(__file__).parent.parent.joinpath("static", "printed.css").read_text("utf-8")
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""What a content security policy must allow for the page's own style."""


@dataclass(frozen=True, slots=True)
class OtherWayText:
    """Another way to reach a line, with what it is in the reader's language."""

    label: str
    phone: Phone | None
    url: str | None
    dial: str | None
    """The address of a link to the number: tel:, or sms: for text messages."""


def printed_page(
    snapshot: Snapshot,
    at: datetime,
    locale: Locale,
    *,
    rehearsal: bool,
    title: str = "",
    exit_url: str = "",
) -> str:
    """Return the page as HTML, with every date that is not as usual in PRINTED_WEEKS from ``at``.

    With a ``title`` it stands in for a page that cannot be shown, and links to ``exit_url``.
    """
    first = at.astimezone(locale.zone).date()
    last = first + timedelta(weeks=PRINTED_WEEKS) - timedelta(days=1)
    directory, holidays = snapshot.directory, snapshot.holidays.dates
    lines = {line.id: _print_line(line, snapshot, first, last, locale) for line in directory.lines}
    return render_template(
        "printed.html",
        style=Markup(_STYLE),  # noqa: S704 - a style sheet of our own, from a file beside this one
        title=title,
        rehearsal=rehearsal,
        exit_url=exit_url,
        language=locale.language,
        _=locale.translate_html,
        council=directory.council.name.get(locale.language),
        website=directory.council.website,
        emergency_html=emergency_html(directory.emergency.get(locale.language), locale),
        unanswered=directory.unanswered.get(locale.language) if directory.unanswered else None,
        services=[_print_service(service, lines, locale) for service in directory.services],
        lines=[lines[line.id] for line in directory.lines if not line.internal],
        helplines=helpline_texts(snapshot, locale),
        bank_holidays=[
            f"{dates.capitalise(dates.format_full_date(day, locale))}, "
            f"{dates.format_holiday(holidays[day], locale)}"
            for day in sorted(holidays)
            if first <= day <= last
        ],
        made_on=dates.format_full_date(first, locale),
        last_date=dates.format_full_date(last, locale),
    )


def emergency_html(advice: str, locale: Locale) -> Markup:
    """Return the council's words for an emergency with a link to 999, added where they lack it."""
    link = Markup('<a class="govuk-link who-tel tel" href="tel:999">{}</a>')
    match = _EMERGENCY_NUMBER.search(advice)
    if match is None:
        return Markup("{} {}").format(advice, link.format(locale.translate("Call 999")))
    before, after = advice[: match.start()], advice[match.end() :]
    return Markup("{}{}{}").format(before, link.format(match[0]), after)


def helpline_texts(snapshot: Snapshot, locale: Locale) -> list[dict[str, Any]]:
    """Return every helpline of the directory in the reader's language."""
    return [
        {
            "name": helpline.name.get(locale.language),
            "audience": helpline.audience.get(locale.language),
            "phone": helpline.phone,
            "hours": dates.format_hours(helpline.hours, locale),
            "week": dates.format_week(helpline.hours, locale),
        }
        for helpline in snapshot.directory.helplines
    ]


def other_way_texts(line: Line, locale: Locale) -> list[OtherWayText]:
    """Return every other way to reach a line in the reader's language."""
    texts = []
    for way in line.also:
        dial = way.phone.url if way.phone else None
        if way.phone and way.kind == "text":
            dial = f"sms:{way.phone.e164}"
        texts.append(OtherWayText(other_way_label(way, locale), way.phone, way.url, dial))
    return texts


def _print_line(
    line: Line, snapshot: Snapshot, first: date, last: date, locale: Locale
) -> dict[str, Any]:
    """Return a line as the page prints it, with what differs from its week or season by date."""
    holidays = snapshot.holidays.dates
    special_days = [day for day in line.special_days if any(day.dates(first, last))]
    return {
        "name": line.name.get(locale.language),
        "phone": line.phone,
        "options": line.options.get(locale.language) if line.options else None,
        "you_will_hear": line.you_will_hear.get(locale.language) if line.you_will_hear else None,
        "relay_uk": line.relay_uk and not line.phone.is_emergency,
        "also": other_way_texts(line, locale),
        "week": dates.format_week(line.hours, locale),
        "seasons": [
            dates.format_special_day(replace(special_day, phone=None), locale, first)
            for special_day in special_days
            if special_day.is_season
        ],
        "other_numbers": [
            dates.format_special_day(replace(special_day, hours=None, week=None), locale, first)
            for special_day in special_days
            if special_day.phone is not None
        ],
        "exceptions": dates.format_exceptions(line, first, last, holidays, locale),
    }


def _print_service(
    service: Service, lines: dict[str, dict[str, Any]], locale: Locale
) -> dict[str, Any]:
    last_line = service.out_of_hours
    if service.number is not None:
        lines = {
            line.id: lines[line.id]
            | {
                "phone": service.public_phone(line.phone),
                "options": None if line.internal else lines[line.id]["options"],
                "other_numbers": [],
            }
            for line in service.reachable
        }
    return {
        "name": service.name.get(locale.language),
        "number": service.number,
        "is_always_on_its_number": service.is_always_on_its_number,
        "day_lines": [lines[line.id] for line in service.lines if line.id != last_line.id],
        "out_of_hours": lines[last_line.id],
        "confirmed": service.confirmed,
    }
