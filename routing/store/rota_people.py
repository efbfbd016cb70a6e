"""People who can be on the rota: their names, and work phones for those who need them."""

import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import name_key
from routing.store.audit_log import record
from routing.store.tables import calendars, covers, rota_people, shifts

PURGE_ROWS = 1_000
"""How many shifts, and how many covers, are purged in one transaction."""


@dataclass(frozen=True, slots=True)
class RotaPerson:
    """Somebody who is or was on the rota. ``account`` is with what they sign in, if they do."""

    id: int
    name: str
    phone: str | None = None
    account: int | None = None
    left_at: datetime | None = None


def add(
    connection: Connection, name: str, phone: str | None, at: datetime, actor: str
) -> RotaPerson:
    """Put somebody on the list of those who can be on the rota. Raise InvalidRotaChange."""
    (worker,) = add_all(connection, [(name, phone)], at, actor)
    return worker


def add_all(
    connection: Connection,
    people: Iterable[tuple[str, str | None]],
    at: datetime,
    actor: str,
) -> list[RotaPerson]:
    """Put several people, by name and phone, on the list: all or none. Raise InvalidRotaChange."""
    taken = _taken(connection)
    added = []
    for given_name, phone in people:
        name = _free(taken, given_name)
        taken.add(name_key(name))
        row = {"name": name, "key": name_key(name), "phone": phone, "added_at": at}
        insert = rota_people.insert().values(**row).returning(rota_people.c.id)
        added.append(RotaPerson(connection.execute(insert).scalar_one(), name, phone))
        record(connection, at, actor, "worker.added", f"worker:{added[-1].id}")
    return added


def change(
    connection: Connection,
    worker_id: int,
    name: str,
    phone: str | None,
    account: int | None,
    at: datetime,
    actor: str,
) -> RotaPerson:
    """Give somebody another name, phone or account. The record says which, never what they were.

    Raise UnknownShift, InvalidRotaChange.
    """
    before = get(connection, worker_id)
    if name_key(name) != name_key(before.name):
        _free(_taken(connection), name)
    after = RotaPerson(worker_id, clean_name(name), phone, account)
    if account is not None and account != before.account:
        taken = (rota_people.c.account == account) & rota_people.c.left_at.is_(None)
        if connection.execute(rota_people.select().where(taken)).first():
            raise InvalidRotaChange("account", "Somebody else on the rota has this account.")
    row = {
        "name": after.name,
        "key": name_key(after.name),
        "phone": phone,
        "account": account,
    }
    connection.execute(rota_people.update().where(rota_people.c.id == worker_id).values(**row))
    old, new = (before.name, before.phone, before.account), (after.name, phone, account)
    parts = zip(("name", "phone", "account"), old, new, strict=True)
    told = {part: "changed" for part, one, other in parts if one != other}
    if told:
        record(connection, at, actor, "worker.changed", f"worker:{worker_id}", after=told)
    return after


def leave(connection: Connection, worker_id: int, at: datetime, actor: str) -> None:
    """Take somebody off the list: no new shifts, and their calendar feeds are dead.

    Their name stays on what they did until ``purge``. Raise UnknownShift.
    """
    found = get(connection, worker_id)
    gone = {"left_at": at, "account": None, "phone": None}
    connection.execute(rota_people.update().where(rota_people.c.id == worker_id).values(**gone))
    own = calendars.c.worker == worker_id
    if found.account is not None:
        own = own | (calendars.c.account == found.account)
    live = own & calendars.c.revoked_at.is_(None)
    connection.execute(calendars.update().where(live).values(revoked_at=at))
    record(connection, at, actor, "worker.left", f"worker:{worker_id}")


def get(connection: Connection, worker_id: int) -> RotaPerson:
    """Return somebody who can be on the rota. Raise UnknownShift for one who left, or never was."""
    here = (rota_people.c.id == worker_id) & rota_people.c.left_at.is_(None)
    row = connection.execute(rota_people.select().where(here)).first()
    if row is None:
        raise UnknownShift("person", worker_id)
    return _worker(row)


def find_by_account(connection: Connection, account: int) -> RotaPerson | None:
    """Return who signs in with an account; None if nobody on the rota does."""
    here = (rota_people.c.account == account) & rota_people.c.left_at.is_(None)
    row = connection.execute(rota_people.select().where(here)).first()
    return None if row is None else _worker(row)


def all_people(connection: Connection) -> list[RotaPerson]:
    """Return everybody who is or was on the rota, by name; who has left has ``left_at``."""
    return [
        _worker(row) for row in connection.execute(rota_people.select().order_by(rota_people.c.key))
    ]


def find_ids_by_name(connection: Connection, names: Iterable[str]) -> list[int]:
    """Return the numbers of those who are called so, in that order. Raise InvalidRotaChange."""
    here = {name_key(x.name): x.id for x in all_people(connection) if x.left_at is None}
    found = []
    for name in filter(None, map(str.strip, names)):
        if name_key(name) not in here:
            raise InvalidRotaChange("people", f"There is nobody called '{name[:60]}' on the rota.")
        found.append(here[name_key(name)])
    return found


def purge(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int, int]:
    """Forget who did what ended ``before`` then, and the names of those who had left by then.

    Shifts stay, under a name such as "Former worker 17": one for each person, so that a pattern of
    work can still be seen. No more than PURGE_ROWS shifts and as many covers at once, so that
    nobody waits for it: call it until ``overdue`` is false. Return how many people and shifts it
    forgot.
    """
    left, *_ = select_old(before)
    leavers = connection.scalars(left).all()
    for worker in leavers:
        _forget(connection, worker, at)
    named = sa.select(rota_people.c.id).where(rota_people.c.forgotten_at.is_(None))
    moved = 0
    for table, is_past in _past_work(before).items():
        if moved < PURGE_ROWS:
            moved += _move(connection, table, is_past & table.c.worker.in_(named), at)
    if leavers or moved:
        after = {"people": len(leavers), "shifts": moved}
        record(connection, at, actor, "rota.purged", "rota", after=after)
    return len(leavers), moved


def select_old(before: datetime) -> tuple[sa.Select[Any], ...]:
    """Select whose names ``purge`` takes away: of people who had left, from shifts, from covers."""
    past = _past_work(before)
    named = sa.select(rota_people.c.id).where(rota_people.c.forgotten_at.is_(None))
    worked = sa.exists().where((shifts.c.worker == rota_people.c.id) & past[shifts])
    covered = sa.select(covers.c.worker).where(past[covers])
    return (
        named.where(rota_people.c.left_at < before),
        named.where(worked),
        named.where(rota_people.c.id.in_(covered)),
    )


def _past_work(before: datetime) -> dict[sa.Table, sa.ColumnElement[bool]]:
    """Return, by table, which rows are of shifts that ended before an instant."""
    ended = shifts.c.ends_at < before
    of_ended = covers.c.shift.in_(sa.select(shifts.c.id).where(ended))
    return {shifts: ended, covers: (covers.c.ends_at < before) & of_ended}


def _move(
    connection: Connection, table: sa.Table, due: sa.ColumnElement[bool], at: datetime
) -> int:
    """Give some shifts or covers, PURGE_ROWS at most, to nameless people; return how many."""
    ids_by_worker: dict[int, list[int]] = {}
    some = sa.select(table.c.id, table.c.worker).where(due).limit(PURGE_ROWS)
    for row in connection.execute(some).all():
        ids_by_worker.setdefault(row.worker, []).append(row.id)
    for worker, ids in ids_by_worker.items():
        change = table.update().where(table.c.id.in_(ids))
        connection.execute(change.values(worker=_past(connection, worker, at)))
    return sum(map(len, ids_by_worker.values()))


def _past(connection: Connection, worker: int, at: datetime) -> int:
    """Return who has the oldest shifts of somebody: made when first needed."""
    found: int | None = connection.scalar(
        sa.select(rota_people.c.past).where(rota_people.c.id == worker)
    )
    if found is None:
        row = {"name": "Former worker", "key": "", "added_at": at, "left_at": at}
        made = rota_people.insert().values(**row, forgotten_at=at).returning(rota_people.c.id)
        found = connection.execute(made).scalar_one()
        _forget(connection, found, at)
        connection.execute(
            rota_people.update().where(rota_people.c.id == worker).values(past=found)
        )
    return found


def _forget(connection: Connection, key: int, at: datetime) -> None:
    words: dict[str, Any] = {"name": f"Former worker {key}", "key": f"former worker {key}"}
    words |= {"phone": None, "account": None, "past": None, "forgotten_at": at}
    connection.execute(rota_people.update().where(rota_people.c.id == key).values(**words))


def _taken(connection: Connection) -> set[str]:
    """Return the names, by their key, of those who are on the rota."""
    return set(
        connection.scalars(sa.select(rota_people.c.key).where(rota_people.c.left_at.is_(None)))
    )


def _free(taken: Container[str], name: str) -> str:
    """Return a name as it is kept. Raise InvalidRotaChange unless it can be given to somebody new."""
    name = clean_name(name)
    if name_key(name) in taken:
        raise InvalidRotaChange("name", f"There is a {name} on the rota already. Tell them apart.")
    return name


def clean_name(name: str) -> str:
    """Return a name as it is kept. Raise InvalidRotaChange for one that nobody can have."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(name) <= 100 or not name.isprintable() or not name[0].isalnum():
        raise InvalidRotaChange(
            "name", "Write a name of 1 to 100 characters that begins with a letter."
        )
    if "," in name:
        raise InvalidRotaChange("name", "Write the name without a comma: Amara Owusu.")
    if name_key(name).startswith("former worker"):
        raise InvalidRotaChange(
            "name", "‘Former worker’ stands for people whose names were forgotten."
        )
    return name


def _worker(row: sa.Row[Any]) -> RotaPerson:
    return RotaPerson(row.id, row.name, row.phone, row.account, row.left_at)
