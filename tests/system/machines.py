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
from load import asking
from serving import OPEN, ROOT, Server, poll, prepare

from routing.store import db

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


def wait(group):
    """Wait until a group has all its workers, and answers."""
    poll(lambda: len(group.workers) == int(group.environ["WEB_CONCURRENCY"]))
    group.decision()


class Machines:
    """Two groups and the nginx before them."""

    def __init__(self, folder, url, port, groups):
        self.folder, self.url, self.port, self.groups = folder, url, port, groups

    def kill_workers(self, times):
        """Kill so many, each worker of a group, then of the other; return what clients saw.

        The first calls may come before the database is connected, and are written once it is: a
        worker that is killed then takes them with it. So wait until calls are written.
        """
        with asking(self.port) as seen:
            poll(lambda: self.rows() > 10)
            while times > 0:
                for group in self.groups:
                    for pid in group.workers[:times]:
                        time.sleep(0.1)
                        os.kill(pid, signal.SIGKILL)
                        times -= 1
                        poll(lambda killed=pid, of=group: killed not in of.workers)
                    wait(group)
        return seen

    def kill_groups(self, times=1, pause=0.5):
        """Kill each group whole and start it again, in turn; return what clients saw."""
        with asking(self.port) as seen:
            for group in self.groups * times:
                self._restart(group, Server.kill, pause)
        return seen

    def upgrade(self, ends=(Server.stop, Server.stop), pause=0.5):
        """Migrate, then end each group and start it with the new code; return what clients saw, the
        migration that the database stands at, and what each group of old code said of that.
        """
        root, reports = newer(self.folder / "newer"), []
        with asking(self.port) as seen:
            time.sleep(pause)
            environ = os.environ | self.groups[0].environ | {"DATABASE_URL": self.url}
            command = [sys.executable, "-m", "flask", "db", "upgrade"]
            subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
            for group, end in zip(self.groups, ends, strict=True):
                reports.append(group.get("/readyz", Authorization="Bearer ops"))
                self._restart(group, end, pause, root)
        return seen, self._value("SELECT version_num FROM alembic_version"), reports

    @staticmethod
    def _restart(group, end, pause, root=ROOT):
        time.sleep(pause)
        end(group)
        time.sleep(pause)
        group.start(root)
        wait(group)

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
    environ = OPEN | {"DATABASE_URL": url, "WEB_CONCURRENCY": str(workers)}
    groups = [Server(folder / name, **environ) for name in ("one", "two")]
    for group in groups:
        prepare(group.folder, url)
        group.start()
    try:
        for group in groups:
            wait(group)
        (folder / "nginx").mkdir()
        own = [group.address for group in groups]
        with nginx.before(
            own, folder / "nginx", change=lambda text: change(nginx.unlimited(text))
        ) as port:
            yield Machines(folder, url, port, groups)
    finally:
        for group in groups:
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
