"""A real PostgreSQL on loopback, for the tests that need one. What a machine lacks is named."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from serving import children, free_port, poll

_FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
POSTGRES = shutil.which("postgres") or (str(_FOUND[-1]) if _FOUND else None)
FAST = ("fsync=off", "max_connections=60", "shared_buffers=32MB", "autovacuum=off")


class PostgreSQLServer:
    """A server with its data in a temporary folder; databases are made as they are wanted."""

    def __init__(self, folder):
        self.folder, self.port, self.made, self.process = Path(folder), free_port(), 0, None
        self._as = _not_root()
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        bin_ = Path(POSTGRES).parent
        initdb = [bin_ / "initdb", "--no-sync", "--auth=trust", "--username=routing"]
        self._run([*initdb, "-D", self.folder / "data"])

    def _run(self, command):
        command = [str(word) for word in command]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._as)

    def start(self):
        command = [POSTGRES, "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += ["-k", str(self.folder), "-h", "127.0.0.1"]
        command += [word for setting in FAST for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self._as
            )
        # After a crash it repeats what it had not written, on a busy disk.
        poll(self._answers, otherwise=(self.folder / "log").read_text)

    def _answers(self):
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True

    def stop(self):
        """Stop at once, breaking every connection."""
        self.signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def kill(self):
        """Kill it and all its processes, as the kernel does when memory runs out."""
        others = children(self.process.pid)
        self.signal(signal.SIGKILL)
        self.process.wait(20)
        poll(lambda: not any(Path(f"/proc/{pid}").exists() for pid in others))

    def signal(self, which):
        """Send a signal to the server and all its processes: each is a group of its own."""
        for pid in (self.process.pid, *children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, which)

    def hang(self):
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def database(self, template="template0"):
        """Make a database with nothing in it, or a copy of another, and return its URL."""
        self.made += 1
        name = f"test{self.made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def url(self, name):
        return f"postgresql://routing@127.0.0.1:{self.port}/{name}"


@contextmanager
def running():
    folder = tempfile.mkdtemp(prefix="routing-postgres-")
    os.chmod(folder, 0o755)
    try:
        server = PostgreSQLServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _not_root():
    """Return as whom to run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
