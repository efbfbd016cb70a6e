"""A divert set on one worker, asked of every other, and of another group that shares PostgreSQL."""

import json
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

from colleague import NAME, PASSWORD, Colleague
from conftest import ANYSHIRE
from faulted import KEY
from load import Caller
from serving import ask, serving

from routing.storage import accounts, upgrade
from routing.storage.accounts import Role
from routing.storage.db import Database

NUMBER = "/api/v1/services/children/number"
DECISION = "/api/v1/services/children/decision"
ROUNDS, EACH, CONNECTION = 8, 250, 25
NUMBERS = {"advice": "+441632960003", "eds": "+441632960002"}


def test_number_is_never_old_once_the_page_says_so_and_no_answer_after_a_second(
    postgresql, tmp_path
):
    url = postgresql.database()
    database = Database(url, tmp_path)
    upgrade.upgrade(database)
    with database.writing() as connection:
        role = frozenset({Role.DIVERT})
        accounts.add(connection, NAME, role, PASSWORD, datetime.now(UTC), "terminal:0")
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
        old, asked, late = _rounds(Colleague(bases[0]), bases)

    assert asked >= 2_000
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
        if number % 4 == 0:
            ways += [(asked.decision, (base, line, confirmed)) for base in bases]
        threads = [threading.Thread(target=way, args=words) for way, words in ways]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    staff.session.close()
    return asked.old, len(asked.numbers), asked.late
