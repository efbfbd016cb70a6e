"""What a host that reads the Procfile does before a new version takes over."""

import re

import pytest
from conftest import ROOT
from deploy.conftest import Machine


@pytest.fixture
def release(flask, tmp_path):
    """Release with what stands in the directory, and return what became of it."""
    folder = tmp_path / "host"
    settings = {
        "DIRECTORY": str(folder / "etc/directory.yaml"),
        "INSTANCE_PATH": str(folder / "lib"),
        "FLASK_APP": str(ROOT / "app.py"),
    }
    host = Machine(folder, flask, **settings)
    host.program(folder / "bin/flask", flask)
    (line,) = re.findall(r"^release: (.*)$", (ROOT / "Procfile").read_text("utf-8"), re.M)
    return host, lambda: host.does(line)


def test_a_release_brings_the_database_up_to_date(release):
    host, go = release
    done = go()

    assert done.returncode == 0, done.stderr
    assert (host.folder / "lib/routing.sqlite").exists()


def test_a_release_with_a_broken_directory_is_refused_and_the_old_version_goes_on(release):
    host, go = release
    (host.folder / "etc/directory.yaml").write_text("zone: nowhere")
    done = go()

    assert done.returncode == 1
    assert "Europe/London" in done.stdout
    assert not (host.folder / "lib/routing.sqlite").exists()
