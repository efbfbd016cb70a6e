"""YAML as plain mappings, lists and texts, with the line and column of each.

Every scalar stays text: YAML would read 17:00 as 1020, 01632960001 as octal and ``no`` as false.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from routing.errors import Problem

MOST_BYTES = 1_000_000
DEEPEST = 20

Node = str | list["Node"] | dict[str, "Node"]
Path = tuple[str | int, ...]

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The text is no YAML that can be used; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Source:
    """What was read: the root mapping, the place of each value and of each key, and problems."""

    root: dict[str, Node] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> tuple[int, int]:
        """Return line and column of a value, or of the nearest thing around it that is there."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key_place(self, path: Path) -> tuple[int, int]:
        """Return line and column of a key, or of its value's surroundings."""
        return self.keys.get(path) or self.place(path)


def read(text: str) -> Source:
    """Read a directory file's text.

    Duplicate keys are among ``problems``. Raise Unreadable, with a place and a remedy, for text
    that is not YAML, or uses what a directory has no need of: anchors, tags, several documents.
    """
    if (bad := _UNPRINTABLE.search(text)) is not None:
        raise _unreadable(*position(text[: bad.start()]), _cannot_stand(bad[0]))
    if len(text.encode()) > MOST_BYTES:
        raise Unreadable(too_large())
    source = Source()
    try:
        events = _content(text)
        first = next(events, None)
        if not isinstance(first, yaml.MappingStartEvent):
            raise _unreadable(1, 1, "the file holds no keys. Start from examples/anyshire.yaml.")
        root = _build(first, events, (), source)
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


def _build(event: yaml.Event, events: Iterator[yaml.Event], path: Path, source: Source) -> Node:
    source.values[path] = _mark(event)
    if len(path) > DEEPEST:
        raise _unreadable(*_mark(event), f"nested more than {DEEPEST} deep. Check the indentation.")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        for item in iter(lambda: next(events), None):
            if isinstance(item, yaml.SequenceEndEvent):
                return items
            items.append(_build(item, events, (*path, len(items)), source))
    return _mapping(events, path, source)


def _mapping(events: Iterator[yaml.Event], path: Path, source: Source) -> dict[str, Node]:
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
        value = _build(next(events), events, (*path, name), source)
        if name in found:
            message = f"the key '{name}' is given twice. Keep one of them."
            source.problems.append(Problem(line, column, "duplicate_key", message))
        source.keys[(*path, name)] = (line, column)
        found[name] = value
    return found


def _scalar(event: yaml.ScalarEvent) -> str:
    """Return the text of a scalar, where an escape may stand for what cannot stand by itself."""
    found = str(event.value)
    if (bad := _UNPRINTABLE.search(found)) is not None:
        raise _unreadable(*_mark(event), _cannot_stand(bad[0]))
    return found


def _cannot_stand(character: str) -> str:
    return f"the character U+{ord(character):04X} cannot stand in a text. Delete it."


def _mark(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
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
