"""What the public pages show of a decision: in the reader's language, and for search engines."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from routing import lookup
from routing.core import instants
from routing.core.decision import HORIZON, Decision, timeline
from routing.core.directory import ALL_DAY, MINUTES_PER_DAY, Line, Phone, Service, Text, TimeRange
from routing.formats import Json, assumption
from routing.text import dates, sentences
from routing.text.locale import N_

MAX_LINES_WITHOUT_SEARCH = 8
HANDOVER_NOTICE = timedelta(minutes=5)
"""How long before a handover a page says that the number changes."""

STRUCTURED_DATA_PERIOD = timedelta(days=365)
"""For how long structured data has hours: a search engine keeps a page for weeks."""

ONE_DAY = timedelta(days=1)


def service_context(service_id: str | None, at: datetime, *, is_live: bool) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``.

    ``is_live``: the page is read at once and keeps itself current, so it may say "today".
    """
    decision = lookup.who_to_call(service_id, at)
    locale, holidays = lookup.locale(), lookup.snapshot().holidays.dates
    service, until = decision.service, decision.until
    wording: dict[str, Any] = {"at": at, "locale": locale, "is_live": is_live}
    notice_from = until and until - HANDOVER_NOTICE
    midnight = _next_midnight(at)
    is_soon = is_live and notice_from is not None and notice_from <= at
    lines = [
        service.public_line(line)
        for line in service.reachable
        if not line.internal or line in (*service.lines, service.out_of_hours)
    ]
    next_id, last_id = decision.next and decision.next.line.id, service.out_of_hours.id
    day_ids = {line.id for line in service.lines} - {last_id}
    # A service with its own number needs no other: whoever calls it again is put through to each.
    backup = () if service.number else lookup.dial_order(decision, at)
    return {
        "until": until,
        "service": service,
        "page_texts": {
            name: render_markdown(words.get(locale.language)) for name, words in service.pages
        },
        "refresh": notice_from if notice_from and at < notice_from < midnight else midnight,
        "line": service.public_line(decision.line, decision.phone),
        "holds": sentences.holds_sentence(decision, is_soon=is_soon, **wording),
        "exception": sentences.exception_sentence(decision, holidays=holidays, **wording),
        "following": _following(decision),
        "can_wait": _next_opening(decision, at, is_live),
        "backup": [
            service.public_line(answer.line, answer.phone)
            for answer in backup
            if answer.phone.e164 != decision.phone.e164
        ],
        "lines": lines,
        "lines_when_lost": sorted(lines, key=lambda line: line.id != next_id),
        "day_lines": [line for line in lines if line.id in day_ids],
        "out_of_hours": service.public_line(service.out_of_hours),
        "backup_lines": [line for line in lines if line.id not in day_ids | {last_id}],
        "assumption": assumption(decision, at),
        "structured": partial(structured_data, [service], at),
    }


def contacts_context(query: str, at: datetime) -> dict[str, Any]:
    """Return the values of the list of contacts: those that match ``query``, or else all.

    They change ``until``, at midnight at the latest. A line that takes a service's calls is open
    whatever its hours, and one whose calls are diverted is not.
    """
    directory, timetables = lookup.snapshot().directory, lookup.snapshot().timetables
    decisions = [lookup.who_to_call(service.id, at) for service in directory.services]
    edges = [_next_midnight(at), *(decision.until or at for decision in decisions)]
    open_ids = set()
    for line in directory.lines:
        for span in timetables.open_spans(line, at, at + ONE_DAY):
            edges += [span.start, span.end]
            open_ids |= {line.id} if at in span else set()
    open_ids -= {line.id for decision in decisions for line in decision.avoid}
    lines = [line for line in directory.lines if not line.internal]
    matches = [line for line in lines if _matches(line, query, at)]
    return {
        "until": min(edge for edge in edges if edge > at),
        "query": query,
        "lines": matches or lines,
        "match_count": len(matches),
        "has_search": len(lines) > MAX_LINES_WITHOUT_SEARCH,
        "open_ids": open_ids | {decision.line.id for decision in decisions},
        "structured": partial(structured_data, directory.services, at),
    }


def _matches(line: Line, query: str, at: datetime) -> bool:
    """Return whether every word of ``query`` is in the line's name, an alias or its number."""
    locale = lookup.locale()
    names = [text.get(locale.language) for text in (line.name, *line.aliases)]
    phone = line.phone_on(at.astimezone(locale.zone).date())
    text = " ".join((*names, phone.display, phone.national)).casefold()
    return all(word in text for word in query.casefold().split())


@lru_cache
def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe in a page.

    HTML in ``text`` is shown as written; links that would run a script are not made.
    """
    from markdown_it import MarkdownIt  # not every council has texts of its own

    renderer = MarkdownIt("commonmark", {"html": False})
    return Markup(renderer.render(text))  # noqa: S704 - markdown-it escapes HTML


def _next_midnight(at: datetime) -> datetime:
    zone = lookup.locale().zone
    return instants.midnight(at.astimezone(zone).date() + ONE_DAY, zone)


def _following(decision: Decision) -> dict[str, Any] | None:
    """Return what follows the handover; None where a caller would notice no handover.

    A caller who can wait should ring the service's first line.
    """
    service, following = decision.service, decision.next
    if following is None:
        return None
    is_same_line = following.line.id == decision.line.id
    can_wait = following.line.id == service.lines[0].id and not service.is_always_on_its_number
    if sentences.keeps_number(decision):
        if is_same_line:
            return None
        message = N_("After that, {line} answers on the same number.")
    elif is_same_line:
        message = N_("After that, call {phone}.")
    elif can_wait:
        message = N_("After that, or if it can wait, call {line} on {phone}.")
    else:
        message = N_("After that, call {line} on {phone}.")
    line = service.public_line(following.line, following.phone)
    return {"message": message, "line": line}


def _next_opening(decision: Decision, at: datetime, is_live: bool) -> dict[str, Any] | None:
    """Return when the service's first line next takes calls, with its number on that date.

    None while it answers, where it follows at the next handover, and where callers always ring the
    service's own number.
    """
    service, first_line = decision.service, decision.service.lines[0]
    following = decision.next and decision.next.line.id
    if service.is_always_on_its_number or first_line.id in (decision.line.id, following):
        return None
    spans = timeline(lookup.snapshot().timetables, service.id, at, at + HORIZON, lookup.diverts())
    for span, answer in spans:
        if answer.line.id == first_line.id:
            moment = dates.format_moment(span.start, lookup.locale(), at, is_live=is_live)
            return {"line": service.public_line(first_line, answer.phone), "moment": moment}
    return None


def structured_data(services: Iterable[Service], at: datetime) -> Json:
    """Return the council with the numbers of ``services``, and their hours for a year from ``at``.

    They are schema.org's ContactPoint and OpeningHoursSpecification; nothing says who answers now.
    An entry for one date overrides those of the week. Closed is 00:00 to 00:00, and a closing time
    before the opening time is on the next day. A service with a number has only that number, and
    999 or 101 where one of them answers out of hours; an internal line goes by the service's name.
    """
    locale, council = lookup.locale(), lookup.snapshot().directory.council
    first = at.astimezone(locale.zone).date()
    points: dict[tuple[str, str], Json] = {}
    for service in services:
        for name, phone, hours in _numbers(service, first, first + STRUCTURED_DATA_PERIOD):
            points[name.get(locale.language), phone.e164] = {
                "@type": "ContactPoint",
                "name": name.get(locale.language),
                "contactType": service.name.get(locale.language),
                "telephone": phone.e164,
                "availableLanguage": locale.language,
                "hoursAvailable": hours,
            }
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": council.name.get(locale.language),
        "url": council.website,
        "contactPoint": list(points.values()),
    }


def _numbers(service: Service, first: date, last: date) -> Iterator[tuple[Text, Phone, list[Json]]]:
    """Yield each number of a service with a name, and its hours from ``first`` to ``last``."""
    if service.number is not None and service.is_always_on_its_number:
        yield service.name, service.number, list(_week_hours((ALL_DAY,) * 7, first, last))
        return
    for line in map(service.public_line, service.reachable):
        name = service.name if line.internal else line.name
        for phone in dict.fromkeys([line.phone, *(day.phone for day in line.special_days)]):
            if phone is not None and (hours := list(_hours(line, phone, first, last))):
                yield name, phone, hours


def _hours(line: Line, phone: Phone, first: date, last: date) -> Iterator[Json]:
    """Yield the hours of a line on one of its numbers: of its weeks and seasons, then by date."""
    holidays = lookup.snapshot().holidays.dates
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
