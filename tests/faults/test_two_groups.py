"""A divert set on one worker, asked of every other, and of another group that shares PostgreSQL."""

import json
import re
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import requests
from conftest import ANYSHIRE
from faults.test_database import KEY, NUMBER
from load import Caller
from serving import ask, serving

from routing.storage import accounts, upgrade
from routing.storage.accounts import Role
from routing.storage.db import Database

DECISION = "/api/v1/services/children/decision"
ROUNDS, EACH, CONNECTION = 20, 500, 25
NUMBERS = {"advice": "+441632960003", "eds": "+441632960002"}
PASSWORD = "correct horse battery"


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


class Staff:
    """Somebody at a staff page, who diverts."""

    def __init__(self, base):
        self.base, self.session = base, requests.Session()
        page = self.session.get(f"{base}/staff/sign-in", timeout=10).text
        form = {"csrf_token": token(page), "name": "Priya", "password": PASSWORD}
        assert self.session.post(f"{base}/staff/sign-in", data=form, timeout=10).ok

    def divert(self, line):
        page = self.session.get(f"{self.base}/staff/diverts/new", timeout=10).text
        asked = {"service": "children", "line": line, "from": "now", "until": "1h", "note": "x"}
        form = {"csrf_token": token(page), **asked}
        page = self.session.post(f"{self.base}/staff/diverts/check", data=form, timeout=10).text
        held = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        held["to"] = held["to"].replace("&#43;", "+")
        form = {**held, "csrf_token": token(page), "although_closed": "yes"}
        shown = self.session.post(f"{self.base}/staff/diverts", data=form, timeout=10)
        assert "The divert is set." in shown.text, shown.text


def test_number_is_never_old_once_the_page_says_so_and_no_answer_after_a_second(
    postgresql, tmp_path
):
    url = postgresql.database()
    database = Database(url, tmp_path)
    upgrade.upgrade(database)
    with database.writing() as connection:
        role = frozenset({Role.DIVERT})
        accounts.add(connection, "Priya", role, PASSWORD, datetime.now(UTC), "terminal:0")
    database.engine.dispose()
    with ExitStack() as running:
        bases = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
            _, at = running.enter_context(
                serving(folder, DATABASE_URL=url, SECRET_KEY=KEY, WEB_CONCURRENCY="2")
            )
            ask(at)
            bases.append(at.partition("/api")[0])
        old, asked, late = _rounds(Staff(bases[0]), bases)

    assert asked >= 10_000
    assert old == []
    assert late == []


class Asked:
    """Threads that ask every worker of every group, and what they were told wrongly."""

    def __init__(self):
        self.old, self.late, self.numbers = [], [], []

    def number(self, base, wanted, count):
        """Ask for the number so often: each must be the one that the page had said.

        Every few times over another connection, so that each worker is asked.
        """
        for _ in range(count // CONNECTION):
            with Caller(base) as caller:
                for _ in range(CONNECTION):
                    answer = caller.ask(NUMBER)
                    self.numbers.append(1)
                    if answer.text.strip() != wanted:
                        self.old.append((answer.status, answer.text, wanted))

    def decision(self, base, line, confirmed):
        """Ask who answers until after a second: from then on it must be the new line."""
        with Caller(base) as caller:
            while time.monotonic() < confirmed + 1.3:
                answer = caller.ask(DECISION)
                found = json.loads(answer.text)["line"]["id"]
                if answer.asked > confirmed + 1 and found != line:
                    self.late.append((answer.asked - confirmed, answer.text[:200]))


def _rounds(staff, bases):
    """Divert to and fro; return numbers that were old, how many were asked, and late answers."""
    asked = Asked()
    for number in range(ROUNDS):
        line = ("advice", "eds")[number % 2]
        staff.divert(line)
        confirmed = time.monotonic()
        wanted = (NUMBERS[line], EACH // 2)
        ways = [(asked.number, (base, *wanted)) for base in bases]
        if number % 5 == 0:
            ways += [(asked.decision, (base, line, confirmed)) for base in bases]
        threads = [threading.Thread(target=way, args=words) for way, words in ways]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    staff.session.close()
    return asked.old, len(asked.numbers), asked.late
