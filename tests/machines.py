"""Two groups on one PostgreSQL behind nginx, killed and upgraded while they are asked."""

import http.client
import os
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import nginx
import psycopg
from conftest import ANYSHIRE
from gunicorn.config import Config
from serving import ROOT, free_port
from telephone import BASE, CALLED, CALLER, TOKEN, sign

from routing.storage import upgrade
from routing.storage.db import Database

NUMBER = "/api/v1/services/children/numbers"
DECISION = "/api/v1/services/children/decision"
VOICE = "/twilio/voice/children"
EXCHANGE = {"Authorization": "Bearer exchange"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SLOW = 1.0
"""Seconds."""

PAUSE = 0.02
"""Seconds that a client waits before it asks again."""

CONFIGURATION = """
import os
exec(open("gunicorn.conf.py").read())
own = post_worker_init


def post_worker_init(worker):
    own(worker)
    open(os.path.join({folder!r}, f"up-{{os.getpid()}}"), "w").close()
"""
# The service's own, which leaves a file for each worker that answers from now on.

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{new}"
down_revision = "{old}"


def upgrade() -> None:
    op.add_column("calls", sa.Column("wrapped_up", sa.Text))
    op.add_column("diverts", sa.Column("asked_by", sa.Text))
    op.create_index("calls_by_line", "calls", ["line"])
    op.create_table("wrap_ups", sa.Column("call", sa.BigInteger, sa.ForeignKey("calls.id")))
"""


class Group:
    """A gunicorn with its workers, at a port of its own, of the code in ``root``."""

    def __init__(self, folder, environ):
        self.folder, self.environ, self.port = Path(folder), environ, free_port()
        self.folder.mkdir()
        (self.folder / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
        self.process = None

    def start(self, root=ROOT):
        """Start it, and wait until each of its workers answers: 60 s at most."""
        self.launch(root)
        self.wait()

    def launch(self, root=ROOT):
        """Start it, and wait for nothing."""
        at = {"DIRECTORY": "directory.yaml", "INSTANCE_PATH": "instance"}
        at = {name: str(self.folder / file) for name, file in at.items()}
        config = self.folder / "gunicorn.conf.py"
        config.write_text(CONFIGURATION.format(folder=str(self.folder)))
        words = [sys.executable, "-m", "gunicorn", "--config", str(config)]
        words += ["--bind", f"127.0.0.1:{self.port}", "app:app"]
        with (self.folder / "log").open("a") as log:
            environ = os.environ | self.environ | at
            self.process = subprocess.Popen(words, cwd=root, env=environ, stderr=log)

    def wait(self):
        """Wait until each of its workers answers: 60 s at most."""
        for _ in range(1200):
            up = [pid for pid in self.workers if self.up(pid).exists()]
            if len(up) == int(self.environ["WEB_CONCURRENCY"]):
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def up(self, pid):
        """Return the file that is there once a worker answers."""
        return self.folder / f"up-{pid}"

    @property
    def workers(self):
        listed = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(word) for word in Path(listed).read_text().split()]

    def kill(self):
        """Kill all of it with -9."""
        for pid in (self.process.pid, *self.workers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self):
        """Stop it as an operator does: what it has in hand is finished."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)


@dataclass
class Asked:
    """What clients saw: answers, those over a second, the slowest, and every failure."""

    answers: int = 0
    slow: int = 0
    slowest: float = 0.0
    failures: list = field(default_factory=list)
    calls: int = 0


class Clients:
    """Threads that ask over kept connections, without ever trying again by themselves."""

    def __init__(self, port, threads=4):
        self.asked, self._stop, self._turn = Asked(), threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=[port, number]) for number in range(threads)
        ]

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self.asked

    def __exit__(self, *error):
        self._stop.set()
        for each in self._threads:
            each.join()

    def _run(self, port, number):
        count = 0
        while not self._stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as to:
                try:
                    while not self._stop.is_set():
                        count += 1
                        self._ask(to, f"{os.getpid()}-{id(self)}-{number}-{count}", count)
                        time.sleep(PAUSE)
                except (http.client.HTTPException, OSError) as error:
                    with self._turn:
                        self.asked.failures.append((time.time(), repr(error)))

    def _ask(self, to, name, count):
        """Ask one of several questions, and note how it was answered."""
        signed = count % 2 == 0
        began = time.monotonic()
        if signed:
            form = {"CallSid": f"CA{name}", "From": CALLER, "To": CALLED}
            headers = FORM | {"X-Twilio-Signature": sign(BASE + VOICE, form)}
            to.request("POST", VOICE, urlencode(form), headers)
            wanted = b"<Dial"
        else:
            path, headers, wanted = (
                (NUMBER, EXCHANGE, b"+44"),
                (DECISION, {}, b'"e164"'),
                ("/", {}, b"01632 960100"),
                (f"{DECISION}?x={count}", {}, b'"e164"'),
            )[count // 2 % 4]
            to.request("GET", path, headers=headers)
        answer = to.getresponse()
        body, took = answer.read(), time.monotonic() - began
        with self._turn:
            self.asked.answers += 1
            self.asked.calls += signed
            self.asked.slow += took > SLOW
            self.asked.slowest = max(self.asked.slowest, took)
            if answer.status != 200 or wanted not in body:
                self.asked.failures.append((time.time(), answer.status, body[:200]))


class Machines:
    """Two groups and the nginx before them."""

    def __init__(self, folder, url, port, groups):
        self.folder, self.url, self.port, self.groups = folder, url, port, groups

    def kill_workers(self, times):
        """Kill so many, each worker of a group, then of the other; return what clients saw."""
        with Clients(self.port) as asked:
            while times > 0:
                for turn in self.groups:
                    for pid in turn.workers[:times]:
                        time.sleep(0.1)
                        turn.up(pid).unlink(missing_ok=True)  # it is a child until it is reaped
                        os.kill(pid, signal.SIGKILL)
                        times -= 1
                    turn.wait()
        return asked

    def kill_groups(self, times=1, pause=0.5):
        """Kill each group whole and start it again, in turn; return what clients saw."""
        with Clients(self.port) as asked:
            for _ in range(times):
                for group in self.groups:
                    time.sleep(pause)
                    group.kill()
                    time.sleep(pause)
                    group.start()
        return asked

    def upgrade(self, ends=(Group.stop, Group.stop), pause=0.5):
        """Migrate, then end each group and start it with the new code; return what clients saw, the
        migration that the database stands at, and what each group of old code said of that.
        """
        root = newer(self.folder / "newer")
        with Clients(self.port) as asked:
            time.sleep(pause)
            environ = os.environ | self.groups[0].environ | {"DATABASE_URL": self.url}
            command = [sys.executable, "-m", "flask", "db", "upgrade"]
            subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
            said = []
            for group, end in zip(self.groups, ends, strict=True):
                time.sleep(pause)
                said.append(ready(group))
                end(group)
                group.start(root)
        return asked, self._value("SELECT version_num FROM alembic_version"), said

    def rows(self):
        """Return how many calls are written."""
        return self._value("SELECT count(*) FROM calls")

    def _value(self, question):
        with psycopg.connect(self.url) as connection:
            return connection.execute(question).fetchone()[0]


def ready(group):
    """Return every warning of a group in words."""
    with closing(http.client.HTTPConnection("127.0.0.1", group.port, timeout=20)) as to:
        to.request("GET", "/readyz", headers={"Authorization": "Bearer ops"})
        return to.getresponse().read().decode()


@contextmanager
def two(server, folder, workers=2, change=lambda text: text):
    """Run two groups on a database of a PostgreSQL server, behind nginx; yield Machines.

    ``change`` may alter deploy/nginx.conf further.
    """
    folder, url = Path(folder), server.database()
    database = Database(url, folder)
    upgrade.upgrade(database)
    database.engine.dispose()
    environ = {
        "DATABASE_URL": url,
        "SECRET_KEY": "the same on each machine",
        "WEB_CONCURRENCY": str(workers),
        "PUBLIC_BASE_URL": BASE,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "EXCHANGE_TOKEN": "exchange",
        "OPS_TOKEN": "ops",
    }
    groups = [Group(folder / name, environ) for name in ("one", "two")]
    try:
        for step in (Group.launch, Group.wait):
            for group in groups:
                step(group)
        (folder / "nginx").mkdir()
        own = [f"127.0.0.1:{group.port}" for group in groups]
        with nginx.before(
            own, folder / "nginx", change=lambda text: change(unlimited(text))
        ) as port:
            yield Machines(folder, url, port, groups)
    finally:
        for group in groups:
            group.stop()


def sent(*body):
    """Return what gunicorn, set up by its file, sends of an answer: each piece by itself."""
    pieces = []
    made = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["Whole"]
    asked = SimpleNamespace(method="GET", version=(1, 1), should_close=lambda: False)
    answer = made(asked, SimpleNamespace(sendall=pieces.append), Config())
    answer.start_response("200 OK", [("Content-Length", str(len(b"".join(body))))])
    for part in body:
        answer.write(part)
    answer.close()
    return pieces


def unlimited(text):
    """Let one address ask as often as it likes: all clients of a test have the same."""
    return text.replace("rate=50r/s", "rate=100000r/s")


def patient(text):
    """Wait longer for an application: where a machine is slow, one takes long to start again."""
    text = text.replace("proxy_read_timeout 3s", "proxy_read_timeout 60s")
    return text.replace("proxy_next_upstream_timeout 4s", "proxy_next_upstream_timeout 0")


def newer(root):
    """Make the code of the next version: this one, and a migration that adds to what there is."""
    root.mkdir()
    for name in ("app.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "routing", root / "routing")
    old, new = upgrade.LATEST, f"{int(upgrade.LATEST) + 1:04}"
    storage = root / "routing" / "storage"
    written = (storage / "upgrade.py").read_text()
    (storage / "upgrade.py").write_text(written.replace(f'"{old}"', f'"{new}"'))
    migration = MIGRATION.format(old=old, new=new)
    (storage / "migrations" / "versions" / f"{new}_later.py").write_text(migration)
    return root
