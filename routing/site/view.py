"""What a page shows: the values of a decision as the reader sees them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from routing import enquiry
from routing.core.answer import Answer, Decision
from routing.core.directory import Helpline, Line, Service
from routing.core.values import Phone
from routing.formats import structured
from routing.formats.json import assumption, moment
from routing.wording import sentences, times

SOON = timedelta(minutes=5)
"""How long before a handover a page says that one is coming."""


@dataclass(frozen=True, slots=True)
class Number:
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


def answer(found: Decision, at: datetime) -> dict[str, object]:
    """Return all that a service's page says about who to call at ``at``."""
    facts, voice, service = enquiry.facts(), enquiry.voice(), found.service
    backup = enquiry.to_try(found, at)[1:]
    takeover = sentences.takeover(found, at, voice) if service.number is None else None
    line = _number(service, found.line, found.phone, at)
    first = service.lines[0]
    return {
        "service": service,
        "at_iso": moment(at, voice),
        "until_iso": moment(found.until, voice) if found.until else "",
        "soon": found.until is not None and found.until - at <= SOON,
        "said": voice.say("Call {line} on {phone}.", line=line.name, phone=line.phone.display),
        "line": line,
        "until": sentences.until_when(found, at, voice),
        "why": sentences.why(found, at, voice, facts.holidays.dates),
        "takeover": takeover,
        "wait": None if service.number or found.line.id == first.id else number(first, at),
        "backup": [_answer(service, each, at) for each in backup if not each.line.internal],
        "lines": [number(each, at) for each in service.reachable if not each.internal],
        "assumption": assumption(found, at, facts, voice),
        "structured": structured.contacts(facts, [service], at, voice),
    }


def number(line: Line, at: datetime, shown: Phone | None = None) -> Number:
    """Return a public line as a page shows it."""
    voice, facts = enquiry.voice(), enquiry.facts()
    local = at.astimezone(voice.zone).date()
    language = voice.language
    return Number(
        id=line.id,
        name=line.name.in_(language),
        usual=line.phone,
        phone=shown or line.phone_on(local),
        hours=times.hours(line.hours, voice),
        special=tuple(
            times.special(each, voice)
            for each in line.special_days
            if each.last >= local and not each.changes_nothing
        ),
        options=line.options.in_(language) if line.options else None,
        you_will_hear=line.you_will_hear.in_(language) if line.you_will_hear else None,
        email=line.email,
        relay=line.relay_uk,
        aliases=tuple(alias.in_(language) for alias in line.aliases),
        open_now=facts.timetables.is_open(line, at),
        confirmed=line.verified is not None,
    )


def helplines() -> list[tuple[Helpline, tuple[tuple[str, str], ...]]]:
    """Return every helpline with its hours in words."""
    voice = enquiry.voice()
    return [(each, times.hours(each.hours, voice)) for each in enquiry.facts().directory.helplines]


def _answer(service: Service, found: Answer, at: datetime) -> Number:
    return _number(service, found.line, found.phone, at)


def _number(service: Service, line: Line, phone: Phone, at: datetime) -> Number:
    shown = number(line, at, service.number or phone)
    if not line.internal:
        return shown
    hidden: dict[str, Any] = {"hours": (), "special": (), "aliases": ()}
    hidden |= dict.fromkeys(("options", "you_will_hear", "email"))
    return replace(shown, usual=shown.phone, open_now=True, confirmed=True, **hidden)
