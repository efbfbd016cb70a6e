"""YAML as mappings, lists and texts, with the line and column of each; slips; what was changed.

Every scalar stays text: YAML would read 17:00 as 1020, 01632960001 as octal and ``no`` as false.
What a hurried editor typed that is no YAML, or only looks right, is described in words.
"""

import re
import sys
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import yaml

from routing.errors import KeyPath, PathProblem, Problem

MAX_BYTES = 2_000_000
MAX_NODES = 200_000
MAX_DEPTH = 20
MAX_PROBLEMS = 1000
"""How many problems of one kind are collected: a file with more is not a directory."""

Position = tuple[int, int]
"""Line and column, from 1."""

_DESCRIPTIONS = {
    "Pd": "a long dash ({name}): type an ordinary hyphen",
    "Zs": "a {name}: type an ordinary blank",
    "Pi": "a curly quotation mark: type a straight one",
    "Pf": "a curly quotation mark: type a straight one",
    "\u2212": "a minus sign: type an ordinary hyphen",
    **dict.fromkeys(
        ("Cf", "Cc", "Cn", "Co", "Cs", "Zl", "Zp"), "a {name}, which cannot be seen: delete it"
    ),
}
"""How a character is described, and what to type, by itself or its category in Unicode."""

BIDI_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
"""Marks that change the order in which what follows them is shown, as a character class."""

ODD_CHARACTER = re.compile(r"[^\x20-\x7e\t\r\n]")
"""What no keyboard has, for values that are written in ASCII: hours, dates, numbers, keys."""

HIDDEN_CHARACTER = re.compile(
    f"[\u00a0\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u202f\u2060-\u2064\ufeff\ufffd"
    f"{BIDI_OVERRIDES}]"
    "|[\u00c2\u00c3\u00e2](?=[\u0080-\u00bf\u20ac\u2122])"
    "|[\u0370-\u052f](?=[A-Za-z])|(?<=[A-Za-z])[\u0370-\u052f]"
)
"""What cannot be seen in a text, was lost in a copy, or is a Greek or Cyrillic letter in a Latin
word; the joiners of emoji do not count."""

_KEY = r"^\s*(?:- +)?[A-Za-z0-9][A-Za-z0-9_,-]*"
_NO_COLON = r"^\s*(?:- +)?([A-Za-z][\w,-]*)(?:[=;.]? +[^\s:#]|$)"
_OPEN_QUOTE = r": +(\"[^\"]*|'[^']*)$"
_SLIPS = {
    r"^([<=>|]{7}(?: |$))": (
        "here is a mark of a merge. Finish the merge: keep one of the two versions, and delete the "
        "lines <<<<<<<, ======= and >>>>>>>."
    ),
    r"^[ \w,-]*:?([^\x00-\x7f\w])": "before the value there is {character}.",
    r"^ *(?:- *)?(\t)": "here is a tab. Indent with spaces, not tabs.",
    r"^ *(-)[A-Za-z{]": "a blank is missing after this dash. Write `- ` before an entry.",
    _KEY + r"(:)(?=[^\s/:])": "a blank is missing after this colon. Write `key: value`.",
    _KEY + r": +(['\"])(?:(?!\1).)*\1\s*[^\s#'\"]": (
        "a quotation mark within ends this text. Put a text with ' in double quotes, one with \" "
        "in single quotes."
    ),
    _KEY + r": +(-(?: |$))": (
        "a list may not begin beside its key. Write [one, another], or put a text in quotes."
    ),
    _KEY + r": +([*&!%@`]|[|>](?![-+]?\s*$)|[\[{][^\]}]*[\]}]+\s*[^\s#,\]}])": (
        "a text may not begin with this mark. Put the text in quotes."
    ),
    _KEY + r": +[^'\"{\[#\s][^#]*?(:(?: |$))": (
        "a second colon is in this text. Put the text in quotes, or each key on its own line."
    ),
    r"^ *(['\"])(?:(?!\1).)*\1$": "this is no key. Write `key: value`, without quotes around.",
    r"^\s*(?:- +)?([A-Za-z][\w,-]*) *\{": "a colon is missing after this key. Write `key: value`.",
    _NO_COLON: "a colon is missing after this key. Write `key: value`.",
    r"^ *-( {2,})\S": "more than one blank is after this dash. Write `- ` before an entry.",
}
"""Patterns of lines that no YAML has, with what to type: the first that fits counts."""

_KEY_LABELS = {"phone": "number", "number": "number that callers ring"}
"""What a key is called in a sentence, where that is not the key itself."""

_ORDER = "order"
_NAMING_KEYS = ("date", "from", "every", "kind", "name")
"""Keys by which an entry of a list is told from the others: the first that it has."""

_UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    f"|[{BIDI_OVERRIDES}]"
)
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


Node = str | list["Node"] | dict[str, "Node"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One value that differs; ``old`` or ``new`` is None in the file that lacks it."""

    path: tuple[str, ...]
    owner: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        parts = self.path if self.path != (self.owner,) else ()
        key = "".join(f" {_KEY_LABELS.get(part, part.replace('_', ' '))}" for part in parts)
        new = "taken out" if self.new is None else self.new
        old = "not there" if self.old is None else self.old
        return f"{self.owner}:{key} {new}, was {old}"


class UnreadableFile(Exception):
    """A text that is not YAML, or not the YAML of a directory; ``problem`` says why."""

    def __init__(self, place: Position, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(*place, "unreadable", message)


@dataclass(slots=True)
class YamlSource:
    """The contents of a file: its root mapping with the place of everything, and its problems."""

    root: dict[str, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    places: dict[KeyPath, Position] = field(default_factory=dict)
    key_places: dict[KeyPath, Position] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Position:
        """Return the line and column of a value, or of the nearest value around it that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def value(self, path: KeyPath) -> Node | None:
        """Return what is at ``path``, or None."""
        node: Any = self.root
        try:
            for key in path:
                node = node[key]
        except (KeyError, IndexError, TypeError):
            return None
        return cast(Node, node)

    def key_place(self, path: KeyPath) -> Position:
        """Return the line and column of a key, or what ``place`` returns where there is none."""
        return self.key_places.get(path) or self.place(path)

    def place_of(self, problem: PathProblem) -> Position:
        """Return the line and column of a problem."""
        if problem.offset is None:
            return self.key_place(problem.path)
        line, column = self.place(problem.path)
        quotes = self._from(line, column)[:1] in ("'", '"')
        return line, column + quotes + problem.offset

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

    def _from(self, line: int, column: int) -> str:
        return self.lines[line - 1][column - 1 :] if line <= len(self.lines) else ""


def read_yaml(text: str) -> YamlSource:
    """Read the text of a directory file.

    Duplicate keys are among ``problems``. Raise UnreadableFile, with a place and a remedy, for text
    that is not YAML or uses what a directory does not need: anchors, tags, several documents.
    """
    if match := _UNPRINTABLE.search(text):
        raise UnreadableFile(
            position(text[: match.start()]), f"here is {describe_character(match[0])}."
        )
    source = YamlSource(lines=text.split("\n"))
    try:
        events = yaml.parse(text, Loader=_Loader)
        root = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
        if not isinstance(root, yaml.MappingStartEvent):
            deque(events, maxlen=0)  # so that what is no YAML further on is named instead
            raise UnreadableFile((1, 1), "the file has no keys. Start from examples/anyshire.yaml.")
        source.root = cast(dict[str, Node], _read(root, events, (), source))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                message = "a second document begins here. Keep one, without ---."
                raise UnreadableFile(_place(event), message)
    except yaml.YAMLError as error:
        raise _not_yaml(error, text) from error
    return source


def file_changes(old: YamlSource, new: YamlSource) -> list[FileChange]:
    """Return every value that differs between two files, in order of the new one.

    The order of lists counts, and that of lines, services and roles, unless some were added or
    taken out; that of other keys does not. A path below a line, a service, a role or a helpline
    begins after it, and ``owner`` is its name. An entry of a list goes by its date, its kind or its
    name.
    """
    before, after = dict(_texts(old.root)), dict(_texts(new.root))
    changes = []
    for path in dict.fromkeys([*after, *before]):
        old_text, new_text = before.get(path), after.get(path)
        keys = ((text or "").split(", ") for text in (old_text, new_text))
        if old_text == new_text or (path[-1] == _ORDER and len({*map(frozenset, keys)}) > 1):
            continue
        owner, below = path[0], path[1:] or path
        if owner in ("lines", "services", "rota", "helplines") and len(path) > 2:
            names = (_first_text(source.value((*path[:2], "name"))) for source in (new, old))
            owner, below = next(filter(None, names), path[1]), path[2:]
        changes.append(FileChange(below, owner, old_text, new_text))
    return changes


def describe_character(character: str) -> str:
    """Return what a character is, and what to type: "a no-break space: type an ordinary blank"."""
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    plain = unicodedata.normalize("NFKC", character)
    category = character if character in _DESCRIPTIONS else unicodedata.category(character)
    if plain != character and plain.isascii() and plain.isprintable() and plain.strip():
        return f"a look-alike ({name}): type {plain}"
    unknown = "a character that does not belong here ({name}): type what was meant"
    return _DESCRIPTIONS.get(category, unknown).format(name=name)


def first_character(pattern: re.Pattern[str], text: str) -> tuple[int, str] | None:
    """Return the place and the description of the first character that matches, or None."""
    match = pattern.search(text)
    return None if match is None else (match.start(), describe_character(match[0]))


def position(before: str) -> tuple[int, int]:
    """Return the line and column, from 1, of what follows the text ``before``."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _read(
    event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath, source: YamlSource
) -> Node:
    """Return the value that begins with an event. PyYAML's nodes would hide an unused anchor."""
    place = source.places[path] = _place(event)
    if len(source.places) + len(source.key_places) > MAX_NODES + 1:  # the root is not counted
        message = f"more than {MAX_NODES} values and keys. Leave out what is not the directory."
        raise UnreadableFile(place, message)
    if len(path) > MAX_DEPTH:
        message = f"nested more than {MAX_DEPTH} deep. Check the indentation."
        raise UnreadableFile(place, message)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, place)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_read(event, events, (*path, len(items)), source))
        return items
    mapping: dict[str, Node] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        place = _place(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise UnreadableFile(place, "a key must be a word. Write it as `key: value`.")
        key = sys.intern(_scalar(event, place))  # one text for all keys of a name
        if key == "<<":
            raise UnreadableFile(place, "merging (<<) is not used here. Write the keys out.")
        if key in mapping and len(source.problems) < MAX_PROBLEMS:
            message = f"the key '{key}' is given twice. Keep one of them."
            source.problems.append(Problem(*place, "duplicate_key", message))
        source.key_places[*path, key] = place
        mapping[key] = _read(next(events), events, (*path, key), source)
    return mapping


def _scalar(event: yaml.ScalarEvent, place: Position) -> str:
    """Return the text of a scalar, in which an escape may stand for a forbidden character."""
    text = str(event.value)
    if (match := _UNPRINTABLE.search(text)) is not None:
        raise UnreadableFile(place, f"here is {describe_character(match[0])}.")
    return text


def _place(event: yaml.Event) -> Position:
    """Return the place of an event. Raise UnreadableFile for an anchor, an alias or a tag."""
    mark = event.start_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if getattr(event, "anchor", None) is not None:
        message = (
            "anchors (&) and aliases (*) are not used here. Write the value out; put a text that "
            "begins with & or * in quotes."
        )
        raise UnreadableFile(place, message)
    if (tag := getattr(event, "tag", None)) is not None:
        tag = tag.replace("tag:yaml.org,2002:", "!!")
        message = f"the tag {tag} is not used here. Leave it out, or put the text in quotes."
        raise UnreadableFile(place, message)
    return place


def _not_yaml(error: yaml.YAMLError, text: str) -> UnreadableFile:
    """Return why ``text`` is not YAML, at the slip rather than where YAML gave up.

    The slip is looked for where YAML began to read what it gave up on, and in the line above.
    """
    reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "no text")
    context, mark = str(getattr(error, "context", "")), getattr(error, "problem_mark", None)
    if re.search("simple key|quoted|flow", context):
        mark = getattr(error, "context_mark", None) or mark
    place = line, _ = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    rows = _rows(text)
    before = [number for number in rows if number <= line]
    if slip := _find_slip(rows, before, re.search("mapping values|':'", reason) is not None):
        return slip
    if "flow" in context:
        message = (
            "this bracket is not closed, or within it a comma is missing, or a text needs quotes. "
            "Write {key: value, key: value}."
        )
        return UnreadableFile(place, message)
    if "simple key" in context:
        return UnreadableFile(place, "this is no key. Write `key: value`, without quotes around.")
    if before and re.search("mapping values|expected key|'-' indicator|document start", reason):
        return _wrong_column(rows, before[-1])
    message = f"this is not YAML: {reason}. Put a text with ': ' or '#' in quotes."
    return UnreadableFile(place, message)


def _rows(text: str) -> dict[int, str]:
    """Return the lines by number, without blank ones, comments and what is below a `|` or `>`."""
    rows: dict[int, str] = {}
    opener, text_indent = -1, MAX_BYTES
    for number, row in enumerate(text.split("\n"), 1):
        indent = len(row) - len(row.lstrip(" \t"))  # YAML takes no other blank for one
        if not row.strip(" \t\r") or row[indent] == "#":
            continue
        if 0 <= opener < indent:
            text_indent = indent
        opener = -1
        if indent < text_indent:
            rows[number], text_indent = row.rstrip(), MAX_BYTES
            opener = indent if re.search(r"[|>][-+]?$", rows[number]) else -1
    return rows


def _find_slip(
    rows: Mapping[int, str], before: Sequence[int], is_colon_missing: bool
) -> UnreadableFile | None:
    """Return the slip in one of the last two lines, or one of another line that YAML read over."""
    for number, (pattern, message) in product(before[:-3:-1], _SLIPS.items()):
        is_tried = is_colon_missing or pattern != _NO_COLON
        if is_tried and (match := re.search(pattern, rows[number])):
            message = message.format(character=describe_character(match[1][0]))
            return UnreadableFile((number, match.start(1) + 1), message)
    for number in reversed(before):
        if match := re.search(r"^ *([^\S \t])", rows[number]):
            message = f"before the value there is {describe_character(match[1])}."
            return UnreadableFile((number, match.start(1) + 1), message)
        if match := re.search(_OPEN_QUOTE, re.sub(r" #.*", "", rows[number])):
            message = "this quotation mark is not closed. Write the other at the end of the text."
            return UnreadableFile((number, match.start(1) + 1), message)
    return None


def _wrong_column(rows: dict[int, str], last: int) -> UnreadableFile:
    """Return which line is out of place: the ``last`` one, where YAML gave up, or the one above.

    It is the only line after an odd number of blanks. Otherwise it is the one that, in the column
    of a line nearby or after a dash, makes the file YAML. Of both, or neither, it is the last if
    they are in the same column, and else the one whose column fewer lines nearby have.
    """
    numbers = list(rows)
    index = numbers.index(last)
    columns = {number: len(row) - len(row.lstrip()) + 1 for number, row in rows.items()}
    nearby = [columns[number] for number in numbers[max(0, index - 3) : index + 4]]

    def can_be_mended(number: int) -> bool:
        text, indent = rows[number].lstrip(), " " * (columns[number] - 1)
        forms = [f"{indent}- {text.lstrip('- ')}", *(" " * (n - 1) + text for n in {*nearby})]
        return any(_is_yaml(rows | {number: form}) for form in forms)

    suspects = [number for number in numbers if columns[number] % 2 == 0]
    if len(suspects) != 1 or suspects[0] > last:
        pair = numbers[max(0, index - 1) : index + 1]
        suspects = list(filter(can_be_mended, pair)) or pair
    number = min(suspects, key=lambda suspect: nearby.count(columns[suspect]))
    if len({columns[suspect] for suspect in suspects}) == 1:
        number = suspects[-1]
    message = (
        f"this begins in column {columns[number]}. Begin it in the column of the lines that it "
        "belongs beside, and write `- ` before each entry of a list."
    )
    return UnreadableFile((number, columns[number]), message)


def _is_yaml(rows: Mapping[int, str]) -> bool:
    try:
        deque(yaml.parse("\n".join(rows.values()), Loader=_Loader), maxlen=0)
    except yaml.YAMLError:
        return False
    return True


def _texts(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text with its path, and the order of a part's keys where that counts."""
    is_ordered = path in (("lines",), ("services",), ("rota",))
    if isinstance(node, list) and any(isinstance(entry, dict) for entry in node):
        node, is_ordered = _entries_by_name(node), True
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, (*path, key))
        if is_ordered:
            yield (*path, _ORDER), ", ".join(node)
    elif isinstance(node, list):
        texts = (f"'{text}'" if "," in text else str(text) for text in node)
        yield path, ", ".join(texts) or "nothing"
    else:
        yield path, node.strip()


def _entries_by_name(entries: Sequence[Node]) -> dict[str, Node]:
    by_name: dict[str, Node] = {}
    for entry in entries:
        keys = cast(dict[str, Node], entry)
        name = next((_first_text(keys[key]) for key in _NAMING_KEYS if key in keys), "")
        while name in by_name:
            name += " again"
        by_name[name] = entry
    return by_name


def _first_text(node: Node | None) -> str:
    """Return a text, in the first of its languages; "" for anything else."""
    text = next(iter(node.values()), "") if isinstance(node, dict) else node
    return text if isinstance(text, str) else ""
