"""The process that parses a large directory file: see guarded_read.parse_in_child."""

import pickle
import resource
import signal
import sys
from pathlib import Path

from routing.core.directory import Directory
from routing.directory.load import parse
from routing.errors import InvalidDirectory, Problem


def main() -> None:
    """Parse the directory on standard input; write it, or its problems, to standard output.

    The arguments are the file's name, the bytes of memory and the seconds of CPU time allowed.
    """
    file, max_bytes, cpu_seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # SIGPROF ends this process, whatever it does
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result: Directory | tuple[Problem, ...]
    try:
        result, _ = parse(sys.stdin.buffer.read().decode(), file)
    except InvalidDirectory as error:
        result = error.problems
    sys.stdout.buffer.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
