"""From the shape of a file to ``core.Directory``, checking what one part says of another."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from routing.core import directory as core
from routing.core.words import Phone
from routing.directory.phone import barred
from routing.directory.schema import DirectoryShape, LineShape, RoleShape, ServiceShape
from routing.directory.source import Path

Complaint = tuple[Path, str, str]
"""Where, the problem's code, and what to write."""


def complaints(shape: DirectoryShape) -> Iterator[Complaint]:
    """Yield everything that one part of the file says wrongly of another."""
    for service_id, service in shape.services.items():
        at: Path = ("services", service_id)
        for path, line_id in _named(at, service):
            if line_id in shape.lines:
                yield from _reachable(shape.lines[line_id], line_id, service_id, service)
            else:
                yield path, "unknown_line", _unknown("line", line_id, shape.lines)
    for role_id, role in shape.rota.items():
        yield from _role(shape, ("rota", role_id, "needed_when"), role)


def directory(shape: DirectoryShape) -> core.Directory:
    """Return the directory. ``shape`` has no complaints."""
    lines = {line_id: _line(line_id, line) for line_id, line in shape.lines.items()}
    council, holidays = shape.council, shape.bank_holidays
    return core.Directory(
        council=core.Council(council.name, council.website, council.colour, council.logo),
        zone=shape.zone,
        languages=tuple(shape.languages),
        emergency=shape.emergency,
        holiday_rules=core.HolidayRules(
            holidays.division, tuple(holidays.add.items()), frozenset(holidays.remove)
        ),
        lines=tuple(lines.values()),
        services=tuple(_service(key, value, lines) for key, value in shape.services.items()),
        helplines=tuple(each.build() for each in shape.helplines),
        rota=tuple(
            core.RotaRole(
                key,
                role.name,
                role.needed_when.line,
                role.needed_when.out_of_hours_of,
                role.people,
            )
            for key, role in shape.rota.items()
        ),
    )


def _named(at: Path, service: ServiceShape) -> Iterator[tuple[Path, str]]:
    yield from (((*at, "lines", n), line_id) for n, line_id in enumerate(service.lines))
    yield (*at, "out_of_hours"), service.out_of_hours
    tried = enumerate(service.if_unanswered or ())
    yield from (((*at, "if_unanswered", n), line_id) for n, line_id in tried)


def _reachable(
    line: LineShape, line_id: str, service_id: str, service: ServiceShape
) -> Iterator[Complaint]:
    at: Path = ("lines", line_id)
    if line.visibility == "internal" and service.number is None:
        message = (
            f"the line '{line_id}' is internal, and the service '{service_id}' can reach it "
            "without a `number` to show instead. Give the service one, or make the line public."
        )
        yield (*at, "visibility"), "internal_line_reachable", message
    numbers: list[tuple[Path, Phone]] = [((*at, "phone"), line.phone)]
    numbers += [
        ((*at, "special_days", n, "phone"), special.phone)
        for n, special in enumerate(line.special_days)
        if special.phone is not None
    ]
    for path, phone in numbers:
        if why := barred(phone):
            message = f"'{phone.display}' may not be rung by a service: {why}. Write another."
            yield path, "barred_number", message


def _role(shape: DirectoryShape, at: Path, role: RoleShape) -> Iterator[Complaint]:
    line, service = role.needed_when.line, role.needed_when.out_of_hours_of
    if line is not None and line not in shape.lines:
        yield (*at, "line"), "unknown_line", _unknown("line", line, shape.lines)
    if service is not None and service not in shape.services:
        message = _unknown("service", service, shape.services)
        yield (*at, "out_of_hours_of"), "unknown_service", message


def _unknown(kind: str, name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Write one of: {', '.join(known)}."
    return f"there is no {kind} '{name}'. {hint}"


def _line(line_id: str, shape: LineShape) -> core.Line:
    return core.Line(
        id=line_id,
        name=shape.name,
        phone=shape.phone,
        hours=shape.hours,
        special_days=tuple(each.build() for each in shape.special_days),
        aliases=tuple(shape.aliases),
        options=shape.options,
        you_will_hear=shape.you_will_hear,
        email=shape.email,
        relay_uk=shape.relay_uk,
        internal=shape.visibility == "internal",
        ring_seconds=shape.ring_seconds,
        press_1_to_accept=shape.press_1_to_accept,
        verified=shape.verified.build() if shape.verified else None,
    )


def _service(service_id: str, shape: ServiceShape, lines: Mapping[str, core.Line]) -> core.Service:
    tried = shape.if_unanswered if shape.if_unanswered is not None else [shape.out_of_hours]
    return core.Service(
        id=service_id,
        name=shape.name,
        lines=tuple(lines[each] for each in shape.lines),
        out_of_hours=lines[shape.out_of_hours],
        if_unanswered=tuple(lines[each] for each in tried),
        number=shape.number,
        greeting=shape.greeting,
        forms=tuple(core.Form(each.name, each.url, each.when) for each in shape.forms),
        pages=tuple((name, text) for name, text in shape.pages if text is not None),
    )
