"""A directory file as a Directory, or every problem in it at once, or the last good one.

The file may be hostile: reading it has limits of time, size and memory.
"""

import fcntl
import hashlib
import logging
import pickle
import re
import resource
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from routing.core.directory import Directory, Phone
from routing.directory import schema
from routing.directory.yaml_source import (
    MAX_BYTES,
    MAX_PROBLEMS,
    ODD_CHARACTER,
    KeyPath,
    Node,
    PathProblem,
    UnreadableFile,
    YamlSource,
    first_character,
    position,
    read_yaml,
)
from routing.errors import InvalidDirectory, Problem
from routing.files import open_lock, probe, read_bytes, write_atomically

MAX_LABEL_CHARS = 30
"""Of a key before what is wrong with its value: a longer one is a text in a wrong place."""

MAX_NAMES_SEARCHED = 100
"""How many names are searched for a similar one: with more, that takes too long."""

PARSE_CPU_SECONDS = 10.0
"""CPU time for parsing a large file, so that a busy machine counts against no file."""

PARSE_TIMEOUT_SECONDS = 60.0
"""How long a process may take in all to start and to parse a large file."""

MAX_PARSE_BYTES = 280 * 2**20
"""Memory of the process that parses a large file; with what it shares it stays below 300 MiB."""

MAX_INLINE_CHARS = 250_000
"""A longer text, of some 230 services, is parsed in a process of its own, which takes 0.3 seconds
of CPU time to start. A shorter one needs 120 MiB and four seconds at the very worst.
"""

LOCK_TIMEOUT_SECONDS = 12.0
"""How long to wait for another process that is loading: longer than a good file takes."""

MAX_ATTEMPTS = 2
"""How often a text may end the process that parses it."""

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys, types
# Without the package's own __init__, which imports the whole service.
package = types.ModuleType("routing")
package.__path__ = ["routing"]
sys.modules["routing"] = package
from routing.directory.load import parse_standard_input
parse_standard_input()
"""


class ReaderEnded(InvalidDirectory):
    """The process that parsed a file needed too much memory or CPU time; the problem says which."""

    def __init__(self, file: Path, reason: str) -> None:
        message = f"reading it {reason}. Leave out what is not the directory."
        super().__init__(file, [Problem(0, 0, "not_read", message)])


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A directory to answer from, and ``sha256`` of its text.

    When the file is broken, this is the last good directory: ``problems`` is what is wrong with the
    file, and ``kept_at`` when the last good directory was last known to be good. Otherwise they are
    empty and None.
    """

    directory: Directory
    sha256: str
    problems: tuple[Problem, ...] = ()
    kept_at: datetime | None = None


class LastGoodDirectory:
    """The folder in which the last good directory is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "last-good-directory.yaml"
        self.attempts_file = folder / "directory-attempts"

    def load(self, file: Path) -> LoadResult:
        """Return the directory in ``file`` and keep it; the last good one when the file is broken.

        Raise InvalidDirectory, with the file's problems, when the file is broken and there is no
        last good directory. A folder that cannot be written is logged and stops nothing.
        """
        with self._lock() as is_locked:
            try:
                text = read_text(file)
                directory = self._parse(text, file)
            except InvalidDirectory as error:
                return self._last_good(error)
            except Exception as error:  # a fault of ours: callers are answered all the same
                message = f"it could not be read ({error!r}). Undo the last change of it."
                return self._last_good(InvalidDirectory(file, [Problem(0, 0, "fault", message)]))
            if is_locked:
                self._save(self.file, text)
            return LoadResult(directory, _sha256(text))

    def _parse(self, text: str, file: Path) -> Directory:
        """Return the directory in ``text``; a large text is parsed in a child process.

        A text that ended its reader MAX_ATTEMPTS times is refused from then on, in every process.
        """
        if len(text) <= MAX_INLINE_CHARS:
            return parse(text, file)[0]
        sha256 = _sha256(text)
        attempts = self._attempts(sha256)
        if attempts >= MAX_ATTEMPTS:
            message = (
                f"it is not read again until it changes: its reader was ended {attempts} times. "
                "Leave out what is not the directory, and see `who-to-call directory check`."
            )
            raise InvalidDirectory(file, [Problem(1, 1, "not_read", message)])
        try:
            return parse_in_child(text, file)[0]
        except ReaderEnded:
            self._save(self.attempts_file, f"{sha256} {attempts + 1}\n")
            raise

    def _attempts(self, sha256: str) -> int:
        try:
            saved, count = read_bytes(self.attempts_file).split()
            return int(count) if saved == sha256.encode() else 0
        except (OSError, ValueError):
            return 0

    def _last_good(self, error: InvalidDirectory) -> LoadResult:
        try:
            text = read_text(self.file)
            directory, _ = parse(text, self.file)
            kept_at = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except (InvalidDirectory, OSError):
            raise error from None
        return LoadResult(directory, _sha256(text), error.problems, kept_at)

    def _save(self, file: Path, text: str) -> None:
        try:
            write_atomically(file, text.encode())
        except OSError as error:
            log.warning("cannot write %s: %s", file, error)

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Let one process load at a time, so that an older text never replaces a newer one.

        Yield False, for loading without saving, when the lock cannot be had within
        LOCK_TIMEOUT_SECONDS.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.folder / "directory.lock")
        except OSError as error:
            log.warning("cannot lock %s: %s", self.folder, error)
            yield False
            return
        with lock:
            yield _acquire(lock)


def load(file: Path) -> tuple[Directory, YamlSource]:
    """Return the directory in ``file``, and its source with the place of everything.

    Raise InvalidDirectory, with every problem, when it cannot be read or used. A large file is
    parsed in a child process, so that a hostile one cannot take this process's memory.
    """
    probe(file)
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
        message = f"the file cannot be read: {reason}. Check its path, or DIRECTORY."
        raise InvalidDirectory(file, [Problem(0, 0, "unreadable", message)]) from error
    if len(content) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES} bytes. Leave out what is not the directory."
        raise InvalidDirectory(file, [Problem(1, 1, "unreadable", message)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = position(content[: error.start].decode())
        message = (
            "this is not text in UTF-8. Save the file as UTF-8, and a Word document or spreadsheet "
            'as plain text ("Text only").'
        )
        raise InvalidDirectory(file, [Problem(line, column, "unreadable", message)]) from error


def parse(text: str, file: Path) -> tuple[Directory, YamlSource]:
    """Return the directory in ``text`` and its source. Raise as ``load``, naming ``file``."""
    try:
        source = read_yaml(text)
    except UnreadableFile as error:
        raise InvalidDirectory(file, [error.problem]) from error
    problems = source.problems + [
        _bad_value(path, message, source, False, code)
        for path, code, message, _ in islice(_reference_problems(source.root), MAX_PROBLEMS)
    ]
    names = _items(source.root.get("languages"))
    languages = [str(name) for name in names if name in schema.LANGUAGES]
    context = schema.Context(languages or schema.LANGUAGES)
    try:
        model = schema.DirectoryModel.model_validate(source.root, context=context)
    except ValidationError as error:
        errors = chain.from_iterable(_validation_problems(e, source) for e in error.errors())
        problems += islice(errors, MAX_PROBLEMS)
        raise InvalidDirectory(file, problems) from error
    if problems:
        raise InvalidDirectory(file, problems)
    return model.build(), source


def parse_in_child(text: str, file: Path) -> tuple[Directory, bytes]:
    """Return the directory in ``text``, parsed in a process with limits of memory and CPU time.

    With it comes its YamlSource as a pickle, which only some need: reading that takes 0.3 seconds.
    Raise InvalidDirectory, naming ``file``, also when the process cannot be started or does not
    end in time; ReaderEnded when it needs more than MAX_PARSE_BYTES or PARSE_CPU_SECONDS.
    """
    try:
        process = subprocess.run(  # noqa: S603 - Python itself, with arguments of our own
            [sys.executable, "-c", _PROGRAM, file, str(MAX_PARSE_BYTES), str(PARSE_CPU_SECONDS)],
            cwd=_ROOT,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PARSE_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "this takes too long"
        message = f"no process can read it: {reason}. Check what else this machine is doing."
        raise InvalidDirectory(file, [Problem(0, 0, "not_read", message)]) from error
    if process.returncode == -signal.SIGPROF:
        raise ReaderEnded(file, f"takes more than {PARSE_CPU_SECONDS:g} seconds of CPU time")
    if process.returncode != 0:
        reason = f"needs more than {MAX_PARSE_BYTES // 2**20} MiB of memory, or fails otherwise"
        raise ReaderEnded(file, reason)
    result = pickle.loads(process.stdout)  # noqa: S301 - written by our own child process
    if isinstance(result, tuple):
        return result
    raise InvalidDirectory(file, result)


def parse_standard_input() -> None:
    """Be the process of ``parse_in_child``: pickle the directory on standard input to its output.

    The arguments are the file's name, the bytes of memory and the seconds of CPU time allowed.
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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _acquire(lock: IO[bytes]) -> bool:
    """Take the lock. Return False when another process, which may hang, keeps it to the end."""
    give_up_at = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if not isinstance(error, BlockingIOError) or time.monotonic() > give_up_at:
                log.warning("cannot lock %s, so nothing is kept: %s", lock.name, error)
                return False
            time.sleep(0.02)


def _reference_problems(root: dict[str, Node]) -> Iterator[PathProblem]:
    """Yield what is wrong between the parts of the file.

    It takes the file as it was read, whatever its shape, so that these problems are shown together
    with all others. It leaves out what does not have the right shape.
    """
    lines, services = _mapping(root.get("lines")), _mapping(root.get("services"))
    references: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for service_id, service in services.items():
        for key, index, line_id in _line_references(_mapping(service)):
            references[line_id].append((service_id, key))
            if line_id not in lines:
                path: KeyPath = ("services", service_id, key, *index)
                message = f"there is no line {schema.shown(line_id)}. {_nearest(line_id, lines)}"
                yield PathProblem(path, "unknown_line", message)
    for line_id, line in lines.items():
        yield from _check_line(line_id, _mapping(line), references[line_id], services)
    for role_id, role in _mapping(root.get("rota")).items():
        needed_when = _mapping(_mapping(role).get("needed_when"))
        for key, kind, known in (("line", "line", lines), ("out_of_hours_of", "service", services)):
            name = needed_when.get(key)
            if isinstance(name, str) and name not in known:
                path = ("rota", role_id, "needed_when", key)
                message = f"there is no {kind} {schema.shown(name)}. {_nearest(name, known)}"
                yield PathProblem(path, f"unknown_{kind}", message)


def _line_references(service: dict[str, Node]) -> Iterator[tuple[str, tuple[int, ...], str]]:
    if isinstance(line_id := service.get("out_of_hours"), str):
        yield "out_of_hours", (), line_id
    for key in ("lines", "if_unanswered"):
        names = enumerate(_items(service.get(key)))
        yield from ((key, (n,), name) for n, name in names if isinstance(name, str))


def _check_line(
    line_id: str,
    line: dict[str, Node],
    references: Sequence[tuple[str, str]],
    services: dict[str, Node],
) -> Iterator[PathProblem]:
    """Yield why services may not ring a line. ``references``: the services and keys naming it."""
    path: KeyPath = ("lines", line_id)
    if line.get("visibility") == "internal":
        for service_id in dict.fromkeys(service_id for service_id, _ in references):
            if "number" not in _mapping(services[service_id]):
                message = (
                    f"'{line_id}' is internal, and '{service_id}' has no `number` to show instead. "
                    "Add one to the service, or make the line public."
                )
                yield PathProblem((*path, "visibility"), "internal_line_reachable", message)
    keys = {key for _, key in references}
    for number_path, phone in _numbers(path, line):
        message = ""
        if phone.is_emergency and keys != {"out_of_hours"}:
            message = (
                f"'{phone.display}' answers only as `out_of_hours`. Take '{line_id}' out of "
                "`lines` and `if_unanswered`, or move it to `helplines`."
            )
        elif not phone.is_emergency and keys and (why := schema.forbidden_reason(phone.e164)):
            message = f"'{phone.display}' may not be rung by a service: {why}. Write another."
        if message:
            yield PathProblem(number_path, "barred_number", message)


def _numbers(path: KeyPath, line: dict[str, Node]) -> Iterator[tuple[KeyPath, Phone]]:
    days = enumerate(_items(line.get("special_days")))
    entries = (((*path, "special_days", n), _mapping(day)) for n, day in days)
    for part_path, part in ((path, line), *entries):
        with suppress(KeyError, ValueError):  # validation says what is wrong with it
            yield (*part_path, "phone"), schema.parse_line_phone(part["phone"])


def _nearest(name: str, words: Iterable[str]) -> str:
    """Return which of the words that may stand here is meant, or the first few."""
    known = list(words)
    if similar := get_close_matches(name.casefold(), known[:MAX_NAMES_SEARCHED], 1):
        return f"Did you mean '{similar[0]}'?"
    first = [schema.shown(word) for word in known[:3]] or ["one that is in the file"]
    return f"Write {' or '.join(first)}{' or another' * (len(known) > len(first))}."


def _mapping(node: Node | None) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _items(node: Node | None) -> list[Node]:
    return node if isinstance(node, list) else []


def _validation_problems(error: Any, source: YamlSource) -> Iterator[Problem]:
    path: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    kind, name, of_key = error["type"], path[-1] if path else "", error["loc"][-1:] == ("[key]",)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, schema.FieldErrors):
        for part in cause.errors:
            yield _bad_value((*path, part.key), part.message, source, part.of_key)
    elif kind == "missing":
        message = f"'{name}' is missing. Add it: examples/anyshire.yaml shows how."
        yield Problem(*source.place(path[:-1]), "missing_key", message)
    elif kind == "extra_forbidden":
        message = _unknown_key(str(name), source.value(path))
        yield _bad_value(path, message, source, of_key=True, code="unknown_key")
    else:
        message = str(cause) if kind == "value_error" else _plain_message(kind, error)
        yield _bad_value(path, message, source, of_key)


def _bad_value(
    path: KeyPath, message: str, source: YamlSource, of_key: bool, code: str = "bad_value"
) -> Problem:
    """Return the problem of a value or key, at the character in it that does not belong there."""
    name = path[-1] if path else ""
    value = name if of_key else source.value(path)
    label = f"{name}: " if isinstance(name, str) and 0 < len(name) <= MAX_LABEL_CHARS else ""
    place = source.key_place(path) if of_key else source.place(path)
    if isinstance(value, str) and (odd := first_character(ODD_CHARACTER, value)):
        offset, description = odd
        place = (place[0], place[1] + offset) if of_key else source.place_in(path, offset)
        label = "".join(c if c.isascii() else "?" for c in label)
        message = f"here is {description}."
    return Problem(*place, code, f"{label}{message}")


def _unknown_key(name: str, value: Node | None) -> str:
    if reason := schema.lone_key_reason(name, value):
        return reason
    if name in schema.KEYS:
        return "this key does not belong here. Correct its indentation, or delete it."
    if similar := get_close_matches(name, schema.KEYS, 1, cutoff=0.7):
        return f"this key is not known. Did you mean '{similar[0]}'?"
    return (
        "this key is not known here. Correct its spelling or its indentation: "
        "examples/anyshire.yaml has every key."
    )


def _plain_message(kind: str, error: Any) -> str:
    value, context = error["input"], error.get("ctx", {})
    if kind == "literal_error":
        words = re.findall(r"'(.+?)'", context["expected"])
        return f"{schema.shown(value)} cannot be used here. {_nearest(str(value), words)}"
    remedies = {
        "string_type": "write one text",
        "int_parsing": "write a whole number",
        "int_type": "write a whole number",
        "greater_than_equal": f"write {context.get('ge')} or more",
        "less_than_equal": f"write {context.get('le')} or less",
        "list_type": "write a list: [one, another], or one on each line after `- `",
        "dict_type": "write keys and values below it, indented, without dashes",
        "model_type": "write keys and values below it, indented",
        "too_short": "write at least one entry",
        "too_long": f"write {context.get('max_length')} entries at most",
    }
    return f"{schema.shown(value)} cannot be used here: {remedies.get(kind, error['msg'])}."
