"""A machine as docs/deploy.md makes it, in a temporary folder, on which the pages' commands run."""

import os
import shutil
import subprocess
from pathlib import Path

import command_server
import pytest
from conftest import ANYSHIRE, ROOT

PLACES = {
    "/srv/who-to-call": "srv",
    "/etc/who-to-call": "etc",
    "/var/lib/who-to-call": "lib",
    "/var/backups/who-to-call": "backups",
    "/root/": "root/",
}
PROGRAMS = {
    "id": "echo 0",
    "runuser": 'shift 3; exec "$@"',
    "systemctl": 'echo "$@" >> "$MACHINE/systemctl"',
    "editor": 'sed -i "$EDIT" "$1"',
}
"""What only a whole machine has. Nothing of this service's own stands among them."""

STRICT = """set -u
trap 'status=$?; [ $status -le 1 ] || exit $status' ERR
"""


class Machine:
    """Folders for those of the pages, and the programs that the pages' commands name."""

    def __init__(self, folder, flask, settings="", **environ):
        self.folder, self.environ = Path(folder), environ
        for place in PLACES.values():
            (self.folder / place).mkdir(parents=True)
        current = self.folder / "srv" / "current"
        current.mkdir()
        (self.folder / "srv" / "printed").mkdir()
        (current / "app.py").symlink_to(ROOT / "app.py")
        self.program(current / ".venv/bin/flask", flask)
        self.program(current / "bin/who-to-call", flask)
        for name, text in PROGRAMS.items():
            self.program(self.folder / "bin" / name, f"#!/bin/sh\n{text}\n")
        wrapper = (ROOT / "deploy/who-to-call").read_text("utf-8")
        self.program(self.folder / "bin/who-to-call", self.here(wrapper))
        given = self.here((ROOT / "deploy/who-to-call.env").read_text("utf-8"))
        self.settings = self.folder / "etc/who-to-call.env"
        self.settings.write_text(given + settings)
        shutil.copy(ANYSHIRE, self.folder / "etc/directory.yaml")

    def program(self, file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def here(self, text):
        for place, folder in PLACES.items():
            text = text.replace(place, f"{self.folder}/{folder}")
        return text

    def does(self, text, edit=""):
        """Run what a page says, and return what became of it. Status 1 is a finding, 2 a fault."""
        mine = {"MACHINE": str(self.folder), "EDIT": edit}
        return subprocess.run(
            ["bash", "-c", STRICT + self.here(text)],
            cwd=self.folder,
            env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}", **mine, **self.environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def counted(output):
    """Read what `who-to-call db counts` prints: rows by table."""
    rows = [line.split() for line in output.splitlines()]
    return {row[1]: int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit()}


@pytest.fixture(scope="session")
def flask(tmp_path_factory):
    """The text of a program that is the service's, loaded already."""
    with command_server.running(tmp_path_factory.mktemp("warm")) as program:
        yield program
