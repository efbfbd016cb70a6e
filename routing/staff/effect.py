"""What callers will get: a divert that is to be, among those there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from routing import enquiry
from routing.core import decision as core
from routing.core.answer import Decision
from routing.core.decision import Divert
from routing.core.hours import Span
from routing.diverting import Plan
from routing.storage.diverts import Stored
from routing.wording import duty, sentences


@dataclass(frozen=True, slots=True)
class Effect:
    """What a divert does, in words: to callers, in which stretches, after it, and doubts."""

    service: str
    said: str
    public: str
    ends: str
    then: str
    shut: str
    replaces: tuple[str, ...]


def of(plan: Plan, others: Iterable[Stored], at: datetime) -> Effect:
    """Say what callers get if this divert is set now, after ``others``."""
    voice, facts = enquiry.staff_voice(), enquiry.facts()
    others = tuple(others)
    counted = enquiry.in_use(others)
    newest = Divert(
        plan.service.id, plan.line, plan.during, max([at, *(x.set_at for x in counted)])
    )
    diverts = (*counted, newest)
    found = core.decide(facts.timetables, plan.service.id, plan.during.start, diverts)
    after = core.decide(facts.timetables, plan.service.id, plan.during.end, diverts)
    line, phone = plan.line.name.in_("en"), found.phone.display
    name = plan.service.name.in_("en")
    when = duty.from_to(plan.during, at, voice)
    return Effect(
        service=name,
        said=f"{when[0].upper()}{when[1:]}, calls about ‘{name}’ go to {line} on {phone}.",
        public=sentences.why(found, plan.during.start, voice, facts.holidays.dates),
        ends=f"{duty.soon(plan.during.end, at, voice)}, after "
        f"{duty.left(plan.during.end - plan.during.start)}",
        then=_then(after),
        shut=duty.shut(plan.line, plan.closed, at, voice) if plan.closed else "",
        replaces=tuple(
            f"Divert {each.id} to {_line(each)}, {duty.from_to(each.during, at, voice)}, does not "
            "count while this one lasts."
            for each in others
            if each.service == plan.service.id and _meet(each.during, plan.during)
        ),
    )


def without(stored: Stored, others: Iterable[Stored], at: datetime) -> str:
    """Say what callers get once a divert has ended at ``at``."""
    facts = enquiry.facts()
    if stored.service not in facts.timetables.services:
        return "The directory has no such service any more."
    found = core.decide(facts.timetables, stored.service, at, enquiry.in_use(others))
    return duty.now(found, at, enquiry.staff_voice())


def _then(after: Decision) -> str:
    return f"{after.line.name.in_('en')} on {after.phone.display}"


def _line(found: Stored) -> str:
    lines = enquiry.facts().directory.lines
    return next((x.name.in_("en") for x in lines if x.id == found.line), found.line)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
