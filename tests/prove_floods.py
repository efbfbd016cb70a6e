"""Floods' part of bin/prove: each address that needs no sign-in, with nginx and without it."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import flood
import nginx
import serving
from conftest import ANYSHIRE
from telephone import BASE, TOKEN

from routing.storage import upgrade
from routing.storage.db import Database


@contextmanager
def served(folder):
    """Run the service as in production over a made database; yield its port."""
    (folder / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
    database = Database("", folder / "instance")
    upgrade.upgrade(database)
    database.engine.dispose()
    doors = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE, "EXCHANGE_TOKEN": "exchange"}
    with (folder / "log").open("w") as log:
        process, url = serving.start(folder, stderr=log, WEB_CONCURRENCY="2", **doors)
        try:
            serving.ask(url)
            yield int(url.split(":")[2].partition("/")[0])
        finally:
            process.terminate()
            process.wait(60)


def floods():
    """Prove that a flood of any address delays and refuses no caller."""
    rows, wrong = [], False
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = Path(name)
        with served(folder) as own, nginx.before([f"127.0.0.1:{own}"], folder) as front:
            for way, port in (("alone", own), ("behind nginx", front)):
                for address in flood.NAMES:
                    answers, statuses = flood.endure(port, address)
                    bad = answers.wrong or answers.slowest >= flood.ALLOWED_SECONDS
                    wrong = wrong or bool(bad)
                    rows.append((address, way, answers, statuses))
    return told(rows), wrong


def told(rows):
    """Return the floods' part of docs/proof.md."""
    return "\n".join(
        [
            f"Each address that needs no sign-in, asked {flood.AT_ONCE} times at once and then",
            f"{flood.RATE} times a second for 20 seconds, by one address. Meanwhile every half",
            "second a signed call, a number and the home page, from another. *Wrong* are callers",
            "who were refused or got another answer.",
            "",
            "| flooded | | callers' answers | wrong | slowest | the flood's answers |",
            "|---|---|---:|---:|---:|---|",
            *(
                f"| {address} | {way} | {answers.count} | {len(answers.wrong)} "
                f"| {answers.slowest:.2f} s | {_statuses(statuses)} |"
                for address, way, answers, statuses in rows
            ),
        ]
    )


def _statuses(statuses):
    return ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
