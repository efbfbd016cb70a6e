"""What the public pages show of a decision: in the reader's language, and for search engines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
    OtherWay,
    Phone,
    Service,
    TimeRange,
)
from routing.formats import Json, assumption, forms_json, timestamp
from routing.snapshot import Snapshot
from routing.text import dates, sentences
from routing.text.locale import Locale

MAX_LINES_WITHOUT_SEARCH = 8
HANDOVER_NOTICE = timedelta(minutes=5)
"""How long before a handover a page says that the number changes."""

STRUCTURED_DATA_PERIOD = timedelta(days=365)
"""For how long structured data has hours: a search engine keeps a page for weeks."""

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A line as a page shows it: ``phrase`` is how a sentence refers to it.

    Of an internal line it has only the name, a public number and the hours.
    """

    id: str
    name: str
    phrase: str
    phone: Phone
    usual_phone: Phone
    hours: tuple[tuple[str, str], ...]
    special_days: tuple[str, ...]
    options: str | None
    you_will_hear: str | None
    email: str | None
    relay_uk: bool
    also: tuple[tuple[str, OtherWay], ...]
    aliases: tuple[str, ...]
    confirmed: bool

    def matches(self, query: str) -> bool:
        """Return whether every word of ``query`` is in the name, an alias or the number."""
        text = " ".join((self.name, *self.aliases, self.phone.display, self.phone.national))
        return all(word in text.casefold() for word in query.casefold().split())


def service_context(service_id: str | None, at: datetime, *, is_live: bool) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``.

    ``is_live``: the page is read at once and keeps itself current, so it may say "today".
    """
    decision = lookup.who_to_call(service_id, at)
    snapshot, locale, service = lookup.snapshot(), lookup.locale(), decision.service
    line = contact_card(decision.line, at, service, decision.phone)
    until, holidays = decision.until, snapshot.holidays.dates
    is_soon = is_live and until is not None and until - at <= HANDOVER_NOTICE
    lines = [
        contact_card(line, at, service)
        for line in service.reachable
        if not line.internal or line in (*service.lines, service.out_of_hours)
    ]
    next_id = decision.next.line.id if decision.next else None
    last_id = service.out_of_hours.id
    day_ids = {line.id for line in service.lines} - {last_id}
    # A service with its own number needs no other: whoever calls it again is put through to each.
    backup = [
        contact_card(answer.line, at, phone=answer.phone)
        for answer in (() if service.number else lookup.dial_order(decision, at))
        if answer.phone.e164 != decision.phone.e164
    ]
    return _validity(at, until, locale) | {
        "service": _service_values(service, locale.language),
        "refresh_iso": timestamp(_next_wording(decision, at, locale), locale),
        "announcement": locale.translate(
            "Call {line} on {phone}.", line=line.phrase, phone=line.phone.display
        ),
        "line": line,
        "holds": sentences.holds_sentence(decision, at, locale, is_live=is_live, is_soon=is_soon),
        "exception": sentences.exception_sentence(decision, at, locale, holidays, is_live=is_live),
        "following": _following_line(decision, locale),
        "can_wait": _next_opening(decision, at, locale, is_live),
        "backup": backup,
        "lines": lines,
        "lines_when_lost": sorted(lines, key=lambda card: card.id != next_id),
        "day_lines": [card for card in lines if card.id in day_ids],
        "out_of_hours": next(card for card in lines if card.id == last_id),
        "backup_lines": [card for card in lines if card.id not in day_ids | {last_id}],
        "assumption": assumption(decision, at, snapshot, locale),
        "structured": partial(structured_data, snapshot, [service], at, locale),
    }


def contact_card(
    line: Line, at: datetime, service: Service | None = None, phone: Phone | None = None
) -> ContactCard:
    """Return a line as a page shows it at ``at``, with ``phone`` in place of its number then.

    With a ``service``, the numbers are those on which that service's callers reach the line.
    """
    locale = lookup.locale()
    language, today = locale.language, at.astimezone(locale.zone).date()
    phone, usual_phone = phone or line.phone_on(today), line.phone
    special_days = line.special_days
    if service is not None and service.number is not None:
        phone, usual_phone = service.public_phone(phone), service.public_phone(usual_phone)
        special_days = tuple(
            day if day.phone and day.phone.is_emergency else replace(day, phone=None)
            for day in special_days
        )
    card = ContactCard(
        id=line.id,
        name=line.name.get(language),
        phrase=sentences.line_phrase(line, locale),
        phone=phone,
        usual_phone=usual_phone,
        hours=dates.format_hours(line.hours, locale),
        special_days=tuple(dates.format_coming_special_days(special_days, today, locale)),
        options=line.options.get(language) if line.options else None,
        you_will_hear=line.you_will_hear.get(language) if line.you_will_hear else None,
        email=line.email,
        relay_uk=line.relay_uk and phone.relay_uk_display is not None,
        also=tuple((sentences.other_way_label(way, locale), way) for way in line.also),
        aliases=tuple(alias.get(language) for alias in line.aliases),
        confirmed=line.confirmed,
    )
    if line.internal:
        card = replace(card, options=None, you_will_hear=None, email=None, also=(), aliases=())
    return card


def contacts_context(query: str, at: datetime) -> dict[str, Any]:
    """Return the values of the list of contacts: those that match ``query``, or else all.

    They change ``until``, at midnight at the latest. A line that takes a service's calls is open
    whatever its hours, and one whose calls are diverted is not.
    """
    snapshot, locale = lookup.snapshot(), lookup.locale()
    directory, timetables = snapshot.directory, snapshot.timetables
    cards = [contact_card(line, at) for line in directory.lines if not line.internal]
    matches = [card for card in cards if card.matches(query)]
    decisions = [lookup.who_to_call(service.id, at) for service in directory.services]
    tomorrow = at.astimezone(locale.zone).date() + ONE_DAY
    edges = {instants.midnight(tomorrow, locale.zone)}
    edges |= {decision.until for decision in decisions if decision.until is not None}
    open_ids = set()
    for line in directory.lines:
        for span in timetables.open_spans(line, at, at + ONE_DAY):
            edges |= {span.start, span.end}
            open_ids |= {line.id} if at in span else set()
    open_ids -= {line.id for decision in decisions for line in decision.avoid}
    return _validity(at, min(edge for edge in edges if edge > at), locale) | {
        "query": query,
        "lines": matches or cards,
        "match_count": len(matches),
        "has_search": len(cards) > MAX_LINES_WITHOUT_SEARCH,
        "open_ids": open_ids | {decision.line.id for decision in decisions},
        "structured": partial(structured_data, snapshot, directory.services, at, locale),
    }


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
    return {
        "until": until,
        "at_iso": timestamp(at, locale),
        "until_iso": timestamp(until, locale) if until else "",
        "checked": dates.format_datetime(at, locale, with_year=True),
    }


def _next_wording(decision: Decision, at: datetime, locale: Locale) -> datetime:
    """Return when a live page words the same decision differently: at a notice, or at midnight."""
    tomorrow = at.astimezone(locale.zone).date() + ONE_DAY
    moments = [instants.midnight(tomorrow, locale.zone)]
    if decision.until is not None:
        moments.append(decision.until - HANDOVER_NOTICE)
    return min(moment for moment in moments if moment > at)


def _following_line(decision: Decision, locale: Locale) -> dict[str, Any] | None:
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
        "phrase": sentences.line_phrase(following.line, locale),
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
                "phrase": sentences.line_phrase(first_line, locale),
                "phone": service.public_phone(answer.phone),
                "moment": format_opening(span.start, locale, at),
            }
    return None


def _service_values(service: Service, language: str) -> dict[str, Any]:
    """Return a service as its own page shows it; its texts are those that the council wrote."""
    pages = {name: service.page(name) for name in ("professionals", "confidential", "after")}
    texts = {name: render_markdown(page.get(language)) for name, page in pages.items() if page}
    return texts | {
        "id": service.id,
        "name": service.name.get(language),
        "number": service.number,
        "is_always_on_its_number": service.is_always_on_its_number,
        "confirmed": service.confirmed,
        "forms": forms_json(service, language),
    }


def structured_data(
    snapshot: Snapshot, services: Iterable[Service], at: datetime, locale: Locale
) -> Json:
    """Return the council with the numbers of ``services``, and their hours for a year from ``at``.

    They are schema.org's ContactPoint and OpeningHoursSpecification; nothing says who answers now.
    An entry for one date overrides those of the week. Closed is 00:00 to 00:00, and a closing time
    before the opening time is on the next day. A service with a number has only that number, and
    999 or 101 where one of them answers out of hours; an internal line goes by the service's name.
    """
    council = snapshot.directory.council
    first = at.astimezone(locale.zone).date()
    hours = _DatedHours(snapshot.holidays.dates, first, first + STRUCTURED_DATA_PERIOD)
    points = [point for service in services for point in _contact_points(service, hours, locale)]
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": council.name.get(locale.language),
        "url": council.website,
        "contactPoint": list(
            {(point["name"], point.get("telephone")): point for point in points}.values()
        ),
    }


@dataclass(frozen=True, slots=True)
class _DatedHours:
    """Opening hours from ``first`` to ``last``."""

    holidays: HolidayDates
    first: date
    last: date

    def of_line(self, line: Line) -> Iterator[Json]:
        """Yield the hours of a line's week, and of each season from its first date on."""
        edges = {self.first, self.last + ONE_DAY}
        for special_day in line.special_days:
            if special_day.is_season and any(special_day.dates(self.first, self.last)):
                begins, ends = special_day.first or self.first, special_day.last or self.last
                edges |= {max(begins, self.first), min(ends, self.last) + ONE_DAY}
        for first, following in pairwise(sorted(edges)):
            yield from self.of_week(line.week_on(first), first, following - ONE_DAY)

    def of_week(
        self, week: tuple[tuple[TimeRange, ...], ...], first: date, last: date
    ) -> Iterator[Json]:
        """Yield the hours of a week, one entry for the days with the same range."""
        for time_range in dict.fromkeys(time_range for ranges in week for time_range in ranges):
            days = [
                name
                for name, ranges in zip(dates.WEEKDAYS, week, strict=True)
                if time_range in ranges
            ]
            yield _specification(time_range, first, last, days)

    def of_exceptions(self, line: Line, phone: Phone) -> Iterator[Json]:
        """Yield each date on which a number of ``line`` keeps other hours than its week's."""
        for day in dates.exception_dates(line, self.first, self.last, self.holidays):
            is_in_use = line.phone_on(day) == phone
            if is_in_use or phone == line.phone:
                ranges = line.ranges_on(day, self.holidays) if is_in_use else ()
                for time_range in ranges or (TimeRange(0, 0),):
                    yield _specification(time_range, day, day)


def _contact_points(service: Service, hours: _DatedHours, locale: Locale) -> Iterator[Json]:
    name, language = service.name.get(locale.language), locale.language
    if service.number is not None and service.is_always_on_its_number:
        always = list(hours.of_week((ALL_DAY,) * 7, hours.first, hours.last))
        relay_uk = service.reachable[0].relay_uk
        address: Json = {"telephone": service.number.e164}
        yield _contact_point(name, name, address, language, always, relay_uk)
        return
    for line in service.reachable:
        line_name = name if line.internal else line.name.get(language)
        other_phones = (day.phone for day in line.special_days if day.phone is not None)
        for phone in dict.fromkeys((line.phone, *other_phones)):
            available = list(hours.of_line(line)) if phone == line.phone else []
            available += hours.of_exceptions(line, phone)
            if available:
                shown = service.public_phone(phone)
                relay_uk = line.relay_uk and shown.relay_uk_display is not None
                address = {"telephone": shown.e164}
                point = _contact_point(line_name, name, address, language, available, relay_uk)
                yield point | ({"email": line.email} if line.email and not line.internal else {})
        for way in () if line.internal else line.also:
            way_name = f"{line_name}: {sentences.other_way_label(way, locale)}"
            address = {"telephone": way.phone.e164} if way.phone else {"url": way.url}
            spoken = {"welsh": "cy", "bsl": "bfi"}.get(way.kind, language)
            available = [*hours.of_line(line), *hours.of_exceptions(line, line.phone)]
            yield _contact_point(way_name, name, address, spoken, available)


def _contact_point(
    name: str,
    contact_type: str,
    address: Json,
    language: str,
    hours: list[Json],
    relay_uk: bool = False,
) -> Json:
    return {
        "@type": "ContactPoint",
        "name": name,
        "contactType": contact_type,
        **address,
        "availableLanguage": language,
        **({"contactOption": "HearingImpairedSupported"} if relay_uk else {}),
        "hoursAvailable": hours,
    }


def _specification(
    time_range: TimeRange, first: date, last: date, weekdays: list[str] | None = None
) -> Json:
    opens, closes = time_range.opens, time_range.closes
    if closes - opens == MINUTES_PER_DAY:
        closes -= 1  # a whole day would read as closed
    return {
        "@type": "OpeningHoursSpecification",
        **({"dayOfWeek": weekdays} if weekdays else {}),
        "opens": f"{opens // 60:02}:{opens % 60:02}",
        "closes": f"{closes // 60 % 24:02}:{closes % 60:02}",
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }
