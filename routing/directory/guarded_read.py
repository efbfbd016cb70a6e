"""Reading a directory file that may be hostile: bounded in time, size and memory."""

import errno
import os
import pickle
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from routing.core.directory import Directory
from routing.errors import InvalidDirectory, Problem

IO_TIMEOUT_SECONDS = 5.0
"""How long a file system may take to answer."""

START_TIMEOUT_SECONDS = 10.0
PARSE_TIMEOUT_SECONDS = 10.0
"""Of a process that parses a large file: a busy machine may take long to start it."""

MAX_PARSE_BYTES = 280 * 2**20
"""Memory of the process that parses a large file; with what it shares it stays below 300 MiB."""

MAX_INLINE_CHARS = 250_000
"""A larger text, of some 230 services, is parsed in a process of its own, which takes a second
longer to start. A smaller one needs 80 MiB and a second at the very worst.
"""

_CHILD = "from routing.directory.guarded_read import main; main()"
_ROOT = Path(__file__).parents[2]

_Result = TypeVar("_Result")
_hanging: dict[Path, threading.Thread] = {}


class ReaderEnded(InvalidDirectory):
    """The process that parsed a file needed too much memory or time; the problem says which."""

    def __init__(self, file: Path, reason: str) -> None:
        message = f"reading it {reason}. Leave out what is not the directory."
        super().__init__(file, [Problem(0, 0, "not_read", message)])


def stat_file(file: Path) -> os.stat_result:
    """Return a file's status. Raise OSError; TimeoutError when its file system does not answer."""
    return _bounded(os.stat, file)


def read_bytes(file: Path, size: int) -> bytes:
    """Return at most ``size`` bytes of a regular file.

    Raise OSError: for a pipe or a device too, which are not opened, and TimeoutError when the file
    system does not answer within IO_TIMEOUT_SECONDS.
    """
    return _bounded(lambda path: _read(path, size), file)


def parse_in_child(text: str, file: Path) -> Directory:
    """Return the directory that ``text`` writes, parsed in a process with a memory limit.

    Raise InvalidDirectory, naming ``file``, also when the process cannot be started; ReaderEnded
    when it needs more than MAX_PARSE_BYTES or PARSE_TIMEOUT_SECONDS.
    """
    try:
        returncode, output = _run_child(text, file)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it takes too long"
        message = (
            f"no process can be started to read it: {reason}. See what else this machine does."
        )
        raise InvalidDirectory(file, [Problem(0, 0, "not_read", message)]) from error
    if returncode == -signal.SIGALRM:
        raise ReaderEnded(file, f"takes more than {PARSE_TIMEOUT_SECONDS:.0f} seconds")
    if returncode != 0:
        reason = f"needs more than {MAX_PARSE_BYTES // 2**20} MiB of memory, or fails otherwise"
        raise ReaderEnded(file, reason)
    result = pickle.loads(output)  # noqa: S301 - written by our own child process
    if isinstance(result, Directory):
        return result
    raise InvalidDirectory(file, result)


def main() -> None:
    """Parse the directory on standard input; write it, or its problems, to standard output."""
    from routing.directory.load import parse

    max_bytes, seconds = int(sys.argv[2]), float(sys.argv[3])
    signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM ends this process, whatever it does
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result: Directory | tuple[object, ...]
    try:
        result, _ = parse(sys.stdin.buffer.read().decode(), Path(sys.argv[1]))
    except InvalidDirectory as error:
        result = error.problems
    sys.stdout.buffer.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))


def _run_child(text: str, file: Path) -> tuple[int, bytes]:
    """Return the child's exit status and output. Raise OSError, TimeoutExpired."""
    done = subprocess.run(  # noqa: S603 - Python itself, with arguments of our own
        [sys.executable, "-c", _CHILD, str(file), str(MAX_PARSE_BYTES), str(PARSE_TIMEOUT_SECONDS)],
        cwd=_ROOT,
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=START_TIMEOUT_SECONDS + PARSE_TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def _bounded(function: Callable[[Path], _Result], file: Path) -> _Result:
    """Return ``function(file)``. Raise what it raises, or TimeoutError.

    A thread that hangs in the file system cannot be ended: until it comes back, no other is sent.
    """
    results: list[_Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(function(file))
        except Exception as error:
            errors.append(error)

    thread = _hanging.get(file)
    if thread is None or not thread.is_alive():
        _hanging.pop(file, None)
        thread = threading.Thread(target=run, name="directory-io", daemon=True)
        thread.start()
        thread.join(IO_TIMEOUT_SECONDS)
    if errors:
        raise errors[0]
    if results:
        return results[0]
    _hanging[file] = thread
    raise TimeoutError(errno.ETIMEDOUT, "the file system does not answer")


def _read(file: Path, size: int) -> bytes:
    _check_regular(os.stat(file))
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as opened:
        _check_regular(os.fstat(descriptor))
        return opened.read(size)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
