"""The runbook's commands copy the database while others write, and put it in an empty place."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import code_blocks
import psycopg
import pytest
from conftest import ROOT
from deploy.conftest import Machine, counted
from serving import TESTS_PATH, poll

BLOCKS = [block for block in code_blocks.blocks(ROOT / "docs/runbook.md") if block.kind == "sh"]
ROLE = "who-to-call"
FILL = """
who-to-call db upgrade
echo "correct horse battery" | who-to-call staff add "Priya Shah" --role admin --password-stdin
who-to-call rota import --add-people - <<'END'
role,starts,ends,person
eds-social-worker,2027-12-24 17:00,2027-12-25 08:30,Amara Owusu
END
"""
WRITES = "import kill_loop, sys; kill_loop.divert_for_ever(sys.argv[1], 1)"


class Place:
    """A machine with a database of one kind, and what its runbook says for that kind."""

    def __init__(self, machine, url):
        self.machine, self.url = machine, url

    def follows(self, heading):
        """Do what the page tells under a heading to whoever has that database; all must succeed."""
        texts = [
            block.text
            for block in BLOCKS
            if block.heading == heading and ("pg_" in block.text) != self.url.startswith("sqlite")
        ]
        return self.does("set -e\n" + "".join(texts))

    def does(self, text):
        done = self.machine.does(text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def counts(self):
        return counted(self.does("who-to-call db counts"))


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, flask, tmp_path):
    """Make machines with nothing in them, all on one server where that is PostgreSQL."""
    if request.param == "sqlite":

        def alone(name):
            url = f"sqlite:///{tmp_path}/{name}/lib/routing.sqlite"
            return Place(Machine(tmp_path / name, flask), url)

        yield alone
        return
    if shutil.which("pg_dump") is None:
        pytest.skip("needs pg_dump")
    server = request.getfixturevalue("postgresql")
    url = server.database()
    base, _, name = url.rpartition("/")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE ROLE "{ROLE}" LOGIN SUPERUSER')
    where = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": ROLE}
    settings = f"DATABASE_URL='postgresql:///{name}'\nSECRET_KEY='a key for tests'\n"
    yield lambda name: Place(Machine(tmp_path / name, flask, settings, **where), url)
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        for copy in (f"{ROLE}-restored", name):
            admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        admin.execute(f'DROP ROLE "{ROLE}"')


@contextmanager
def writing(url, file):
    """Set diverts and move their ends meanwhile; yield a function that counts those set."""
    environ = os.environ | {"PYTHONPATH": TESTS_PATH}
    command = [sys.executable, "-c", WRITES, url]
    with (
        file.open("wb") as output,
        subprocess.Popen(command, env=environ, stdout=output) as process,
    ):
        try:
            poll(lambda: b"s" in file.read_bytes())
            yield lambda: file.read_bytes().count(b"s")
        finally:
            process.kill()


def test_a_copy_made_while_others_write_is_one_state_of_the_database(make, tmp_path):
    here, there = make("here"), make("there")
    here.does(FILL)
    before = here.counts()
    with writing(here.url, tmp_path / "acknowledged") as count:
        least = count()
        here.follows("Back up")
        most = count() + 1
        shutil.copytree(
            here.machine.folder / "backups", there.machine.folder / "backups", dirs_exist_ok=True
        )
    there.follows("Restore")
    counts = there.counts()
    moved = counts["audit_log"] - before["audit_log"] - counts["diverts"]

    assert least <= counts["diverts"] <= most
    assert moved in (counts["diverts"], counts["diverts"] - 1)
    assert counts == before | {"diverts": counts["diverts"], "audit_log": counts["audit_log"]}
