"""From the shape of a file to ``core.Directory``, checking what one part says of another."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from routing.core import directory as core
from routing.directory.phone import barred, phone
from routing.directory.schema import DirectoryShape, LineShape, ServiceShape
from routing.directory.source import Node, Path

Complaint = tuple[Path, str, str]
"""Where, the problem's code, and what to write."""

MAX_NAMES = 100
"""How many names are listed and searched for a similar one: of more, that takes too long."""


def complaints(root: dict[str, Node]) -> Iterator[Complaint]:
    """Yield everything that one part of the file says wrongly of another.

    ``root`` is what was read, whatever its shape: so these are told together with all other
    problems. What has not the right shape is passed over here.
    """
    lines, services = _keys(root.get("lines")), _keys(root.get("services"))
    for service_id, service in services.items():
        for path, line_id in _named(("services", service_id), _keys(service)):
            if line_id not in lines:
                yield path, "unknown_line", _unknown("line", line_id, lines)
            else:
                yield from _reachable(line_id, _keys(lines[line_id]), service_id, _keys(service))
    for role_id, role in _keys(root.get("rota")).items():
        needed, at = _keys(_keys(role).get("needed_when")), ("rota", role_id, "needed_when")
        for key, kind, known in (("line", "line", lines), ("out_of_hours_of", "service", services)):
            name = needed.get(key)
            if isinstance(name, str) and name not in known:
                yield (*at, key), f"unknown_{kind}", _unknown(kind, name, known)


def directory(shape: DirectoryShape) -> core.Directory:
    """Return the directory. ``shape`` has no complaints."""
    lines = {line_id: _line(line_id, line) for line_id, line in shape.lines.items()}
    council, holidays = shape.council, shape.bank_holidays
    return core.Directory(
        council=core.Council(council.name, council.website, council.colour, council.logo),
        zone=shape.zone,
        languages=tuple(shape.languages),
        emergency=shape.emergency,
        unanswered=shape.unanswered,
        voices=tuple(shape.voices.items()),
        holiday_rules=core.HolidayRules(
            holidays.division, tuple(holidays.add.items()), frozenset(holidays.remove)
        ),
        lines=tuple(lines.values()),
        services=tuple(_service(key, value, lines) for key, value in shape.services.items()),
        helplines=tuple(each.build() for each in shape.helplines),
        rota=tuple(
            core.RotaRole(
                key, role.name, role.needed_when.line, role.needed_when.out_of_hours_of, role.people
            )
            for key, role in shape.rota.items()
        ),
    )


def _keys(found: Node | None) -> dict[str, Node]:
    return found if isinstance(found, dict) else {}


def _items(found: Node | None) -> list[Node]:
    return found if isinstance(found, list) else []


def _named(at: Path, service: dict[str, Node]) -> Iterator[tuple[Path, str]]:
    named: list[tuple[Path, Node | None]] = [((*at, "out_of_hours"), service.get("out_of_hours"))]
    for key in ("lines", "if_unanswered"):
        named += [((*at, key, n), each) for n, each in enumerate(_items(service.get(key)))]
    yield from ((path, line_id) for path, line_id in named if isinstance(line_id, str))


def _reachable(
    line_id: str, line: dict[str, Node], service_id: str, service: dict[str, Node]
) -> Iterator[Complaint]:
    at: Path = ("lines", line_id)
    if line.get("visibility") == "internal" and "number" not in service:
        message = (
            f"the line '{line_id}' is internal, and the service '{service_id}' can reach it "
            "without a `number` to show instead. Give the service one, or make the line public."
        )
        yield (*at, "visibility"), "internal_line_reachable", message
    numbers: list[tuple[Path, Node | None]] = [((*at, "phone"), line.get("phone"))]
    for n, special in enumerate(_items(line.get("special_days"))):
        numbers.append(((*at, "special_days", n, "phone"), _keys(special).get("phone")))
    for path, number in numbers:
        if why := _barred(number):
            message = f"'{number}' may not be rung by a service: {why}. Write another."
            yield path, "barred_number", message


def _barred(number: Node | None) -> str | None:
    try:
        return barred(phone(number).e164)
    except ValueError:
        return None  # the schema tells what is wrong with it


def _unknown(kind: str, name: str, known: Mapping[str, object]) -> str:
    if not known:
        return f"there is no {kind} '{name}'. Add it under `{kind}s`."
    if len(known) > MAX_NAMES:
        return f"there is no {kind} '{name}'. Write one of the {len(known)} there are."
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"there is no {kind} '{name}'. {hint}Write one of those there are: {', '.join(known)}."


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
