"""What the public pages show: the values of a decision in the reader's language."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from markupsafe import Markup

from routing import lookup
from routing.core import instants
from routing.core.decision import HORIZON, Decision, timeline
from routing.core.directory import Line, Phone, Service
from routing.formats.json import assumption, timestamp
from routing.formats.printed import (
    OtherWayText,
    emergency_html,
    helpline_texts,
    other_way_texts,
)
from routing.public import schema_org
from routing.responses import DEFAULT_COLOUR
from routing.text import dates, sentences
from routing.text.locale import Locale

MAX_LINES_WITHOUT_SEARCH = 8
HANDOVER_NOTICE = timedelta(minutes=5)
"""How long before a handover a page says that the number changes."""


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A line as a page shows it: ``phrase`` is how a sentence refers to it.

    Of an internal line it has only the name and a public number.
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
    also: tuple[OtherWayText, ...]
    aliases: tuple[str, ...]
    confirmed: bool

    def matches(self, query: str) -> bool:
        """Return whether every word of ``query`` is in the name, an alias or the number."""
        text = " ".join((self.name, *self.aliases, self.phone.display)).casefold()
        return all(word in text for word in query.casefold().split())


def page_context() -> dict[str, Any]:
    """Return the values that every public page shows."""
    snapshot, locale = lookup.snapshot(), lookup.locale()
    directory, language = snapshot.directory, locale.language
    return {
        "language": language,
        "first_language": directory.languages[0],
        "council": directory.council.name.get(language),
        "website": directory.council.website,
        "colour": directory.council.colour or DEFAULT_COLOUR,
        "emergency": directory.emergency.get(language),
        "emergency_html": emergency_html(directory.emergency.get(language), locale),
        "unanswered": directory.unanswered.get(language) if directory.unanswered else None,
        "services": [
            {"id": service.id, "name": service.name.get(language), "number": service.number}
            for service in directory.services
        ],
        "helplines": helpline_texts(snapshot, locale),
        "rehearsal": lookup.is_rehearsal(),
    }


def service_context(decision: Decision, at: datetime, *, is_live: bool) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``.

    ``is_live``: the page is read at once and keeps itself current, so it may say "today".
    """
    snapshot, locale, service = lookup.snapshot(), lookup.locale(), decision.service
    line = contact_card(decision.line, at, service, decision.phone)
    until, holidays = decision.until, snapshot.holidays.dates
    is_soon = is_live and until is not None and until - at <= HANDOVER_NOTICE
    lines = [contact_card(line, at, service) for line in service.reachable if not line.internal]
    next_id = decision.next.line.id if decision.next else None
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
        "day_lines": [card for card in lines if card.id != service.out_of_hours.id],
        "out_of_hours": next((card for card in lines if card.id == service.out_of_hours.id), None),
        "assumption": assumption(decision, at, snapshot, locale),
        "structured": partial(schema_org.contacts, snapshot, [service], at, locale),
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
    if service is not None:
        phone, usual_phone = service.public_phone(phone), service.public_phone(usual_phone)
    card = ContactCard(
        id=line.id,
        name=line.name.get(language),
        phrase=sentences.line_phrase(line, locale),
        phone=phone,
        usual_phone=usual_phone,
        hours=dates.format_hours(line.hours, locale),
        special_days=tuple(dates.format_coming_special_days(line, today, locale)),
        options=line.options.get(language) if line.options else None,
        you_will_hear=line.you_will_hear.get(language) if line.you_will_hear else None,
        email=line.email,
        relay_uk=line.relay_uk and not phone.is_emergency,
        also=tuple(other_way_texts(line, locale)),
        aliases=tuple(alias.get(language) for alias in line.aliases),
        confirmed=line.confirmed,
    )
    if line.internal:
        card = replace(card, options=None, you_will_hear=None, email=None)
        card = replace(card, hours=(), special_days=(), also=(), aliases=())
    return card


def contacts_context(query: str, at: datetime) -> dict[str, Any]:
    """Return the values of the list of contacts: those that match ``query``, or else all.

    A line that takes a service's calls is open whatever its hours, and one whose calls are diverted
    is not.
    """
    snapshot, locale = lookup.snapshot(), lookup.locale()
    directory, timetables = snapshot.directory, snapshot.timetables
    cards = [contact_card(line, at) for line in directory.lines if not line.internal]
    matches = [card for card in cards if card.matches(query)]
    decisions = [lookup.who_to_call(service.id, at) for service in directory.services]
    open_ids = {line.id for line in directory.lines if timetables.is_open(line, at)}
    open_ids -= {line.id for decision in decisions for line in decision.avoid}
    handovers = [decision.until for decision in decisions if decision.until is not None]
    return _validity(at, min(handovers, default=None), locale) | {
        "query": query,
        "lines": matches or cards,
        "match_count": len(matches),
        "has_search": len(cards) > MAX_LINES_WITHOUT_SEARCH,
        "open_ids": open_ids | {decision.line.id for decision in decisions},
        "structured": partial(schema_org.contacts, snapshot, directory.services, at, locale),
    }


def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe in a page.

    HTML in ``text`` is shown as written; links that would run a script are not made.
    """
    return Markup(_markdown().render(text))  # noqa: S704 - markdown-it escapes HTML


def _validity(at: datetime, until: datetime | None, locale: Locale) -> dict[str, str]:
    """Return when an answer was right, for scripts and in words, and until when it holds."""
    local = at.astimezone(locale.zone)
    return {
        "at_iso": timestamp(at, locale),
        "until_iso": timestamp(until, locale) if until else "",
        "checked": dates.format_time(local.hour * 60 + local.minute, locale),
        "checked_on": dates.format_full_date(local.date(), locale),
    }


def _next_wording(decision: Decision, at: datetime, locale: Locale) -> datetime:
    """Return when a live page words the same decision differently: at a notice, or at midnight."""
    tomorrow = at.astimezone(locale.zone).date() + timedelta(days=1)
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
        "forms": [
            {"name": form.name.get(language), "url": form.url, "when": form.when.get(language)}
            for form in service.forms
        ],
    }


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt  # not every council has texts of its own

    return MarkdownIt("commonmark", {"html": False})
