"""What staff pages show: diverts and services as their readers see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from flask import g

from routing import lookup
from routing.core.answer import ReasonCode
from routing.core.decision import timeline
from routing.core.directory import Line
from routing.divert_rules import END_WARNING_PERIOD
from routing.store.accounts import Account, Role
from routing.store.diverts import DivertRow
from routing.text import staff_text
from routing.text.dates import format_datetime

LOOKAHEAD = timedelta(days=14)
HANDOVERS = 3


@dataclass(frozen=True, slots=True)
class DivertView:
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
class ServiceStatus:
    """A service as it stands now: where its calls go, and what comes after."""

    id: str
    name: str
    said: str
    code: str
    handovers: tuple[str, ...]


def service_statuses(at: datetime) -> list[ServiceStatus]:
    """Return every service as it stands at ``at``, with its next handovers."""
    locale, facts = lookup.staff_locale(), lookup.snapshot()
    internal_numbers = sees_internal_numbers()
    found = []
    for service in facts.directory.services:
        decision = lookup.who_to_call(service.id, at)
        spans = timeline(facts.timetables, service.id, at, at + LOOKAHEAD, lookup.diverts())
        later = [
            f"{staff_text.format_relative(span.start, at, locale)}: "
            f"{staff_text.line_with_number(answer.line, answer.phone, internal_numbers)}"
            f"{' (diverted)' if answer.reason.code is ReasonCode.DIVERT else ''}"
            for span, answer in islice(spans, 1, 1 + HANDOVERS)
        ]
        said = staff_text.calls_go_to(decision, at, locale, internal_numbers)
        name, code = service.name.get("en"), decision.reason.code.value
        found.append(ServiceStatus(service.id, name, said, code, tuple(later)))
    return found


def diverts(at: datetime, found: tuple[DivertRow, ...] | None = None) -> list[DivertView]:
    """Return the diverts that have not ended, or those given, the newest first."""
    stored = lookup.latest_diverts().diverts if found is None else found
    chosen = [each for each in stored if found is not None or each.during.end > at]
    newest: dict[str, int] = {}
    for each in stored:
        if at in each.during and lookup.divert_error(each) is None:
            newest[each.service] = each.id
    return [_divert(each, at, newest.get(each.service)) for each in reversed(chosen)]


def sees_internal_numbers() -> bool:
    """Say whether whoever asks may see the numbers of internal lines: to divert calls to them."""
    person: Account | None = g.get("person")
    return person is not None and person.may(Role.DIVERT)


def instant(at: datetime) -> str:
    """Say an instant in full, as a page's own time."""
    return format_datetime(at, lookup.staff_locale())


def _divert(found: DivertRow, at: datetime, newest: int | None) -> DivertView:
    locale, directory = lookup.staff_locale(), lookup.snapshot().directory
    line = directory.line(found.line)
    service = directory.service(found.service)
    trouble = lookup.divert_error(found) or ""
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
    return DivertView(
        id=found.id,
        service=service.name.get("en") if service else found.service,
        line=line.name.get("en") if line else found.line,
        phone=_number(line, at) if line else "",
        when=staff_text.format_span(found.during, at, locale)
        if left > timedelta(0)
        else _was(found),
        left=staff_text.format_time_left(left) if left > timedelta(0) else "",
        note=found.note,
        set_by=found.set_by,
        set_at=staff_text.format_relative(found.set_at, at, locale),
        state=state,
        trouble=trouble,
        ends_soon=at in found.during and left <= END_WARNING_PERIOD,
    )


def _number(line: Line, at: datetime) -> str:
    if line.internal and not sees_internal_numbers():
        return ""
    return line.phone_on(at.astimezone(lookup.staff_locale().zone).date()).display


def _was(found: DivertRow) -> str:
    if found.during.start == found.during.end:
        return "ended before it began"
    locale = lookup.staff_locale()
    return f"from {format_datetime(found.during.start, locale)} until {format_datetime(found.during.end, locale)}"
