"""The service as a flood meets it: a real gunicorn over a made database, with every door open."""

from contextlib import contextmanager

import serving
from conftest import ANYSHIRE
from telephone import BASE, TOKEN

from routing.store import db
from routing.store.db import Database


@contextmanager
def served(folder):
    """Run the service as in production over a made database; yield its port."""
    (folder / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
    database = Database("", folder / "instance")
    db.upgrade(database)
    database.engine.dispose()
    doors = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE, "EXCHANGE_TOKEN": "exchange"}
    with serving.serving(folder, WEB_CONCURRENCY="2", **doors) as server:
        yield server.port
