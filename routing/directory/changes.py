"""What was changed between two directory files, value by value, in the words of the file."""

from collections.abc import Iterator
from dataclasses import dataclass

from routing.directory.yaml_source import KeyPath, Node, YamlSource

_NAMES = {"phone": "number", "number": "number that callers ring"}
"""What a key is called in a sentence, where that is not the key itself."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One value that differs; ``old`` or ``new`` is None in the file that lacks it."""

    path: KeyPath
    owner: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        key = " ".join(_label(part) for part in self.path)
        new = "taken out" if self.new is None else self.new
        old = "not there" if self.old is None else self.old
        return f"{self.owner}: {key} {new}, was {old}"


def file_changes(old: YamlSource, new: YamlSource) -> list[FileChange]:
    """Return every value that differs between two files, those of the new one first, in order.

    The order of keys does not count; that of lists does. A path below a line, a service or a role
    begins after its id, and ``owner`` is its name.
    """
    before, after = dict(_values(old.root)), dict(_values(new.root))
    return [
        _change(path, before.get(path), after.get(path), new, old)
        for path in dict.fromkeys([*after, *before])
        if before.get(path) != after.get(path)
    ]


def _change(
    path: KeyPath, old_text: str | None, new_text: str | None, new: YamlSource, old: YamlSource
) -> FileChange:
    if path[0] in ("lines", "services", "rota", "helplines") and len(path) > 2:
        owner = _name(new, path[:2]) or _name(old, path[:2]) or str(path[1])
        return FileChange(path[2:], owner, old_text, new_text)
    return FileChange(path[1:] or path, str(path[0]), old_text, new_text)


def _name(source: YamlSource, path: KeyPath) -> str | None:
    """Return the name of a line, service, role or helpline, in the first language that it has."""
    name = source.value((*path, "name"))
    if isinstance(name, dict):
        name = next(iter(name.values()), None)
    return name if isinstance(name, str) else None


def _label(part: str | int) -> str:
    return str(part + 1) if isinstance(part, int) else _NAMES.get(part, part.replace("_", " "))


def _values(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text of a file with its path; a list of texts is one text."""
    if isinstance(node, str):
        yield path, node.strip()
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _values(value, (*path, key))
    elif all(isinstance(item, str) for item in node):
        yield path, ", ".join(str(item) for item in node) or "nothing"
    else:
        for n, item in enumerate(node):
            yield from _values(item, (*path, n))
