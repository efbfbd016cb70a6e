"""A real gunicorn on loopback and the service's commands, in processes of their own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from telephone import BASE, TOKEN

from routing import config, create_app
from routing.store import db
from routing.store.db import Database

ROOT = Path(__file__).parent.parent
TESTS_PATH = os.pathsep.join(str(ROOT / name) for name in (".", "tests", "tests/system"))
"""PYTHONPATH of a process of its own that imports the tests' helpers."""


def poll(value, seconds=90, otherwise=None):
    """Return what a function returns, as soon as that is true.

    Fail after so many seconds, with what the function ``otherwise`` returns.
    """
    deadline = time.monotonic() + seconds
    while not (result := value()):
        assert time.monotonic() < deadline, otherwise and otherwise()
        time.sleep(0.02)
    return result


def listens(port):
    """Return whether anybody takes connections at a port of 127.0.0.1."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def children(pid):
    """Return the ids of the processes that a process started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Server:
    """A gunicorn at a port of its own, over ``folder``: directory.yaml stands there, and its log.

    In a ``with`` it answers from the beginning, and is killed in the end: it takes seconds to stop.
    """

    def __init__(self, folder, app="app:app", port=None, **environ):
        self.folder, self.app, self.environ = Path(folder), app, environ
        self.port, self.process = port or free_port(), None
        self.address = f"127.0.0.1:{self.port}"
        self.base = f"http://{self.address}"

    def __enter__(self):
        try:
            self.start().decision()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *error):
        self.kill()

    def start(self, root=ROOT):
        """Start it with the code in ``root``, and do not wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "--bind", self.address, self.app]
        environ = os.environ | places(self.folder) | self.environ
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=root, env=environ, stderr=log)
        return self

    def flask(self, *words, **more):
        """Run a command of the service with the same settings."""
        return flask(self.folder, *words, **self.environ, **more)

    @property
    def workers(self):
        """The ids of its workers."""
        return children(self.process.pid)

    def get(self, path, **headers):
        """Return the text of an answer."""
        request = urllib.request.Request(self.base + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def decision(self):
        """Return the decision, waiting for a service that is still starting: 90 s at most."""
        return poll(self._decision, otherwise=self.log)

    def _decision(self):
        with suppress(OSError):
            return json.loads(self.get("/api/v1/services/children/decision"))
        assert self.process.poll() is None, self.log()
        return None

    def log(self):
        return (self.folder / "log").read_text("utf-8")

    def kill(self):
        """Kill it and its workers with -9, if it still runs."""
        if self.process is None or self.process.poll() is not None:
            return
        for pid in (self.process.pid, *self.workers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self):
        """Stop it as systemd does: requests in hand are finished."""
        self.process.terminate()
        self.process.wait(60)


OPEN = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE, "EXCHANGE_TOKEN": "exchange"}
OPEN |= {"OPS_TOKEN": "ops", "SECRET_KEY": "a key for tests"}
"""Settings with which a service answers whoever may ask it anything."""


def prepare(folder, url=""):
    """Put Anyshire's directory into a folder; return the database made there, or at ``url``."""
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "examples" / "anyshire.yaml", folder / "directory.yaml")
    database = Database(url, folder / "instance")
    db.upgrade(database)
    database.engine.dispose()
    return database


def flask(folder, *words, status=0, stdin="", **environ):
    """Run a command of the service over a folder, in an application of its own in this process: a
    new process takes a second to import it. The command must end with ``status``. Return what it
    printed: its errors, where ``status`` is not 0.
    """
    app = create_app(config.read(os.environ | places(folder) | environ))
    done = app.test_cli_runner().invoke(args=words, input=stdin)
    close(app)
    assert done.exit_code == status, done.output
    return done.stderr if status else done.stdout


def close(app):
    """Have what is counted logged now, not in the next test; leave no thread and no connection."""
    for name in ("call_log", "divert_cache", "database"):
        app.extensions[name].close()


def places(folder):
    """Return the settings that name a folder's directory.yaml and instance folder."""
    return {"DIRECTORY": f"{folder}/directory.yaml", "INSTANCE_PATH": f"{folder}/instance"}
