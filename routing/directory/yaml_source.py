"""YAML as mappings, lists and texts, with the line and column of each.

Every scalar stays text: YAML would read 17:00 as 1020, 01632960001 as octal and ``no`` as false.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import yaml

from routing.directory.diagnosis import BIDI_OVERRIDES, describe_character, find_slip
from routing.errors import Problem

MAX_BYTES = 2_000_000
MAX_NODES = 200_000
MAX_ENTRIES = 10_000
"""Entries of one list or mapping."""

MAX_DEPTH = 20
MAX_PROBLEMS = 1000
"""How many problems of one kind are collected: a file with more is not a directory."""

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value from the root of the file."""

Position = tuple[int, int]
"""Line and column, from 1."""

_UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]" f"|[{BIDI_OVERRIDES}]"
)
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class PathProblem(NamedTuple):
    """A problem with what is at a path, and what to write instead.

    It is at the value if ``offset`` says how many characters into it, and at the key if that is
    None.
    """

    path: KeyPath
    code: str
    message: str
    offset: int | None = None


class MappingNode(dict[str, "Node"]):
    """A mapping, with the place of each key and of its value."""

    __slots__ = ("key_places", "places")

    def __init__(self) -> None:
        super().__init__()
        self.key_places: dict[str, Position] = {}
        self.places: dict[str | int, Position] = {}


class ListNode(list["Node"]):
    """A list, with the place of each item."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str | int, Position] = {}


Node = str | list["Node"] | dict[str, "Node"]


class UnreadableFile(Exception):
    """A text that is not YAML, or not the YAML of a directory; ``problem`` says why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, column, "unreadable", message)


@dataclass(slots=True)
class YamlSource:
    """The contents of a file: its root mapping with the place of everything, and its problems."""

    root: MappingNode = field(default_factory=MappingNode)
    problems: list[Problem] = field(default_factory=list)
    start: Position = (1, 1)
    nodes: int = 0
    lines: list[str] = field(default_factory=list)

    def place(self, path: KeyPath) -> Position:
        """Return the line and column of a value, or of the nearest value around it that exists."""
        return self._walk(path)[0]

    def value(self, path: KeyPath) -> Node | None:
        """Return what is at ``path``, or None."""
        return self._walk(path)[1]

    def key_place(self, path: KeyPath) -> Position:
        """Return the line and column of a key, or what ``place`` returns where there is none."""
        mapping = self.value(path[:-1])
        if path and isinstance(mapping, MappingNode) and path[-1] in mapping.key_places:
            return mapping.key_places[str(path[-1])]
        return self.place(path)

    def place_of(self, problem: PathProblem) -> Position:
        """Return the line and column of a problem."""
        if problem.offset is None:
            return self.key_place(problem.path)
        return self.place_in(problem.path, problem.offset)

    def place_in(self, path: KeyPath, offset: int) -> Position:
        """Return the line and column of the character ``offset`` characters into a text."""
        line, column = self.place(path)
        quotes = self._from(line, column)[:1] in ("'", '"')
        return line, column + quotes + offset

    def scalars(self, below: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
        """Yield every text of the file at or below a path, with its own path, in order."""
        nodes = [(below, self.value(below))]
        while nodes:
            path, node = nodes.pop()
            if isinstance(node, str):
                yield path, node
            elif isinstance(node, dict):
                nodes += [((*path, key), value) for key, value in reversed(node.items())]
            elif isinstance(node, list):
                nodes += [((*path, n), value) for n, value in reversed(list(enumerate(node)))]

    def rest_of_line(self, path: KeyPath, text: str) -> str:
        """Return what follows ``text``, a value without quotes, on its line; "" elsewhere."""
        after = self._from(*self.place(path))
        return after[len(text) :] if after.startswith(text) else ""

    def _walk(self, path: KeyPath) -> tuple[Position, Node | None]:
        """Return the place of a value and the value; where there is none, that around it, None."""
        place, node = self.start, cast(Node, self.root)
        for key in path:
            if not isinstance(node, MappingNode | ListNode) or key not in node.places:
                return place, None
            place, node = node.places[key], node[key]  # type: ignore[index]
        return place, node

    def _from(self, line: int, column: int) -> str:
        """Return the rest of a line, from ``column`` on."""
        return self.lines[line - 1][column - 1 :] if line <= len(self.lines) else ""


def read_yaml(text: str) -> YamlSource:
    """Read the text of a directory file.

    Duplicate keys are among ``problems``. Raise UnreadableFile, with a place and a remedy, for text
    that is not YAML or uses what a directory does not need: anchors, tags, several documents.
    """
    if (match := _UNPRINTABLE.search(text)) is not None:
        raise UnreadableFile(*position(text[: match.start()]), _forbidden_character(match[0]))
    source = YamlSource(lines=text.split("\n"))
    try:
        events = _content_events(text)
        first = next(events, None)
        if not isinstance(first, yaml.MappingStartEvent):
            raise UnreadableFile(1, 1, "the file has no keys. Start from examples/anyshire.yaml.")
        source.start = _position(first)
        source.root = _mapping(events, 0, source)
        next(events, None)  # to the end of the file: what follows is refused too
    except yaml.YAMLError as error:
        raise _not_yaml(error, text) from error
    return source


def position(before: str) -> tuple[int, int]:
    """Return the line and column, from 1, of what follows the text ``before``."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _content_events(text: str) -> Iterator[yaml.Event]:
    """Yield the events that carry content. Raise UnreadableFile for what a directory never needs.

    PyYAML's nodes would hide an anchor that is not used, and ``!!str``.
    """
    has_begun = False
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            if has_begun:
                message = "a second document begins here. Keep one, without ---."
                raise UnreadableFile(*_position(event), message)
            has_begun = True
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableFile(
                *_position(event),
                "anchors (&) and aliases (*) are not used here. Write the value out; put a text "
                "that begins with & or * in quotes.",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise UnreadableFile(
                *_position(event), f"the tag {tag} is not used here. Leave it out."
            )
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int, source: YamlSource) -> Node:
    source.nodes += 1
    if source.nodes > MAX_NODES:
        message = f"more than {MAX_NODES} values and keys. Leave out what is not the directory."
        raise UnreadableFile(*_position(event), message)
    if depth > MAX_DEPTH:
        message = f"nested more than {MAX_DEPTH} deep. Check the indentation."
        raise UnreadableFile(*_position(event), message)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        return _list(events, depth, source)
    return _mapping(events, depth, source)


def _list(events: Iterator[yaml.Event], depth: int, source: YamlSource) -> ListNode:
    items = ListNode()
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        _check_size(items, event)
        items.places[len(items)] = _position(event)
        items.append(_node(event, events, depth + 1, source))
    return items


def _mapping(events: Iterator[yaml.Event], depth: int, source: YamlSource) -> MappingNode:
    mapping = MappingNode()
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        _check_size(mapping, event)
        line, column = _position(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise UnreadableFile(line, column, "a key must be a word. Write it as `key: value`.")
        source.nodes += 1
        name = _scalar(event)
        if name == "<<":
            raise UnreadableFile(line, column, "merging (<<) is not used here. Write the keys out.")
        if name in mapping and len(source.problems) < MAX_PROBLEMS:
            message = f"the key '{name}' is given twice. Keep one of them."
            source.problems.append(Problem(line, column, "duplicate_key", message))
        mapping.key_places[name] = line, column
        event = next(events)
        mapping.places[name] = _position(event)
        mapping[name] = _node(event, events, depth + 1, source)
    return mapping


def _check_size(entries: MappingNode | ListNode, event: yaml.Event) -> None:
    if len(entries) >= MAX_ENTRIES:
        message = f"more than {MAX_ENTRIES} entries. Leave out what is not the directory."
        raise UnreadableFile(*_position(event), message)


def _scalar(event: yaml.ScalarEvent) -> str:
    """Return the text of a scalar, in which an escape may stand for a forbidden character."""
    text = str(event.value)
    if (match := _UNPRINTABLE.search(text)) is not None:
        raise UnreadableFile(*_position(event), _forbidden_character(match[0]))
    return text


def _forbidden_character(character: str) -> str:
    if re.match(f"[{BIDI_OVERRIDES}]", character):
        return f"here is {describe_character(character)}."
    return f"the character U+{ord(character):04X} cannot be used in a text. Delete it."


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _not_yaml(error: yaml.YAMLError, text: str) -> UnreadableFile:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    slip = find_slip(text, line, column)
    if slip is not None:
        return UnreadableFile(*slip)
    context = getattr(error, "context_mark", None)
    if context is not None and context.line + 1 < line and _is_at_end(text, line):
        message = "a quotation mark or bracket that opens here is not closed. Write the other one."
        return UnreadableFile(context.line + 1, context.column + 1, message)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not text"
    return UnreadableFile(
        line,
        column,
        f"this is not YAML: {reason}. Indent with spaces, not tabs; put text with ': ' or '#' in "
        "quotes; write lists as '- item'.",
    )


def _is_at_end(text: str, line: int) -> bool:
    return line > text.rstrip().count("\n") + 1
