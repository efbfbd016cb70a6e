"""What a web worker loads: nothing that it may never need, since each worker holds all of it."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

LOAD = "import sys, app; print(*sys.modules)"
LATER = {
    "alembic": "migrations, in a terminal",
    "authlib": "the council's provider, at the first sign-in with it",
    "markdown_it": "the council's own words, where it has any",
    "psycopg": "PostgreSQL, where it is used",
    "requests": "GOV.UK's list and the doctor, in a terminal",
    "routing.alert_delivery": "in a terminal",
    "routing.cli": "in a terminal",
    "smtplib": "alerts, in a terminal",
    "twilio.rest": "never",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    environ = {key: os.environ[key] for key in os.environ if key != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=ROOT,
        env=environ | {"INSTANCE_PATH": str(tmp_path_factory.mktemp("instance"))},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", LATER)
def test_a_worker_loads_later_what_it_may_never_need(loaded, name):
    assert name not in loaded, LATER[name]
