"""A divert set on one worker, asked of every other, and of another group that shares PostgreSQL."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

from colleague import NAME, PASSWORD, Colleague
from conftest import ANYSHIRE
from faulted import KEY
from load import Caller
from serving import serving

from routing.store import accounts, db
from routing.store.accounts import Role
from routing.store.db import Database

NUMBER = "/api/v1/services/children/number"
DECISION = "/api/v1/services/children/decision"
CONNECTION = 25
NUMBERS = {"advice": "+441632960003", "eds": "+441632960002"}


def two_groups(server, folder, rounds, questions):
    """Divert to and fro on one group, and ask both, so often for the number in each round.

    Return how many numbers were asked for, those that were old once the page had said that the
    divert is set, and other answers that were old a second after that.
    """
    url = server.database()
    database = Database(url, folder)
    db.upgrade(database)
    with database.writing() as connection:
        role = frozenset({Role.DIVERT})
        accounts.add(connection, NAME, role, PASSWORD, datetime.now(UTC), "terminal:0")
    database.engine.dispose()
    with ExitStack() as running:
        bases = []
        for name in ("one", "two"):
            group = folder / name
            group.mkdir()
            (group / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
            settings = {"DATABASE_URL": url, "SECRET_KEY": KEY, "WEB_CONCURRENCY": "2"}
            bases.append(running.enter_context(serving(group, **settings)).base)
        clients = GroupClients()
        clients.rounds(Colleague(bases[0]), bases, rounds, questions)
        return len(clients.numbers), clients.old, clients.late


class GroupClients:
    """Threads that ask every worker of every group, and the old answers that they got."""

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
                named = json.loads(answer.text)["line"]["id"]
                if answer.sent_at > confirmed + 1 and named != line:
                    self.late.append((answer.sent_at - confirmed, answer.text[:200]))

    def rounds(self, staff, bases, rounds, questions):
        """Divert, and ask at once; in every fourth round for the decision as well."""
        for number in range(rounds):
            line = ("advice", "eds")[number % 2]
            staff.divert(line)
            confirmed = time.monotonic()
            ways = [(self.number, (base, NUMBERS[line], questions // 2)) for base in bases]
            if number % 4 == 0:
                ways += [(self.decision, (base, line, confirmed)) for base in bases]
            with ThreadPoolExecutor(len(ways)) as pool:
                list(pool.map(lambda way: way[0](*way[1]), ways))
        staff.session.close()
