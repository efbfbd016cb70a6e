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
from collections.abc import Collection, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from routing.core.directory import Directory
from routing.directory import schema
from routing.directory.yaml_source import (
    MAX_BYTES,
    MAX_PROBLEMS,
    ODD_CHARACTER,
    Node,
    UnreadableFile,
    YamlSource,
    first_character,
    position,
    read_yaml,
)
from routing.errors import InvalidDirectory, KeyPath, PathProblem, Problem
from routing.files import open_lock, probe, read_bytes, write_atomically

MAX_LABEL_CHARS = 30
"""Of a key before what is wrong with its value: a longer one is a text in a wrong place."""

PARSE_CPU_SECONDS = 10.0
"""CPU time for parsing a large file, so that a busy machine counts against no file."""

PARSE_TIMEOUT_SECONDS = 60.0
"""How long a process may take in all to start and to parse a large file."""

MAX_PARSE_BYTES = 280 * 2**20
"""Memory of the process that parses a large file; with what it shares it stays below 300 MiB."""

MAX_INLINE_CHARS = 100_000
"""A longer text, of some 100 services, is parsed in a process of its own, which takes 0.3 seconds
of CPU time to start. A shorter one needs 170 MiB and a second at the very worst.
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
    """The process that parsed a file needed too much memory or CPU time."""


class LastGoodDirectory:
    """The folder in which the last good directory is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "last-good-directory.yaml"
        self.attempts_file = folder / "directory-attempts"

    def load(self, file: Path) -> tuple[Directory, str]:
        """Return the directory in ``file`` and the SHA-256 of its text, and keep it.

        A text that ended its reader MAX_ATTEMPTS times is refused from then on, in every process.
        Raise InvalidDirectory, with the file's problems, when it is broken. A folder that cannot be
        written is logged and stops nothing.
        """
        lock = self._lock()
        with lock or nullcontext():
            text = read_text(file)
            sha256 = _sha256(text)
            attempts = self._attempts().count(sha256)
            if attempts >= MAX_ATTEMPTS:
                message = (
                    f"it is not read again until it changes: its reader was ended {attempts} "
                    "times. Leave out what is not the directory, and see `who-to-call directory "
                    "check`."
                )
                raise InvalidDirectory(file, [Problem(1, 1, "not_read", message)])
            try:
                directory = _parse_within_limits(text, file)
            except ReaderEnded:
                self._save(self.attempts_file, f"{sha256}\n" * (attempts + 1))
                raise
            if lock is not None:
                self._save(self.file, text)
            return directory, sha256

    def load_copy(self) -> tuple[Directory, str, datetime]:
        """Return the last good directory, the SHA-256 of its text, and when it was kept.

        Raise InvalidDirectory or OSError when there is none.
        """
        text = read_text(self.file)
        kept_at = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        return parse(text, self.file)[0], _sha256(text), kept_at

    def _attempts(self) -> list[str]:
        """Return the SHA-256 of the text that ended its reader last, once for each time."""
        try:
            return read_bytes(self.attempts_file).decode("ascii", "replace").split()
        except OSError:
            return []

    def _save(self, file: Path, text: str) -> None:
        try:
            write_atomically(file, text.encode())
        except OSError as error:
            log.warning("cannot write %s: %s", file, error)

    def _lock(self) -> IO[bytes] | None:
        """Let one process load at a time, so that an older text never replaces a newer one.

        Return a file that holds the lock until it is closed. Return None, for loading without
        saving, when another process, which may hang, keeps it for LOCK_TIMEOUT_SECONDS.
        """
        lock, give_up_at = None, time.monotonic() + LOCK_TIMEOUT_SECONDS
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.folder / "directory.lock")
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return lock
                if time.monotonic() > give_up_at:
                    raise TimeoutError("another process keeps it")
                time.sleep(0.02)
        except OSError as error:
            log.warning("cannot lock %s, so nothing is kept: %s", self.folder, error)
            if lock is not None:
                lock.close()
            return None


def load(file: Path) -> tuple[Directory, YamlSource]:
    """Return the directory in ``file``, and its source with the place of everything.

    Raise InvalidDirectory, with every problem, when it cannot be read or used.
    """
    probe(file)
    text = read_text(file)
    return _parse_within_limits(text, file), read_yaml(text)


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
    line_problems = islice(_line_problems(source), MAX_PROBLEMS)
    problems = source.problems + [_locate(problem, source) for problem in line_problems]
    try:
        model = schema.DirectoryModel.model_validate(source.root, context=source.root)
    except ValidationError as error:
        errors = chain.from_iterable(_path_problems(e, source) for e in error.errors())
        problems += [_locate(problem, source) for problem in islice(errors, MAX_PROBLEMS)]
        raise InvalidDirectory(file, problems) from error
    if problems:
        raise InvalidDirectory(file, problems)
    return model.build(), source


def parse_in_child(text: str, file: Path) -> Directory:
    """Return the directory in ``text``, parsed in a process with limits of memory and CPU time.

    Raise InvalidDirectory, naming ``file``, also when the process cannot be started or does not
    end in time; ReaderEnded when it needs more than MAX_PARSE_BYTES or PARSE_CPU_SECONDS.
    """
    try:
        process = subprocess.run(  # noqa: S603 - Python itself, with arguments of our own
            [sys.executable, "-c", _PROGRAM, str(MAX_PARSE_BYTES), str(PARSE_CPU_SECONDS)],
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
    if process.returncode != 0:
        message = (
            f"reading it needs more than {MAX_PARSE_BYTES // 2**20} MiB of memory or "
            f"{PARSE_CPU_SECONDS:g} seconds of CPU time. Leave out what is not the directory."
        )
        raise ReaderEnded(file, [Problem(0, 0, "not_read", message)])
    result = pickle.loads(process.stdout)  # noqa: S301 - written by our own child process
    if isinstance(result, Directory):
        return result
    raise InvalidDirectory(file, result)


def parse_standard_input() -> None:
    """Be the process of ``parse_in_child``: pickle the directory on standard input to its output.

    The arguments are the bytes of memory and the seconds of CPU time allowed. Of a directory that
    is broken, the output is its problems.
    """
    max_bytes, cpu_seconds = int(sys.argv[1]), float(sys.argv[2])
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # SIGPROF ends this process, whatever it does
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result: Directory | tuple[Problem, ...]
    try:
        result, _ = parse(sys.stdin.buffer.read().decode(), Path())
    except InvalidDirectory as error:
        result = error.problems
    sys.stdout.buffer.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))


def _parse_within_limits(text: str, file: Path) -> Directory:
    """Parse a text, a large one in a child process: a hostile one could take all memory."""
    return parse(text, file)[0] if len(text) <= MAX_INLINE_CHARS else parse_in_child(text, file)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line_problems(source: YamlSource) -> Iterator[PathProblem]:
    """Yield why services may not ring a line, whatever the shape of the rest of the file."""
    keys, numberless = defaultdict(set), defaultdict(list)
    for path, line_id in source.scalars(("services",)):
        if len(path) > 2 and path[2] in ("lines", "out_of_hours", "if_unanswered"):
            keys[line_id].add(path[2])
            if source.value((*path[:2], "number")) is None:
                numberless[line_id].append(path[1])
    for path, text in source.scalars(("lines",)):
        line_id = str(path[1:2] and path[1])
        if path[2:] == ("visibility",) and text == "internal":
            for service_id in dict.fromkeys(numberless[line_id]):
                message = (
                    f"'{line_id}' is internal, and '{service_id}' has no `number` to show instead. "
                    "Add one to the service, or make the line public."
                )
                yield PathProblem(path, "internal_line_reachable", message, 0)
        is_rung = path[2:] == ("phone",) or (path[2:3], path[4:]) == (("special_days",), ("phone",))
        if is_rung and (reason := _barred_reason(text, line_id, keys[line_id])):
            yield PathProblem(path, "barred_number", reason, 0)


def _barred_reason(text: str, line_id: str, keys: Collection[str]) -> str | None:
    """Return why a line that services name at ``keys`` may not have a number, or None."""
    try:
        phone = schema.parse_line_phone(text)
    except ValueError:  # validation says so
        return None
    if phone.is_emergency:
        remedy = f"Take '{line_id}' out of `lines` and `if_unanswered`, or move it to `helplines`."
        is_barred = keys != {"out_of_hours"}
        return f"'{phone.display}' answers only as `out_of_hours`. {remedy}" if is_barred else None
    reason = schema.forbidden_reason(phone.e164) if keys else None
    return reason and f"'{phone.display}' may not be rung by a service: {reason}. Write another."


def _path_problems(error: Any, source: YamlSource) -> Iterator[PathProblem]:
    """Yield the problems of an error of pydantic's."""
    path: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    kind, offset = error["type"], None if error["loc"][-1:] == ("[key]",) else 0
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, schema.FieldErrors):
        yield from (part._replace(path=path + part.path) for part in cause.args)
    elif kind == "missing":
        message = f"'{path[-1]}' is missing. Add it: examples/anyshire.yaml shows how."
        yield PathProblem(path[:-1], "missing_key", message, 0)
    elif kind == "extra_forbidden":
        message = _unknown_key(str(path[-1]), source.value(path))
        yield PathProblem(path, "unknown_key", message)
    elif kind in ("unknown_line", "unknown_service"):
        yield PathProblem(path, kind, error["msg"], offset)
    else:
        message = str(cause) if kind == "value_error" else _plain_message(kind, error)
        yield PathProblem(path, "bad_value", message, offset)


def _locate(problem: PathProblem, source: YamlSource) -> Problem:
    """Return the problem of a key or value, at the character in it that does not belong there."""
    path, code, message, offset = problem
    is_key, name = offset is None, path[-1] if path else ""
    text = name if is_key else source.value(path)
    place = source.place_of(problem) if is_key else source.place(path)
    label = f"{name}: " if isinstance(name, str) and 0 < len(name) <= MAX_LABEL_CHARS else ""
    if isinstance(text, str) and (odd := first_character(ODD_CHARACTER, text)):
        start = place if is_key else source.place_of(problem)
        place = start[0], start[1] + odd[0]
        label = "".join(c if c.isascii() else "?" for c in label)
        message = f"here is {odd[1]}."
    return Problem(*place, code, message if code == "missing_key" else f"{label}{message}")


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
        return f"{schema.shown(value)} cannot be used here. {schema.nearest(str(value), words)}"
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
