"""The built wheel without the checkout: every file, command, page and migration comes from it."""

import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from types import SimpleNamespace

import pytest
import serving
from conftest import ANYSHIRE, ROOT

from routing import cli, config

SOURCES = ("pyproject.toml", "requirements.in", "README.md", "LICENSE")
PAGES = {
    "/": "text/html",
    "/cy/": "text/html",
    "/contacts": "text/html",
    "/embed/v1.js": "text/javascript",
    "/staff/sign-in": "text/html",
    "/api/v1/services/children/decision": "application/json",
    "/openapi.json": "application/json",
}


@pytest.fixture(scope="module")
def council(tmp_path_factory):
    """A folder with a directory alone, beside an environment in which the wheel is installed.

    What the wheel depends on comes from the environment of the tests.
    """
    folder = tmp_path_factory.mktemp("council")
    source, environment = folder / "source", folder / "environment"
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "routing", source / "routing", ignore=caches)
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source]
    subprocess.run(build, check=True, timeout=60)
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)

    venv.create(environment)
    python = environment / "bin/python"
    install = [*pip, "--python", python, "install", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, timeout=60)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    directory = ANYSHIRE.read_text("utf-8").replace("languages: [en]", "languages: [en, cy]")
    (folder / "directory.yaml").write_text(directory, "utf-8")
    return SimpleNamespace(folder=folder, wheel=wheel, bin=environment / "bin")


@pytest.fixture(scope="module")
def run(council):
    """Run a program of the environment in the council's folder."""

    def run(program, *words):
        command = [council.bin / program, *words]
        return subprocess.run(
            command, cwd=council.folder, env={}, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture(scope="module")
def server(council, run):
    """The address of a gunicorn in the environment."""
    assert run("who-to-call", "db", "upgrade").returncode == 0
    port = serving.free_port()
    command = [council.bin / "python", "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--config", "python:routing.gunicorn_config", "routing:create_app()"]
    process = subprocess.Popen(
        command, cwd=council.folder, env={"WEB_CONCURRENCY": "1"}, stderr=subprocess.PIPE, text=True
    )
    server = serving.Server(council.folder, port=port)
    server.process = process
    server.decision()
    yield server.base
    process.terminate()
    _, log = process.communicate(timeout=30)
    assert f"Version {config.VERSION}" in log


def test_the_wheel_holds_every_file_of_the_package(council):
    names = set(zipfile.ZipFile(council.wheel).namelist())
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "routing").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert files - names == set()


LOAD_EVERY_COMMAND = """
import click
from routing import cli

def load(group):
    for word, command in group.commands.items():
        with command.make_context(word, [], resilient_parsing=True) as context:
            command.get_help(context)
        if isinstance(command, click.Group):
            load(command)

load(cli.all_commands())
"""


def test_its_commands_are_the_councils_and_all_of_them_load(run):
    commands = re.findall(r"^  ([a-z][a-z-]*) +\S", run("who-to-call", "--help").stdout, re.M)
    loaded = run("python", "-c", LOAD_EVERY_COMMAND)

    assert run("who-to-call", "--version").stdout == f"who-to-call {config.VERSION}\n"
    assert sorted(commands) == sorted(cli.all_commands().commands)
    assert {"run", "shell", "routes"} & set(commands) == set()
    assert loaded.returncode == 0, loaded.stderr


def test_the_database_is_made_by_its_migrations_in_the_current_folder(council, server, run):
    again = run("who-to-call", "db", "upgrade")

    assert "is up to date" in again.stdout
    assert (council.folder / "instance/routing.sqlite").exists()


def test_every_kind_of_page_is_served_with_its_style_sheets_and_in_welsh(server):
    kinds, texts = {}, {}
    for path in PAGES:
        with urllib.request.urlopen(f"{server}{path}", timeout=10) as response:
            kinds[path] = response.headers.get_content_type()
            texts[path] = response.read().decode()
    assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', texts["/"])

    assert kinds == PAGES
    assert "Ffoniwch" in texts["/cy/"]
    assert len(assets) >= 2
    for asset in assets:
        assert urllib.request.urlopen(f"{server}{asset}", timeout=10).status == 200
