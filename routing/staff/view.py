"""What staff pages show: diverts and services as their readers see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from flask import g

from routing import enquiry
from routing.core.answer import ReasonCode
from routing.core.decision import timeline
from routing.core.directory import Line
from routing.diverting import ENDS_SOON
from routing.storage.accounts import Person, Role
from routing.storage.diverts import Stored
from routing.wording import duty
from routing.wording.times import moment

AHEAD = timedelta(days=14)
HANDOVERS = 3


@dataclass(frozen=True, slots=True)
class Divert:
    """A divert as a page shows it. ``state`` is one of: in force, later, ended, no effect.

    ``phone`` is empty if its line is no more, or internal and not for whoever asks.
    """

    id: int
    service: str
    line: str
    phone: str
    when: str
    left: str
    note: str
    set_by: str
    set_at: str
    state: str
    trouble: str
    ends_soon: bool

    @property
    def in_force(self) -> bool:
        """Say whether calls follow it now."""
        return self.state == "in force"

    @property
    def open(self) -> bool:
        """Say whether it can still be ended."""
        return self.state != "ended"


@dataclass(frozen=True, slots=True)
class Duty:
    """A service as it stands now: where its calls go, and what comes after."""

    id: str
    name: str
    said: str
    code: str
    handovers: tuple[str, ...]


def duties(at: datetime) -> list[Duty]:
    """Return every service as it stands at ``at``, with its next handovers."""
    voice, facts = enquiry.staff_voice(), enquiry.facts()
    internal_numbers = sees_internal_numbers()
    found = []
    for service in facts.directory.services:
        decision = enquiry.who_to_call(service.id, at)
        spans = timeline(facts.timetables, service.id, at, at + AHEAD, enquiry.diverts())
        later = [
            f"{duty.soon(span.start, at, voice)}: "
            f"{duty.numbered(answer.line, answer.phone, internal_numbers)}"
            f"{' (diverted)' if answer.reason.code is ReasonCode.DIVERT else ''}"
            for span, answer in islice(spans, 1, 1 + HANDOVERS)
        ]
        said = duty.now(decision, at, voice, internal_numbers)
        name, code = service.name.in_("en"), decision.reason.code.value
        found.append(Duty(service.id, name, said, code, tuple(later)))
    return found


def diverts(at: datetime, found: tuple[Stored, ...] | None = None) -> list[Divert]:
    """Return the diverts that have not ended, or those given, the newest first."""
    stored = enquiry.reading().diverts if found is None else found
    chosen = [each for each in stored if found is not None or each.during.end > at]
    newest: dict[str, int] = {}
    for each in stored:
        if at in each.during and enquiry.unusable(each) is None:
            newest[each.service] = each.id
    return [_divert(each, at, newest.get(each.service)) for each in reversed(chosen)]


def sees_internal_numbers() -> bool:
    """Say whether whoever asks may see the numbers of internal lines: to divert calls to them."""
    person: Person | None = g.get("person")
    return person is not None and person.may(Role.DIVERT)


def instant(at: datetime) -> str:
    """Say an instant in full, as a page's own time."""
    return moment(at, enquiry.staff_voice())


def _divert(found: Stored, at: datetime, newest: int | None) -> Divert:
    voice, directory = enquiry.staff_voice(), enquiry.facts().directory
    line = directory.line(found.line)
    service = directory.service(found.service)
    trouble = enquiry.unusable(found) or ""
    if found.during.end <= at:
        state = "ended"
    elif trouble:
        state = "no effect"
    elif at in found.during:
        state = "in force" if newest == found.id else "no effect"
        if newest != found.id:
            trouble = f"Divert {newest}, set later, counts instead while it lasts."
    else:
        state = "later"
    left = found.during.end - at
    return Divert(
        id=found.id,
        service=service.name.in_("en") if service else found.service,
        line=line.name.in_("en") if line else found.line,
        phone=_number(line, at) if line else "",
        when=duty.from_to(found.during, at, voice) if left > timedelta(0) else _was(found),
        left=duty.left(left) if left > timedelta(0) else "",
        note=found.note,
        set_by=found.set_by,
        set_at=duty.soon(found.set_at, at, voice),
        state=state,
        trouble=trouble,
        ends_soon=at in found.during and left <= ENDS_SOON,
    )


def _number(line: Line, at: datetime) -> str:
    if line.internal and not sees_internal_numbers():
        return ""
    return line.phone_on(at.astimezone(enquiry.staff_voice().zone).date()).display


def _was(found: Stored) -> str:
    if found.during.start == found.during.end:
        return "ended before it began"
    voice = enquiry.staff_voice()
    return f"from {moment(found.during.start, voice)} until {moment(found.during.end, voice)}"
