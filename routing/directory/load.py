"""A directory file as a Directory, or every problem in it at once."""

import pickle
import resource
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from inspect import isclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from routing.core import directory as core
from routing.core.directory import EMERGENCY_NUMBERS, Directory
from routing.directory import yaml_source
from routing.directory.diagnosis import first_odd_character
from routing.directory.field_types import (
    LANGUAGES,
    Context,
    FieldErrors,
    forbidden_reason,
    parse_line_phone,
)
from routing.directory.guarded_read import MAX_INLINE_CHARS, parse_in_child
from routing.directory.schema import DirectoryModel, LineModel, ServiceModel
from routing.directory.yaml_source import (
    MAX_BYTES,
    MAX_PROBLEMS,
    KeyPath,
    Node,
    PathProblem,
    UnreadableFile,
    YamlSource,
    read_yaml,
)
from routing.errors import InvalidDirectory, Problem
from routing.files import read_bytes

MAX_NAMES_SHOWN = 100
"""How many names are listed, and searched for a similar one: with more, that takes too long."""

_PLAIN_TEXT = 'Open it there, and save it as plain text ("Text only", UTF-8).'
_OTHER_KINDS = {
    b"PK\x03\x04": f"this is a Word document or spreadsheet, not text. {_PLAIN_TEXT}",
    b"\xd0\xcf\x11\xe0": f"this is an old Word document or spreadsheet, not text. {_PLAIN_TEXT}",
    b"{\\rtf": f"this is a document in rich text, not plain text. {_PLAIN_TEXT}",
    b"%PDF": "this is a PDF, not text. Save the text that it was made from.",
    b"\xff\xfe": "this text is in UTF-16, which Windows calls Unicode. Save the file as UTF-8.",
    b"\xfe\xff": "this text is in UTF-16, which Windows calls Unicode. Save the file as UTF-8.",
}
"""Files that are no plain text, by how they begin, with what to do."""


def load(file: Path) -> tuple[Directory, YamlSource]:
    """Return the directory in ``file``, and its source with the place of everything.

    Raise InvalidDirectory, with every problem, when it cannot be read or used. A large file is
    parsed in a child process, so that a hostile one cannot take this process's memory.
    """
    text = read_text(file)
    if len(text) <= MAX_INLINE_CHARS:
        return parse(text, file)
    directory, source = parse_in_child(text, file)
    return directory, pickle.loads(source)  # noqa: S301 - written by our own child process


def read_text(file: Path) -> str:
    """Return the file's text.

    Raise InvalidDirectory when the file is missing, not a regular file, too large or not UTF-8, or
    when its file system does not answer.
    """
    try:
        content = read_bytes(file, MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"the file cannot be read: {reason}. Set DIRECTORY to where it is."
        raise InvalidDirectory(file, [Problem(0, 0, "unreadable", message)]) from error
    if len(content) > MAX_BYTES:
        raise InvalidDirectory(file, [yaml_source.too_large()])
    for signature, message in _OTHER_KINDS.items():
        if content.startswith(signature):
            raise InvalidDirectory(file, [Problem(1, 1, "unreadable", message)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = yaml_source.position(content[: error.start].decode())
        message = "this is not UTF-8 text. Save the file as UTF-8."
        raise InvalidDirectory(file, [Problem(line, column, "unreadable", message)]) from error


def parse(text: str, file: Path) -> tuple[Directory, YamlSource]:
    """Return the directory in ``text`` and its source. Raise as ``load``, naming ``file``."""
    try:
        source = read_yaml(text)
    except UnreadableFile as error:
        raise InvalidDirectory(file, [error.problem]) from error
    problems = [*source.problems, *_reference_problems(source)]
    try:
        model = DirectoryModel.model_validate(source.root, context=Context(_languages(source.root)))
    except ValidationError as error:
        errors = chain.from_iterable(_validation_problems(e, source) for e in error.errors())
        problems += islice(errors, MAX_PROBLEMS)
        raise InvalidDirectory(file, problems) from error
    if problems:
        raise InvalidDirectory(file, problems)
    return _build_directory(model), source


def parse_standard_input() -> None:
    """Parse the directory on standard input; write it and its source, or its problems, to standard
    output.

    This is the process of guarded_read.parse_in_child. The arguments are the file's name, the
    bytes of memory and the seconds of CPU time allowed.
    """
    file, max_bytes, cpu_seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # SIGPROF ends this process, whatever it does
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result: tuple[Directory, bytes] | list[Problem]
    try:
        directory, source = parse(sys.stdin.buffer.read().decode(), file)
        result = directory, pickle.dumps(source, pickle.HIGHEST_PROTOCOL)
    except InvalidDirectory as error:
        result = list(error.problems)
    sys.stdout.buffer.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))


def _languages(root: dict[str, Node]) -> tuple[str, ...]:
    """Return the languages in which texts may be written: the known ones that the file names."""
    languages = root.get("languages")
    return tuple(str(name) for name in _items(languages) if name in LANGUAGES)


def _reference_problems(source: YamlSource) -> Iterator[Problem]:
    """Yield what is wrong between the parts of the file.

    It takes the file as it was read, whatever its shape, so that these problems are shown together
    with all others. It leaves out what does not have the right shape.
    """
    problems = islice(_check_references(source.root), MAX_PROBLEMS)
    for path, code, message in dict.fromkeys(problems):
        yield Problem(*source.place(path), code, message)


def _check_references(root: dict[str, Node]) -> Iterator[PathProblem]:
    lines, services = _mapping(root.get("lines")), _mapping(root.get("services"))
    for service_id, service in services.items():
        for path, line_id in _line_references(("services", service_id), _mapping(service)):
            if line_id not in lines:
                yield PathProblem(path, "unknown_line", _unknown_name("line", line_id, lines))
            else:
                line = _mapping(lines[line_id])
                yield from _check_line(line_id, line, service_id, _mapping(service), path[2])
    yield from _check_emergency_lines(lines, services)
    for role_id, role in _mapping(root.get("rota")).items():
        needed_when = _mapping(_mapping(role).get("needed_when"))
        for key, kind, known in (("line", "line", lines), ("out_of_hours_of", "service", services)):
            name = needed_when.get(key)
            if isinstance(name, str) and name not in known:
                path = ("rota", role_id, "needed_when", key)
                yield PathProblem(path, f"unknown_{kind}", _unknown_name(kind, name, known))


def _line_references(path: KeyPath, service: dict[str, Node]) -> Iterator[tuple[KeyPath, str]]:
    references: list[tuple[KeyPath, Node | None]] = [
        ((*path, "out_of_hours"), service.get("out_of_hours"))
    ]
    for key in ("lines", "if_unanswered"):
        references += [((*path, key, n), name) for n, name in enumerate(_items(service.get(key)))]
    yield from ((path, line_id) for path, line_id in references if isinstance(line_id, str))


def _check_emergency_lines(
    lines: dict[str, Node], services: dict[str, Node]
) -> Iterator[PathProblem]:
    """Yield each line with the number 999 or 101 that no service answers with out of hours."""
    night_lines = {_text(_mapping(service).get("out_of_hours")) for service in services.values()}
    for line_id, line in lines.items():
        for path, number in _numbers(line_id, _mapping(line)):
            if line_id not in night_lines and number in EMERGENCY_NUMBERS:
                message = (
                    f"'{number}' may stand only on a line that is an `out_of_hours`. Write "
                    f"`out_of_hours: {line_id}` in a service, or move it to `helplines`."
                )
                yield PathProblem(path, "barred_number", message)


def _check_line(
    line_id: str,
    line: dict[str, Node],
    service_id: str,
    service: dict[str, Node],
    reference: str | int,
) -> Iterator[PathProblem]:
    """Yield why a service may not ring a line; ``reference`` is the key that names the line."""
    path: KeyPath = ("lines", line_id)
    if line.get("visibility") == "internal" and "number" not in service:
        message = (
            f"the line '{line_id}' is internal, and the service '{service_id}' can reach it "
            "without a `number` to show instead. Give the service one, or make the line public."
        )
        yield PathProblem((*path, "visibility"), "internal_line_reachable", message)
    for number_path, number in _numbers(line_id, line):
        if number in EMERGENCY_NUMBERS and reference == "out_of_hours":
            continue  # shown, and never rung
        if reason := _forbidden_reason(number):
            message = f"'{number}' may not be rung by a service: {reason}. Write another."
            if number in EMERGENCY_NUMBERS:
                message = (
                    f"'{number}' may not be rung by a service: it may answer only as "
                    f"`out_of_hours`. Take '{line_id}' out of `{reference}`."
                )
            yield PathProblem(number_path, "barred_number", message)


def _numbers(line_id: str, line: dict[str, Node]) -> Iterator[tuple[KeyPath, str | None]]:
    """Yield every number of a line, those of its special days too, with their paths."""
    path: KeyPath = ("lines", line_id)
    yield (*path, "phone"), _text(line.get("phone"))
    for n, special_day in enumerate(_items(line.get("special_days"))):
        yield (*path, "special_days", n, "phone"), _text(_mapping(special_day).get("phone"))


def _text(node: Node | None) -> str | None:
    return node.strip() if isinstance(node, str) else None


def _forbidden_reason(number: str | None) -> str | None:
    try:
        return forbidden_reason(parse_line_phone(number).e164)
    except ValueError:
        return None  # validation says what is wrong with it


def _unknown_name(kind: str, name: str, known: Mapping[str, object]) -> str:
    if not known:
        return f"there is no {kind} '{name}'. Add it under `{kind}s`."
    if len(known) > MAX_NAMES_SHOWN:
        return f"there is no {kind} '{name}'. Write one of the {len(known)} there are."
    similar = get_close_matches(name, known, 1)
    hint = f"Did you mean '{similar[0]}'? " if similar else ""
    return f"there is no {kind} '{name}'. {hint}Write one of those there are: {', '.join(known)}."


def _mapping(node: Node | None) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _items(node: Node | None) -> list[Node]:
    return node if isinstance(node, list) else []


def _validation_problems(error: Any, source: YamlSource) -> Iterator[Problem]:
    """Yield the problems of one of pydantic's errors, each at its own place."""
    cause = error.get("ctx", {}).get("error")
    if not isinstance(cause, FieldErrors):
        yield _validation_problem(error, source)
        return
    for field_error in cause.errors:
        path: KeyPath = (*error["loc"], field_error.key)
        if field_error.message:
            yield _bad_value(path, field_error.message, source, field_error.of_key)


def _validation_problem(error: Any, source: YamlSource) -> Problem:
    path: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    kind, name = error["type"], path[-1] if path else ""
    if kind == "list_type" and isinstance(error["input"], dict):
        first_key = next(iter(error["input"]), "")
        message = f"{name}: a list is missing its dashes. Write `- ` before `{first_key}`."
        return Problem(*source.place(path), "bad_value", message)
    if kind == "missing":
        message = f"'{name}' is missing. Add it: examples/anyshire.yaml shows how."
        return Problem(*source.place(path[:-1]), "missing_key", message)
    if kind == "extra_forbidden":
        return _unknown_key_problem(str(name), path, source)
    message = error["ctx"]["error"] if kind == "value_error" else _plain_message(kind, error)
    return _bad_value(path, str(message), source, error["loc"][-1:] == ("[key]",))


def _bad_value(path: KeyPath, message: str, source: YamlSource, of_key: bool) -> Problem:
    """Return the problem of a value or key, at the character in it that does not belong there."""
    name = path[-1] if path else ""
    value = name if of_key else source.value(path)
    place = source.key_place(path) if of_key else source.place(path)
    label = f"{name}: " if isinstance(name, str) and name else ""
    odd = first_odd_character(value) if isinstance(value, str) else None
    if odd is not None:
        offset, description = odd
        place = (place[0], place[1] + offset) if of_key else source.place_in(path, offset)
        label = f"{''.join(c if c.isascii() else '?' for c in label)}"
        return Problem(*place, "bad_value", f"{label}here is {description}.")
    return Problem(*place, "bad_value", f"{label}{message}")


def _unknown_key_problem(name: str, path: KeyPath, source: YamlSource) -> Problem:
    line, column = source.key_place(path)
    odd = first_odd_character(name)
    if odd is not None:
        offset, description = odd
        message = f"in this key there is {description}."
        return Problem(line, column + offset, "unknown_key", message)
    if source.value(path) == "" and " " in name:
        message = f"a comma within {{}} ends a text, before '{name}'. Put the whole text in quotes."
        return Problem(line, column, "unknown_key", message)
    return Problem(line, column, "unknown_key", _unknown_key(name, path))


def _unknown_key(name: str, path: KeyPath) -> str:
    known = _keys_at(path)
    similar = get_close_matches(name, known, 1, 0.5)
    hint = f"Did you mean '{similar[0]}'?" if similar else f"The keys here are: {', '.join(known)}."
    return f"the key '{name}' is not known. {hint}"


def _keys_at(path: KeyPath) -> Iterable[str]:
    """Return the keys that may stand beside the one at ``path``."""
    model: type[BaseModel] = DirectoryModel
    for part in path[:-1]:
        field = _fields(model).get(str(part))
        model = (_model_in(field.annotation) if field else None) or model
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model within ``list[Model]``, ``dict[str, Model]`` or ``Model | None``, if any."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    models = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in models if model), None)


def _plain_message(kind: str, error: Any) -> str:
    value = error["input"]
    shown = repr(value) if isinstance(value, str) else "this"
    remedies = {
        "literal_error": f"write {error.get('ctx', {}).get('expected', 'another word')}",
        "string_type": "write one text",
        "list_type": "write a list: [one, another]",
        "dict_type": "write keys and values below it, indented",
        "model_type": "write keys and values below it, indented",
        "too_short": "write at least one entry",
        "string_too_short": "write a text that is not empty",
    }
    return f"{shown} cannot be used here: {remedies.get(kind, error['msg'])}."


def _build_directory(model: DirectoryModel) -> Directory:
    """Return the directory of a model that has no problems."""
    lines = {line_id: _build_line(line_id, line) for line_id, line in model.lines.items()}
    holidays = model.bank_holidays
    return Directory(
        council=model.council.build(),
        zone=model.zone,
        languages=tuple(model.languages),
        emergency=model.emergency,
        unanswered=model.unanswered,
        voices=tuple(model.voices.items()),
        holiday_rules=core.HolidayRules(
            holidays.division, tuple(holidays.add.items()), frozenset(holidays.remove)
        ),
        lines=tuple(lines.values()),
        services=tuple(
            _build_service(service_id, service, lines)
            for service_id, service in model.services.items()
        ),
        helplines=tuple(helpline.build() for helpline in model.helplines),
        rota=tuple(role.build(role_id) for role_id, role in model.rota.items()),
    )


def _build_line(line_id: str, model: LineModel) -> core.Line:
    return core.Line(
        id=line_id,
        name=model.name,
        phone=model.phone,
        hours=model.hours,
        special_days=tuple(special_day.build() for special_day in model.special_days),
        called=model.called,
        aliases=tuple(model.aliases),
        options=model.options,
        send_digits=model.send_digits,
        also=tuple(way.build() for way in model.also),
        you_will_hear=model.you_will_hear,
        email=model.email,
        relay_uk=model.relay_uk,
        internal=model.visibility == "internal",
        ring_seconds=model.ring_seconds,
        press_1_to_accept=model.press_1_to_accept,
        verified=model.verified.build() if model.verified else None,
    )


def _build_service(
    service_id: str, model: ServiceModel, lines: Mapping[str, core.Line]
) -> core.Service:
    backups = [model.out_of_hours] if model.if_unanswered is None else model.if_unanswered
    return core.Service(
        id=service_id,
        name=model.name,
        lines=tuple(lines[line_id] for line_id in model.lines),
        out_of_hours=lines[model.out_of_hours],
        if_unanswered=tuple(lines[line_id] for line_id in backups),
        number=model.number,
        greeting=model.greeting,
        forms=tuple(core.OnlineForm(form.name, form.url, form.when) for form in model.forms),
        pages=tuple((name, text) for name, text in model.pages if text is not None),
    )
