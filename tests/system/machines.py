"""Two groups on one PostgreSQL behind nginx, killed and upgraded while they are asked."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nginx
import psycopg
from clients import Clients
from conftest import ANYSHIRE
from serving import ROOT, Server, free_port, places
from telephone import BASE, TOKEN

from routing.store import db
from routing.store.db import Database

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
    op.add_column("diverts", sa.Column("requested_by", sa.Text))
    op.create_index("calls_by_line", "calls", ["line"])
    op.create_table("wrap_ups", sa.Column("call_id", sa.BigInteger, sa.ForeignKey("calls.id")))
"""


class Group(Server):
    """A gunicorn with its workers, at a port of its own, of the code in ``root``."""

    def __init__(self, folder, environ):
        super().__init__(Path(folder), None, free_port())
        self.environ = environ
        self.folder.mkdir()
        (self.folder / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))

    def start(self, root=ROOT):
        """Start it, and wait until each of its workers answers: 60 s at most."""
        self.launch(root)
        self.wait()

    def launch(self, root=ROOT):
        """Start it, and wait for nothing."""
        config = self.folder / "gunicorn.conf.py"
        config.write_text(CONFIGURATION.format(folder=str(self.folder)))
        words = [sys.executable, "-m", "gunicorn", "--config", str(config)]
        words += ["--bind", f"127.0.0.1:{self.port}", "app:app"]
        with (self.folder / "log").open("a") as log:
            environ = os.environ | places(self.folder) | self.environ
            self.process = subprocess.Popen(words, cwd=root, env=environ, stderr=log)

    def wait(self):
        """Wait until each of its workers answers: 60 s at most."""
        for _ in range(1200):
            up = [pid for pid in self.workers if self.up(pid).exists()]
            if len(up) == int(self.environ["WEB_CONCURRENCY"]):
                return
            time.sleep(0.05)
        raise AssertionError(self.log())

    def up(self, pid):
        """Return the file that is there once a worker answers."""
        return self.folder / f"up-{pid}"


class Machines:
    """Two groups and the nginx before them."""

    def __init__(self, folder, url, port, groups):
        self.folder, self.url, self.port, self.groups = folder, url, port, groups

    def kill_workers(self, times):
        """Kill so many, each worker of a group, then of the other; return what clients saw.

        The first calls may come before the database is connected, and are written once it is: a
        worker that is killed then takes them with it. So wait until calls are written.
        """
        with Clients(self.port) as seen:
            for _ in range(600):
                if self.rows() > 10:
                    break
                time.sleep(0.05)
            while times > 0:
                for turn in self.groups:
                    for pid in turn.workers[:times]:
                        time.sleep(0.1)
                        turn.up(pid).unlink(missing_ok=True)  # it is a child until it is reaped
                        os.kill(pid, signal.SIGKILL)
                        times -= 1
                    turn.wait()
        return seen

    def kill_groups(self, times=1, pause=0.5):
        """Kill each group whole and start it again, in turn; return what clients saw."""
        with Clients(self.port) as seen:
            for _ in range(times):
                for group in self.groups:
                    time.sleep(pause)
                    group.kill()
                    time.sleep(pause)
                    group.start()
        return seen

    def upgrade(self, ends=(Group.stop, Group.stop), pause=0.5):
        """Migrate, then end each group and start it with the new code; return what clients saw, the
        migration that the database stands at, and what each group of old code said of that.
        """
        root = newer(self.folder / "newer")
        with Clients(self.port) as seen:
            time.sleep(pause)
            environ = os.environ | self.groups[0].environ | {"DATABASE_URL": self.url}
            command = [sys.executable, "-m", "flask", "db", "upgrade"]
            subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
            reports = []
            for group, end in zip(self.groups, ends, strict=True):
                time.sleep(pause)
                reports.append(group.get("/readyz", Authorization="Bearer ops"))
                end(group)
                group.start(root)
        return seen, self._value("SELECT version_num FROM alembic_version"), reports

    def rows(self):
        """Return how many calls are written."""
        return self._value("SELECT count(*) FROM calls")

    def _value(self, question):
        with psycopg.connect(self.url) as connection:
            return connection.execute(question).fetchone()[0]


@contextmanager
def two(server, folder, workers=2, change=lambda text: text):
    """Run two groups on a database of a PostgreSQL server, behind nginx; yield Machines.

    ``change`` may alter deploy/nginx.conf further.
    """
    folder, url = Path(folder), server.database()
    database = Database(url, folder)
    db.upgrade(database)
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
            own, folder / "nginx", change=lambda text: change(nginx.unlimited(text))
        ) as port:
            yield Machines(folder, url, port, groups)
    finally:
        for group in groups:
            if group.process is not None:
                group.kill()


def patient(text):
    """Wait longer for an application: where a machine is slow, one takes long to start again."""
    text = text.replace("proxy_read_timeout 3s", "proxy_read_timeout 60s")
    return text.replace("proxy_next_upstream_timeout 4s", "proxy_next_upstream_timeout 0")


def newer(root):
    """Copy the code, with one more migration, as the next version has it."""
    root.mkdir()
    for name in ("app.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "routing", root / "routing")
    old = db.latest_revision()
    new = f"{int(old) + 1:04}"
    versions = root / "routing" / "store" / "migrations" / "versions"
    (versions / f"{new}_later.py").write_text(MIGRATION.format(old=old, new=new))
    return root
