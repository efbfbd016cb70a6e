"""What the public pages show: the values of a decision in the reader's language."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from markupsafe import Markup

from routing import lookup
from routing.core.answer import Decision
from routing.core.directory import Line, OnlineForm, Phone, Service
from routing.formats.json import assumption, timestamp
from routing.formats.printed import OtherWayText, helpline_texts, other_way_texts
from routing.public import schema_org
from routing.static_files import DEFAULT_COLOUR
from routing.text import dates, sentences
from routing.text.locale import Locale

CLOSING_SOON = timedelta(minutes=5)
"""How long before a handover a page says that one is coming."""


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A line as a page shows it; of an internal line only its names and a public number.

    ``phrase`` is how a sentence refers to it.
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
    is_open: bool
    confirmed: bool

    def matches(self, query: str) -> bool:
        """Return whether every word of ``query`` is in the name, an alias or the number."""
        text = " ".join((self.name, *self.aliases, self.phone.display)).casefold()
        return all(word in text for word in query.casefold().split())


@dataclass(frozen=True, slots=True)
class ServiceLink:
    """A service as a list shows it."""

    id: str
    name: str
    number: Phone | None


@dataclass(frozen=True, slots=True)
class FormLink:
    """An online form as a page shows it."""

    name: str
    url: str
    when: str


@dataclass(frozen=True, slots=True)
class ServiceText:
    """A service as its own page shows it; None for what the council wrote nothing about."""

    id: str
    name: str
    number: Phone | None
    confirmed: bool
    forms: tuple[FormLink, ...]
    professionals: Markup | None
    confidential: Markup | None
    after: Markup | None


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
        "unanswered": directory.unanswered.get(language) if directory.unanswered else None,
        "services": [
            ServiceLink(service.id, service.name.get(language), service.number)
            for service in directory.services
        ],
        "helplines": helpline_texts(snapshot, locale),
        "rehearsal": lookup.is_rehearsal(),
    }


def service_context(decision: Decision, at: datetime) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``."""
    snapshot, locale, service = lookup.snapshot(), lookup.locale(), decision.service
    line = _public_card(service, decision.line, decision.phone, at)
    first_line, last_line = service.lines[0], service.out_of_hours
    lines = [contact_card(line, at) for line in service.reachable if not line.internal]
    return {
        "service": _service_text(service, locale),
        "at_iso": timestamp(at, locale),
        "until_iso": timestamp(decision.until, locale) if decision.until else "",
        "soon": decision.until is not None and decision.until - at <= CLOSING_SOON,
        "announcement": locale.translate(
            "Call {line} on {phone}.", line=line.phrase, phone=line.phone.display
        ),
        "line": line,
        "until": sentences.until_phrase(decision, at, locale),
        "why": sentences.reason_sentence(decision, at, locale, snapshot.holidays.dates),
        "takeover": None if service.number else sentences.next_sentence(decision, at, locale),
        "can_wait": None
        if service.number or decision.line.id == first_line.id
        else contact_card(first_line, at),
        "backup": [
            _public_card(service, answer.line, answer.phone, at)
            for answer in lookup.dial_order(decision, at)[1:]
            if not answer.line.internal
        ],
        "lines": lines,
        "day_lines": [card for card in lines if card.id != last_line.id],
        "out_of_hours": next((card for card in lines if card.id == last_line.id), None),
        "assumption": assumption(decision, at, snapshot, locale),
        "structured": schema_org.contacts(snapshot, [service], at, locale),
    }


def contact_card(line: Line, at: datetime, phone: Phone | None = None) -> ContactCard:
    """Return a public line as a page shows it at ``at``, with ``phone`` in place of its number."""
    locale = lookup.locale()
    language, today = locale.language, at.astimezone(locale.zone).date()
    return ContactCard(
        id=line.id,
        name=line.name.get(language),
        phrase=sentences.line_phrase(line, locale),
        phone=phone or line.phone_on(today),
        usual_phone=line.phone,
        hours=dates.format_hours(line.hours, locale),
        special_days=tuple(dates.format_coming_special_days(line, today, locale)),
        options=line.options.get(language) if line.options else None,
        you_will_hear=line.you_will_hear.get(language) if line.you_will_hear else None,
        email=line.email,
        relay_uk=line.relay_uk,
        also=tuple(other_way_texts(line, locale)),
        aliases=tuple(alias.get(language) for alias in line.aliases),
        is_open=lookup.snapshot().timetables.is_open(line, at),
        confirmed=line.verified is not None,
    )


def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe in a page.

    HTML in ``text`` is shown as written; links that would run a script are not made.
    """
    return Markup(_markdown().render(text))  # noqa: S704 - markdown-it escapes HTML


def _public_card(service: Service, line: Line, phone: Phone, at: datetime) -> ContactCard:
    """Return a line that a service answers with, without what is internal."""
    card = contact_card(line, at, service.number or phone)
    if not line.internal:
        return card
    return replace(
        card,
        usual_phone=card.phone,
        hours=(),
        special_days=(),
        options=None,
        you_will_hear=None,
        email=None,
        also=(),
        aliases=(),
        is_open=True,
        confirmed=True,
    )


def _service_text(service: Service, locale: Locale) -> ServiceText:
    texts = {
        name: render_markdown(text.get(locale.language))
        for name in ("professionals", "confidential", "after")
        if (text := service.page(name))
    }
    return ServiceText(
        id=service.id,
        name=service.name.get(locale.language),
        number=service.number,
        confirmed=service.confirmed,
        forms=tuple(_form_link(form, locale) for form in service.forms),
        professionals=texts.get("professionals"),
        confidential=texts.get("confidential"),
        after=texts.get("after"),
    )


def _form_link(form: OnlineForm, locale: Locale) -> FormLink:
    return FormLink(form.name.get(locale.language), form.url, form.when.get(locale.language))


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt  # not every council has texts of its own

    return MarkdownIt("commonmark", {"html": False})
