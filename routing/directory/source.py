"""YAML as plain mappings, lists and texts, with the line and column of each.

Every scalar stays text: YAML would read 17:00 as 1020, 01632960001 as octal and ``no`` as false.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

import yaml

from routing.errors import Problem

MOST_BYTES = 4_000_000
DEEPEST = 20

Node = str | list["Node"] | dict[str, "Node"]
Path = tuple[str | int, ...]
Place = tuple[int, int]

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The text is no YAML that can be used; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class Source:
    """What was read: the root mapping, and problems; and the place of all of it."""

    text: str
    root: dict[str, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Return line and column of a value, or of the nearest thing around it that is there."""
        values, _ = self._places
        while path and path not in values:
            path = path[:-1]
        return values.get(path, (1, 1))

    def key_place(self, path: Path) -> Place:
        """Return line and column of a key, or of its value's surroundings."""
        return self._places[1].get(path) or self.place(path)

    @cached_property
    def _places(self) -> tuple[dict[Path, Place], dict[Path, Place]]:
        """The places of values and of keys: read when something is wrong, and only then, for of a
        large directory they fill four times the memory of what they are the places of.
        """
        values: dict[Path, Place] = {}
        keys: dict[Path, Place] = {}
        root = yaml.compose(self.text, Loader=_Loader)
        assert root is not None
        _locate(root, (), values, keys)
        return values, keys


def read(text: str) -> Source:
    """Read a directory file's text.

    Duplicate keys are among ``problems``. Raise Unreadable, with a place and a remedy, for text
    that is not YAML, or uses what a directory has no need of: anchors, tags, several documents.
    """
    if (bad := _UNPRINTABLE.search(text)) is not None:
        raise _unreadable(*position(text[: bad.start()]), _cannot_stand(bad[0]))
    if len(text.encode()) > MOST_BYTES:
        raise Unreadable(too_large())
    source = Source(text)
    try:
        events = _content(text)
        first = next(events, None)
        if not isinstance(first, yaml.MappingStartEvent):
            raise _unreadable(1, 1, "the file holds no keys. Start from examples/anyshire.yaml.")
        root = _build(first, events, 0, source)
        assert isinstance(root, dict)
        source.root = root
        next(events, None)  # to the end of the file: what follows is refused too
    except yaml.YAMLError as error:
        raise _not_yaml(error) from error
    return source


def position(before: str) -> tuple[int, int]:
    """Return the line and column, from 1, of what follows the text ``before``."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def too_large() -> Problem:
    """Return the problem that a file too large to be a directory has."""
    message = f"the file is larger than {MOST_BYTES} bytes. Leave out what is not the directory."
    return Problem(1, 1, "unreadable", message)


def _content(text: str) -> Iterator[yaml.Event]:
    """Yield the events that carry content. Raise Unreadable for what a directory never needs."""
    begun = False
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            if begun:
                message = "a second document begins here. Keep one, without ---."
                raise _unreadable(*_mark(event), message)
            begun = True
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _unreadable(
                *_mark(event), "anchors (&) and aliases (*) are not used here. Write the value out."
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _unreadable(*_mark(event), f"the tag {tag} is not used here. Leave it out.")
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _build(event: yaml.Event, events: Iterator[yaml.Event], depth: int, source: Source) -> Node:
    if depth > DEEPEST:
        raise _unreadable(*_mark(event), f"nested more than {DEEPEST} deep. Check the indentation.")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items = iter(lambda: next(events), None)
        inside = takewhile(lambda item: not isinstance(item, yaml.SequenceEndEvent), items)
        return [_build(item, events, depth + 1, source) for item in inside]
    return _mapping(events, depth, source)


def _mapping(events: Iterator[yaml.Event], depth: int, source: Source) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key in iter(lambda: next(events), None):
        if isinstance(key, yaml.MappingEndEvent):
            break
        line, column = _mark(key)
        if not isinstance(key, yaml.ScalarEvent):
            raise _unreadable(line, column, "a key must be a word. Write it as `key: value`.")
        name = _scalar(key)
        if name == "<<":
            raise _unreadable(line, column, "merging (<<) is not used here. Write the keys out.")
        value = _build(next(events), events, depth + 1, source)
        if name in found:
            message = f"the key '{name}' is given twice. Keep one of them."
            source.problems.append(Problem(line, column, "duplicate_key", message))
        found[name] = value
    return found


def _locate(
    node: yaml.Node, path: Path, values: dict[Path, Place], keys: dict[Path, Place]
) -> None:
    values[path] = _mark(node)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            keys[(*path, key.value)] = _mark(key)
            _locate(value, (*path, key.value), values, keys)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _locate(item, (*path, number), values, keys)


def _scalar(event: yaml.ScalarEvent) -> str:
    """Return the text of a scalar, where an escape may stand for what cannot stand by itself."""
    found = str(event.value)
    if (bad := _UNPRINTABLE.search(found)) is not None:
        raise _unreadable(*_mark(event), _cannot_stand(bad[0]))
    return found


def _cannot_stand(character: str) -> str:
    return f"the character U+{ord(character):04X} cannot stand in a text. Delete it."


def _mark(found: yaml.Event | yaml.Node) -> Place:
    mark = found.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _unreadable(line: int, column: int, message: str) -> Unreadable:
    return Unreadable(Problem(line, column, "unreadable", message))


def _not_yaml(error: yaml.YAMLError) -> Unreadable:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not text"
    return _unreadable(
        line,
        column,
        f"this is not YAML: {said}. Indent with blanks, not tabs; put text with ': ' or '#' in "
        "quotes; write lists as '- item'.",
    )
