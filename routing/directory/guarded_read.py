"""Parsing a large directory file, which may be hostile, within limits of time and memory."""

import pickle
import signal
import subprocess
import sys
from pathlib import Path

from routing.core.directory import Directory
from routing.errors import InvalidDirectory, Problem

PARSE_CPU_SECONDS = 10.0
"""CPU time for parsing a large file, so that a busy machine counts against no file."""

PARSE_TIMEOUT_SECONDS = 60.0
"""How long a process may take in all to start and to parse a large file."""

MAX_PARSE_BYTES = 280 * 2**20
"""Memory of the process that parses a large file; with what it shares it stays below 300 MiB."""

MAX_INLINE_CHARS = 250_000
"""A longer text, of some 230 services, is parsed in a process of its own, which takes 0.3 seconds
of CPU time to start. A shorter one needs 80 MiB and a second at the very worst.
"""

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


def parse_in_child(text: str, file: Path) -> tuple[Directory, bytes]:
    """Return the directory in ``text``, parsed in a process with limits of memory and CPU time.

    With it comes its YamlSource as a pickle, which only some need: reading that takes 0.3 seconds.
    Raise InvalidDirectory, naming ``file``, also when the process cannot be started or does not
    end within PARSE_TIMEOUT_SECONDS; ReaderEnded when it needs more than MAX_PARSE_BYTES or
    PARSE_CPU_SECONDS.
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
