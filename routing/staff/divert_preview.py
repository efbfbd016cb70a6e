"""What callers will get: a divert that is to be, among those there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from routing import lookup
from routing.core import decision as core
from routing.core.answer import Decision
from routing.core.decision import Divert
from routing.core.instants import Span
from routing.divert_rules import ProposedDivert
from routing.store.diverts import DivertRow
from routing.text import sentences, staff_text


@dataclass(frozen=True, slots=True)
class DivertPreview:
    """What a divert does, in words: to callers, in which stretches, after it, and doubts."""

    service: str
    said: str
    public: str
    ends: str
    then: str
    shut: str
    replaces: tuple[str, ...]


def preview(plan: ProposedDivert, others: Iterable[DivertRow], at: datetime) -> DivertPreview:
    """Say what callers get if this divert is set now, after ``others``."""
    locale, facts = lookup.staff_locale(), lookup.snapshot()
    others = tuple(others)
    counted = lookup.active_diverts(others)
    newest = Divert(
        plan.service.id, plan.line, plan.during, max([at, *(x.set_at for x in counted)])
    )
    diverts = (*counted, newest)
    found = core.decide(facts.timetables, plan.service.id, plan.during.start, diverts)
    after = core.decide(facts.timetables, plan.service.id, plan.during.end, diverts)
    line, phone = plan.line.name.get("en"), found.phone.display
    name = plan.service.name.get("en")
    when = staff_text.format_span(plan.during, at, locale)
    return DivertPreview(
        service=name,
        said=f"{when[0].upper()}{when[1:]}, calls about ‘{name}’ go to {line} on {phone}.",
        public=sentences.reason_sentence(found, plan.during.start, locale, facts.holidays.dates),
        ends=f"{staff_text.format_relative(plan.during.end, at, locale)}, after "
        f"{staff_text.format_time_left(plan.during.end - plan.during.start)}",
        then=_then(after),
        shut=staff_text.closed_warning(plan.line, plan.closed, at, locale) if plan.closed else "",
        replaces=tuple(
            f"Divert {each.id} to {_line(each)}, {staff_text.format_span(each.during, at, locale)}, does not "
            "count while this one lasts."
            for each in others
            if each.service == plan.service.id and _meet(each.during, plan.during)
        ),
    )


def without(stored: DivertRow, others: Iterable[DivertRow], at: datetime) -> str:
    """Say what callers get once a divert has ended at ``at``."""
    facts = lookup.snapshot()
    if stored.service not in facts.timetables.services:
        return "The directory has no such service any more."
    found = core.decide(facts.timetables, stored.service, at, lookup.active_diverts(others))
    return staff_text.calls_go_to(found, at, lookup.staff_locale())


def _then(after: Decision) -> str:
    return f"{after.line.name.get('en')} on {after.phone.display}"


def _line(found: DivertRow) -> str:
    lines = lookup.snapshot().directory.lines
    return next((x.name.get("en") for x in lines if x.id == found.line), found.line)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
