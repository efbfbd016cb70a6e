"""A real gunicorn on loopback, for the tests that need one."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS_PATH = os.pathsep.join(str(ROOT / name) for name in (".", "tests", "tests/system"))
"""PYTHONPATH of a process of its own that imports the tests' helpers."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(folder, stderr=subprocess.PIPE, app="app:app", port=None, **environ):
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", app],
        cwd=ROOT,
        env=os.environ
        | {"DIRECTORY": str(folder / "directory.yaml"), "INSTANCE_PATH": str(folder / "instance")}
        | environ,
        stderr=stderr,
        text=True,
    )
    return process, f"http://127.0.0.1:{port}/api/v1/services/children/decision"


def ask(url):
    """Return the decision, waiting for a service that is still starting: 20 s at most."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("no answer within 20 s")


def workers(process):
    """Return the ids of the workers of a service."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as listed:
        return [int(word) for word in listed.read().split()]


@contextmanager
def serving(folder, **environ):
    process, url = start(folder, **environ)
    try:
        yield process, url
    finally:
        process.terminate()
        process.communicate(timeout=30)
