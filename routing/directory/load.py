"""A file as a Directory, or every problem in it at once."""

from collections.abc import Iterator
from difflib import get_close_matches
from inspect import isclass
from itertools import chain, islice
from pathlib import Path as File
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from routing.core.directory import Directory
from routing.directory import build, source
from routing.directory.faults import Faults
from routing.directory.guarded_read import MAX_INLINE_CHARS, parse_in_child, read_bytes
from routing.directory.scalars import LANGUAGES
from routing.directory.schema import DirectoryShape
from routing.directory.shape import Context
from routing.directory.source import MAX_BYTES, MAX_PROBLEMS, Node, Path, Source, Unreadable
from routing.errors import DirectoryInvalid, Problem


def load(file: File) -> tuple[Directory, Source]:
    """Return the directory in ``file``, and its source with the place of each thing.

    Raise DirectoryInvalid, with every problem, when it cannot be read or used. A large file is
    tried in a child process first, so that a hostile one cannot take this process's memory.
    """
    text = text_of(file)
    if len(text) > MAX_INLINE_CHARS:
        parse_in_child(text, file)
    return parse(text, file)


def text_of(file: File) -> str:
    """Return the file's text.

    Raise DirectoryInvalid when it is not there, no regular file, too large or not UTF-8, or when
    its file system does not answer.
    """
    try:
        content = read_bytes(file, MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        message = f"the file cannot be read: {why}. Set DIRECTORY to where it is."
        raise DirectoryInvalid(file, [Problem(0, 0, "unreadable", message)]) from error
    if len(content) > MAX_BYTES:
        raise DirectoryInvalid(file, [source.too_large()])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = source.position(content[: error.start].decode())
        message = "this is not UTF-8 text. Save the file as UTF-8."
        raise DirectoryInvalid(file, [Problem(line, column, "unreadable", message)]) from error


def parse(text: str, file: File) -> tuple[Directory, Source]:
    """Return the directory that ``text`` writes; problems name ``file``. Raise as ``load``."""
    try:
        found = source.read(text)
    except Unreadable as error:
        raise DirectoryInvalid(file, [error.problem]) from error
    problems = [*found.problems, *_complaints(found)]
    try:
        shape = DirectoryShape.model_validate(found.root, context=Context(_languages(found.root)))
    except ValidationError as error:
        errors = chain.from_iterable(_problems(one, found) for one in error.errors())
        problems += islice(errors, MAX_PROBLEMS)
        raise DirectoryInvalid(file, problems) from error
    if problems:
        raise DirectoryInvalid(file, problems)
    return build.directory(shape), found


def _complaints(found: Source) -> Iterator[Problem]:
    for path, code, message in dict.fromkeys(islice(build.complaints(found.root), MAX_PROBLEMS)):
        yield Problem(*found.place(path), code, message)


def _languages(root: dict[str, Node]) -> tuple[str, ...]:
    """Return the languages in which texts may be written: those of the file that are known."""
    named = root.get("languages")
    known = named if isinstance(named, list) else []
    return tuple(str(each) for each in known if each in LANGUAGES)


def _problems(error: Any, found: Source) -> Iterator[Problem]:
    """Yield each thing that is wrong, at its own place, where pydantic has one error for all."""
    fault = error.get("ctx", {}).get("error")
    if not isinstance(fault, Faults):
        yield _problem(error, found)
        return
    for each in fault.faults:
        path: Path = (*error["loc"], each.key)
        place = found.key_place(path) if each.of_key else found.place(path)
        yield Problem(*place, "bad_value", f"{each.key}: {each.message}")


def _problem(error: Any, found: Source) -> Problem:
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
    shape: type[BaseModel] = DirectoryShape
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
