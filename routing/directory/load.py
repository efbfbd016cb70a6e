"""A file as a Directory, or every problem in it at once."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from inspect import isclass
from itertools import chain, islice
from pathlib import Path as File
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from routing.core import directory as core
from routing.core.directory import Directory
from routing.directory import load as load_module
from routing.directory import yaml_source
from routing.directory.field_types import LANGUAGES, Context
from routing.directory.guarded_read import MAX_INLINE_CHARS, parse_in_child, read_bytes
from routing.directory.phone import forbidden_reason, parse_phone
from routing.directory.schema import DirectoryModel, LineModel, ServiceModel
from routing.directory.yaml_source import (
    MAX_BYTES,
    MAX_PROBLEMS,
    Node,
    Path,
    UnreadableFile,
    YamlSource,
)
from routing.errors import FieldErrors, InvalidDirectory, Problem

CrossCheckError = tuple[Path, str, str]
"""Where, the problem's code, and what to write."""

MAX_NAMES = 100
"""How many names are listed and searched for a similar one: of more, that takes too long."""


def cross_check(root: dict[str, Node]) -> Iterator[CrossCheckError]:
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


def build_directory(shape: DirectoryModel) -> core.Directory:
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
) -> Iterator[CrossCheckError]:
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
        return forbidden_reason(parse_phone(number).e164)
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


def _line(line_id: str, shape: LineModel) -> core.Line:
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


def _service(service_id: str, shape: ServiceModel, lines: Mapping[str, core.Line]) -> core.Service:
    tried = shape.if_unanswered if shape.if_unanswered is not None else [shape.out_of_hours]
    return core.Service(
        id=service_id,
        name=shape.name,
        lines=tuple(lines[each] for each in shape.lines),
        out_of_hours=lines[shape.out_of_hours],
        if_unanswered=tuple(lines[each] for each in tried),
        number=shape.number,
        greeting=shape.greeting,
        forms=tuple(core.OnlineForm(each.name, each.url, each.when) for each in shape.forms),
        pages=tuple((name, text) for name, text in shape.pages if text is not None),
    )


def load(file: File) -> tuple[Directory, YamlSource]:
    """Return the directory in ``file``, and its source with the place of each thing.

    Raise InvalidDirectory, with every problem, when it cannot be read or used. A large file is
    tried in a child process first, so that a hostile one cannot take this process's memory.
    """
    text = read_text(file)
    if len(text) > MAX_INLINE_CHARS:
        parse_in_child(text, file)
    return parse(text, file)


def read_text(file: File) -> str:
    """Return the file's text.

    Raise InvalidDirectory when it is not there, no regular file, too large or not UTF-8, or when
    its file system does not answer.
    """
    try:
        content = read_bytes(file, MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        message = f"the file cannot be read: {why}. Set DIRECTORY to where it is."
        raise InvalidDirectory(file, [Problem(0, 0, "unreadable", message)]) from error
    if len(content) > MAX_BYTES:
        raise InvalidDirectory(file, [yaml_source.too_large()])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = yaml_source.position(content[: error.start].decode())
        message = "this is not UTF-8 text. Save the file as UTF-8."
        raise InvalidDirectory(file, [Problem(line, column, "unreadable", message)]) from error


def parse(text: str, file: File) -> tuple[Directory, YamlSource]:
    """Return the directory that ``text`` writes; problems name ``file``. Raise as ``load``."""
    try:
        found = yaml_source.read(text)
    except UnreadableFile as error:
        raise InvalidDirectory(file, [error.problem]) from error
    problems = [*found.problems, *_complaints(found)]
    try:
        shape = DirectoryModel.model_validate(found.root, context=Context(_languages(found.root)))
    except ValidationError as error:
        errors = chain.from_iterable(_problems(one, found) for one in error.errors())
        problems += islice(errors, MAX_PROBLEMS)
        raise InvalidDirectory(file, problems) from error
    if problems:
        raise InvalidDirectory(file, problems)
    return load_module.build_directory(shape), found


def _complaints(found: YamlSource) -> Iterator[Problem]:
    for path, code, message in dict.fromkeys(
        islice(load_module.cross_check(found.root), MAX_PROBLEMS)
    ):
        yield Problem(*found.place(path), code, message)


def _languages(root: dict[str, Node]) -> tuple[str, ...]:
    """Return the languages in which texts may be written: those of the file that are known."""
    named = root.get("languages")
    known = named if isinstance(named, list) else []
    return tuple(str(each) for each in known if each in LANGUAGES)


def _problems(error: Any, found: YamlSource) -> Iterator[Problem]:
    """Yield each thing that is wrong, at its own place, where pydantic has one error for all."""
    fault = error.get("ctx", {}).get("error")
    if not isinstance(fault, FieldErrors):
        yield _problem(error, found)
        return
    for each in fault.faults:
        path: Path = (*error["loc"], each.key)
        place = found.key_place(path) if each.of_key else found.place(path)
        yield Problem(*place, "bad_value", f"{each.key}: {each.message}")


def _problem(error: Any, found: YamlSource) -> Problem:
    """Turn pydantic's error into a place, what was found, and what to write."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    kind, name = error["type"], path[-1] if path else ""
    if kind == "missing":
        message = f"'{name}' is missing. Add it: examples/anyshire.yaml shows how."
        return Problem(*found.place(path[:-1]), "missing_key", message)
    if kind == "extra_forbidden":
        return Problem(*found.key_place(path), "unknown_key", _unknown_key(str(name), path))
    said = error["ctx"]["error"] if kind == "value_error" else _plain(kind, error)
    label = f"{name}: " if isinstance(name, str) and name else ""
    place = found.key_place(path) if error["loc"][-1:] == ("[key]",) else found.place(path)
    return Problem(*place, "bad_value", f"{label}{said}")


def _unknown_key(name: str, path: Path) -> str:
    known = _keys_at(path)
    near = get_close_matches(name, known, 1, 0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"The keys here are: {', '.join(known)}."
    return f"the key '{name}' is not known. {hint}"


def _keys_at(path: Path) -> list[str]:
    """Return the keys that may stand beside the one at ``path``, as the schema has them."""
    shape: type[BaseModel] = DirectoryModel
    for part in path[:-1]:
        field = _fields(shape).get(str(part))
        shape = (_shape_in(field.annotation) if field else None) or shape
    return list(_fields(shape))


def _fields(shape: type[BaseModel]) -> dict[str, FieldInfo]:
    return {each.alias or name: each for name, each in shape.model_fields.items()}


def _shape_in(annotation: Any) -> type[BaseModel] | None:
    """Return the shape within ``list[Shape]``, ``dict[str, Shape]`` or ``Shape | None``, if any."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    found = (_shape_in(each) for each in get_args(annotation))
    return next((each for each in found if each), None)


def _plain(kind: str, error: Any) -> str:
    value = error["input"]
    shown = repr(value) if isinstance(value, str) else "this"
    needed = {
        "literal_error": f"write {error.get('ctx', {}).get('expected', 'another word')}",
        "string_type": "write one text",
        "list_type": "write a list: [one, another]",
        "dict_type": "write keys and values below it, indented",
        "model_type": "write keys and values below it, indented",
        "too_short": "write at least one entry",
        "string_too_short": "write a text that is not empty",
    }
    return f"{shown} cannot be used here: {needed.get(kind, error['msg'])}."
