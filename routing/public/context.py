"""What the public pages show of a decision: in the reader's language, and for search engines."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from routing import lookup
from routing.core import instants
from routing.core.decision import HORIZON, Decision, timeline
from routing.core.directory import (
    ALL_DAY,
    MINUTES_PER_DAY,
    HolidayDates,
    Line,
    Phone,
    Service,
    TimeRange,
)
from routing.formats import Json, assumption, timestamp
from routing.snapshot import Snapshot
from routing.text import dates, sentences
from routing.text.locale import Locale

MAX_LINES_WITHOUT_SEARCH = 8
HANDOVER_NOTICE = timedelta(minutes=5)
"""How long before a handover a page says that the number changes."""

STRUCTURED_DATA_PERIOD = timedelta(days=365)
"""For how long structured data has hours: a search engine keeps a page for weeks."""

HEARING_IMPAIRED = "HearingImpairedSupported"

ONE_DAY = timedelta(days=1)
Period = tuple[date, date]
"""A first and a last day, both included."""


def service_context(service_id: str | None, at: datetime, *, is_live: bool) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``.

    ``is_live``: the page is read at once and keeps itself current, so it may say "today".
    """
    decision = lookup.who_to_call(service_id, at)
    snapshot, locale, service = lookup.snapshot(), lookup.locale(), decision.service
    line = replace(service.public_line(decision.line), phone=service.public_phone(decision.phone))
    until, holidays = decision.until, snapshot.holidays.dates
    is_soon = is_live and until is not None and until - at <= HANDOVER_NOTICE
    lines = [
        service.public_line(line)
        for line in service.reachable
        if not line.internal or line in (*service.lines, service.out_of_hours)
    ]
    shown_lines = [_with_number_of_day(line, at, locale) for line in lines]
    next_id = decision.next.line.id if decision.next else None
    last_id = service.out_of_hours.id
    day_ids = {line.id for line in service.lines} - {last_id}
    # A service with its own number needs no other: whoever calls it again is put through to each.
    backup = [
        replace(service.public_line(answer.line), phone=answer.phone)
        for answer in (() if service.number else lookup.dial_order(decision, at))
        if answer.phone.e164 != decision.phone.e164
    ]
    return _validity(at, until, locale) | {
        "service": service,
        "page_texts": {
            name: render_markdown(words.get(locale.language)) for name, words in service.pages
        },
        "refresh_iso": timestamp(_next_wording(decision, at, locale), locale),
        "line": line,
        "holds": sentences.holds_sentence(decision, at, locale, is_live=is_live, is_soon=is_soon),
        "exception": sentences.exception_sentence(decision, at, locale, holidays, is_live=is_live),
        "following": _following_line(decision),
        "can_wait": _next_opening(decision, at, locale, is_live),
        "backup": backup,
        "lines": shown_lines,
        "lines_when_lost": sorted(shown_lines, key=lambda line: line.id != next_id),
        "listed_lines": lines,
        "day_lines": [line for line in lines if line.id in day_ids],
        "out_of_hours": next(line for line in lines if line.id == last_id),
        "backup_lines": [line for line in lines if line.id not in day_ids | {last_id}],
        "assumption": assumption(decision, at, snapshot, locale),
        "structured": partial(structured_data, snapshot, [service], at, locale),
    }


def contacts_context(query: str, at: datetime) -> dict[str, Any]:
    """Return the values of the list of contacts: those that match ``query``, or else all.

    They change ``until``, at midnight at the latest. A line that takes a service's calls is open
    whatever its hours, and one whose calls are diverted is not.
    """
    snapshot, locale = lookup.snapshot(), lookup.locale()
    directory, timetables = snapshot.directory, snapshot.timetables
    lines = [_with_number_of_day(line, at, locale) for line in directory.lines if not line.internal]
    matches = [line for line in lines if _matches(line, query, locale.language)]
    decisions = [lookup.who_to_call(service.id, at) for service in directory.services]
    edges = {_next_midnight(at, locale)}
    edges |= {decision.until for decision in decisions if decision.until is not None}
    open_ids = set()
    for line in directory.lines:
        for span in timetables.open_spans(line, at, at + ONE_DAY):
            edges |= {span.start, span.end}
            open_ids |= {line.id} if at in span else set()
    open_ids -= {line.id for decision in decisions for line in decision.avoid}
    return _validity(at, min(edge for edge in edges if edge > at), locale) | {
        "query": query,
        "lines": matches or lines,
        "match_count": len(matches),
        "has_search": len(lines) > MAX_LINES_WITHOUT_SEARCH,
        "open_ids": open_ids | {decision.line.id for decision in decisions},
        "structured": partial(structured_data, snapshot, directory.services, at, locale),
    }


def _with_number_of_day(line: Line, at: datetime, locale: Locale) -> Line:
    return replace(line, phone=line.phone_on(at.astimezone(locale.zone).date()))


def _matches(line: Line, query: str, language: str) -> bool:
    """Return whether every word of ``query`` is in the line's name, an alias or its number."""
    names = [text.get(language) for text in (line.name, *line.aliases)]
    text = " ".join((*names, line.phone.display, line.phone.national)).casefold()
    return all(word in text for word in query.casefold().split())


@lru_cache
def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe in a page.

    HTML in ``text`` is shown as written; links that would run a script are not made.
    """
    from markdown_it import MarkdownIt  # not every council has texts of its own

    renderer = MarkdownIt("commonmark", {"html": False})
    return Markup(renderer.render(text))  # noqa: S704 - markdown-it escapes HTML


def _validity(at: datetime, until: datetime | None, locale: Locale) -> dict[str, Any]:
    """Return when an answer was right, for scripts and in words, and until when it holds."""
    today = at.astimezone(locale.zone).date()
    return {
        "until": until,
        "at_iso": timestamp(at, locale),
        "until_iso": timestamp(until, locale) if until else "",
        "checked": dates.format_datetime(at, locale, with_year=True),
        "format_special_days": partial(
            dates.format_coming_special_days, today=today, locale=locale
        ),
    }


def _next_midnight(at: datetime, locale: Locale) -> datetime:
    return instants.midnight(at.astimezone(locale.zone).date() + ONE_DAY, locale.zone)


def _next_wording(decision: Decision, at: datetime, locale: Locale) -> datetime:
    """Return when a live page words the same decision differently."""
    midnight = _next_midnight(at, locale)
    if decision.until is None or decision.until - HANDOVER_NOTICE <= at:
        return midnight
    return min(midnight, decision.until - HANDOVER_NOTICE)


def _following_line(decision: Decision) -> dict[str, Any] | None:
    """Return the line after the handover; None where a caller would notice no handover.

    ``phone`` is None where the caller goes on with the same number. ``can_wait``: it is the
    service's first line, which a caller who can wait should ring.
    """
    service, following = decision.service, decision.next
    if following is None:
        return None
    is_same_line = following.line.id == decision.line.id
    phone = None if sentences.keeps_number(decision) else service.public_phone(following.phone)
    if is_same_line and phone is None:
        return None
    is_first_line = following.line.id == service.lines[0].id
    return {
        "line": following.line,
        "phone": phone,
        "is_same_line": is_same_line,
        "can_wait": is_first_line and not service.is_always_on_its_number,
    }


def _next_opening(
    decision: Decision, at: datetime, locale: Locale, is_live: bool
) -> dict[str, Any] | None:
    """Return when the service's first line next takes calls, with its number on that date.

    None while it answers, where it follows at the next handover, and where callers always ring the
    service's own number.
    """
    service, first_line = decision.service, decision.service.lines[0]
    following = decision.next.line.id if decision.next else None
    if service.is_always_on_its_number or first_line.id in (decision.line.id, following):
        return None
    spans = timeline(lookup.snapshot().timetables, service.id, at, at + HORIZON, lookup.diverts())
    for span, answer in spans:
        if answer.line.id == first_line.id:
            format_opening = dates.format_moment if is_live else dates.format_datetime
            return {
                "line": first_line,
                "phone": service.public_phone(answer.phone),
                "moment": format_opening(span.start, locale, at),
            }
    return None


def structured_data(
    snapshot: Snapshot, services: Iterable[Service], at: datetime, locale: Locale
) -> Json:
    """Return the council with the numbers of ``services``, and their hours for a year from ``at``.

    They are schema.org's ContactPoint and OpeningHoursSpecification; nothing says who answers now.
    An entry for one date overrides those of the week. Closed is 00:00 to 00:00, and a closing time
    before the opening time is on the next day. A service with a number has only that number, and
    999 or 101 where one of them answers out of hours; an internal line goes by the service's name.
    """
    council, holidays = snapshot.directory.council, snapshot.holidays.dates
    first = at.astimezone(locale.zone).date()
    period = first, first + STRUCTURED_DATA_PERIOD
    points: dict[tuple[str, str | None], Json] = {}
    for service in services:
        for point in _contact_points(service, period, holidays, locale):
            points[point["name"], point.get("telephone")] = point
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": council.name.get(locale.language),
        "url": council.website,
        "contactPoint": list(points.values()),
    }


def _contact_points(
    service: Service, period: Period, holidays: HolidayDates, locale: Locale
) -> Iterator[Json]:
    name, language = service.name.get(locale.language), locale.language

    def point(point_name: str, hours: Iterable[Json], language: str, **values: Any) -> Json:
        given = {key: value for key, value in values.items() if value is not None}
        point = {"@type": "ContactPoint", "name": point_name, "contactType": name, **given}
        return point | {"availableLanguage": language, "hoursAvailable": list(hours)}

    if service.number is not None and service.is_always_on_its_number:
        hours = _week_hours((ALL_DAY,) * 7, *period)
        option = HEARING_IMPAIRED if service.reachable[0].relay_uk else None
        yield point(name, hours, language, telephone=service.number.e164, contactOption=option)
        return
    for line in map(service.public_line, service.reachable):
        line_name = name if line.internal else line.name.get(language)
        other_phones = (day.phone for day in line.special_days if day.phone is not None)
        for phone in dict.fromkeys((line.phone, *other_phones)):
            available = list(_hours(line, phone, period, holidays))
            if available:
                is_relayed = line.relay_uk and phone.relay_uk_display is not None
                values = {"contactOption": HEARING_IMPAIRED if is_relayed else None}
                values |= {"telephone": phone.e164, "email": line.email}
                yield point(line_name, available, language, **values)
        for way in line.also:
            way_name = f"{line_name}: {sentences.other_way_label(way, locale)}"
            values = {"telephone": way.phone.e164 if way.phone else None, "url": way.url}
            spoken = {"welsh": "cy", "bsl": "bfi"}.get(way.kind, language)
            yield point(way_name, _hours(line, line.phone, period, holidays), spoken, **values)


def _hours(line: Line, phone: Phone, period: Period, holidays: HolidayDates) -> Iterator[Json]:
    """Yield the hours of a line on one of its numbers: of its weeks and seasons, then by date."""
    first, last = period
    if phone == line.phone:
        edges = {first, last + ONE_DAY}
        for special_day in line.special_days:
            if special_day.is_season and any(special_day.dates(first, last)):
                begins, ends = special_day.first or first, special_day.last or last
                edges |= {max(begins, first), min(ends, last) + ONE_DAY}
        for begins, following in pairwise(sorted(edges)):
            yield from _week_hours(line.week_on(begins), begins, following - ONE_DAY)
    for day in dates.exception_dates(line, first, last, holidays):
        is_in_use = line.phone_on(day) == phone
        if is_in_use or phone == line.phone:
            ranges = line.ranges_on(day, holidays) if is_in_use else ()
            for time_range in ranges or (TimeRange(0, 0),):
                yield _specification(time_range, day, day)


def _week_hours(week: tuple[tuple[TimeRange, ...], ...], first: date, last: date) -> Iterator[Json]:
    for time_range in dict.fromkeys(time_range for ranges in week for time_range in ranges):
        days = [
            name for name, ranges in zip(dates.WEEKDAYS, week, strict=True) if time_range in ranges
        ]
        yield {"dayOfWeek": days} | _specification(time_range, first, last)


def _specification(time_range: TimeRange, first: date, last: date) -> Json:
    opens, closes = time_range.opens, time_range.closes
    if closes - opens == MINUTES_PER_DAY:
        closes -= 1  # a whole day would read as closed
    return {
        "@type": "OpeningHoursSpecification",
        "opens": f"{opens // 60:02}:{opens % 60:02}",
        "closes": f"{closes // 60 % 24:02}:{closes % 60:02}",
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }
