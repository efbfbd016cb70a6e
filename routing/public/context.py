"""What a page shows: the values of a decision as the reader sees them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from markupsafe import Markup

from routing import lookup
from routing.core.answer import Answer, Decision
from routing.core.directory import Helpline, Line, Phone, Service
from routing.formats.json import assumption, timestamp
from routing.public import schema_org
from routing.text import dates, sentences

CLOSING_SOON = timedelta(minutes=5)
"""How long before a handover a page says that one is coming."""


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A line as a page shows it: never the number of an internal one."""

    id: str
    name: str
    phone: Phone
    usual: Phone
    hours: tuple[tuple[str, str], ...]
    special: tuple[str, ...]
    options: str | None
    you_will_hear: str | None
    email: str | None
    relay: bool
    aliases: tuple[str, ...]
    open_now: bool
    confirmed: bool

    def answers_to(self, words: str) -> bool:
        """Say whether every one of some words is in its name or what people call it."""
        said = " ".join((self.name, *self.aliases, self.phone.display)).casefold()
        return all(word in said for word in words.casefold().split())


def service_context(found: Decision, at: datetime) -> dict[str, object]:
    """Return all that a service's page says about who to call at ``at``."""
    facts, locale, service = lookup.snapshot(), lookup.locale(), found.service
    backup = lookup.dial_order(found, at)[1:]
    takeover = sentences.next_sentence(found, at, locale) if service.number is None else None
    line = _number(service, found.line, found.phone, at)
    first = service.lines[0]
    return {
        "service": service,
        "at_iso": timestamp(at, locale),
        "until_iso": timestamp(found.until, locale) if found.until else "",
        "soon": found.until is not None and found.until - at <= CLOSING_SOON,
        "said": locale.translate(
            "Call {line} on {phone}.", line=line.name, phone=line.phone.display
        ),
        "line": line,
        "until": sentences.until_phrase(found, at, locale),
        "why": sentences.reason_sentence(found, at, locale, facts.holidays.dates),
        "takeover": takeover,
        "wait": None if service.number or found.line.id == first.id else contact_card(first, at),
        "backup": [_answer(service, each, at) for each in backup if not each.line.internal],
        "lines": [contact_card(each, at) for each in service.reachable if not each.internal],
        "assumption": assumption(found, at, facts, locale),
        "structured": schema_org.contacts(facts, [service], at, locale),
    }


def contact_card(line: Line, at: datetime, shown: Phone | None = None) -> ContactCard:
    """Return a public line as a page shows it."""
    locale, facts = lookup.locale(), lookup.snapshot()
    local = at.astimezone(locale.zone).date()
    language = locale.language
    return ContactCard(
        id=line.id,
        name=line.name.get(language),
        usual=line.phone,
        phone=shown or line.phone_on(local),
        hours=dates.format_hours(line.hours, locale),
        special=tuple(
            dates.format_special_day(each, locale)
            for each in line.special_days
            if each.last >= local and not each.changes_nothing
        ),
        options=line.options.get(language) if line.options else None,
        you_will_hear=line.you_will_hear.get(language) if line.you_will_hear else None,
        email=line.email,
        relay=line.relay_uk,
        aliases=tuple(alias.get(language) for alias in line.aliases),
        open_now=facts.timetables.is_open(line, at),
        confirmed=line.verified is not None,
    )


def helplines() -> list[tuple[Helpline, tuple[tuple[str, str], ...]]]:
    """Return every helpline with its hours in words."""
    locale = lookup.locale()
    return [
        (each, dates.format_hours(each.hours, locale))
        for each in lookup.snapshot().directory.helplines
    ]


def _answer(service: Service, found: Answer, at: datetime) -> ContactCard:
    return _number(service, found.line, found.phone, at)


def _number(service: Service, line: Line, phone: Phone, at: datetime) -> ContactCard:
    shown = contact_card(line, at, service.number or phone)
    if not line.internal:
        return shown
    hidden: dict[str, Any] = {"hours": (), "special": (), "aliases": ()}
    hidden |= dict.fromkeys(("options", "you_will_hear", "email"))
    return replace(shown, usual=shown.phone, open_now=True, confirmed=True, **hidden)


def render_markdown(text: str) -> Markup:
    """Return ``text``, written in Markdown, as HTML that is safe to put into a page.

    HTML in the text is shown as written; links that would run a script are not made.
    """
    return Markup(_renderer().render(text))  # noqa: S704 - the renderer lets no HTML through


@cache
def _renderer() -> Any:
    from markdown_it import MarkdownIt  # not every council has words of its own

    return MarkdownIt("commonmark", {"html": False})
