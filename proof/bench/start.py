"""How long it takes until there is an answer, and what a worker holds."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from serving import ROOT, free_port

IMPORT = "import time; began = time.perf_counter(); import app; print(time.perf_counter() - began)"
ROUNDS = 7


def imported(rounds=ROUNDS):
    """Return the seconds of `import app` in a new process: the median."""
    seconds = []
    for _ in range(rounds + 1):  # the first one fills the disk's cache
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    return statistics.median(seconds[1:])


def first_answer(rounds=3):
    """Return the seconds from `bin/serve` on an environment that is made to an answer: the median.

    The instance folder is new each time: its database is made too.
    """
    seconds = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            environ = os.environ | {"PORT": str(port), "INSTANCE_PATH": folder}
            began = time.monotonic()
            process = subprocess.Popen(
                [ROOT / "bin/serve"],
                env=environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                address = f"http://127.0.0.1:{port}/api/v1/services/children/decision"
                seconds.append(_until_answered(address, began))
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
    return statistics.median(seconds)


def _until_answered(address, began):
    while time.monotonic() < began + 60:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return time.monotonic() - began
        except OSError:
            time.sleep(0.02)
    raise AssertionError("no answer within a minute")
