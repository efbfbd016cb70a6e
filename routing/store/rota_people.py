"""People who can be on the rota, and calendar feeds of their shifts.

A feed has a secret address, shown once and stored as a hash.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import RotaPerson, clean_name, name_key
from routing.store.accounts import LOCAL
from routing.store.audit_log import record
from routing.store.tables import (
    accounts,
    calendars,
    covers,
    hash_token,
    rota_changes,
    rota_people,
    shifts,
)

PURGE_BATCH = 4_000
"""How many shifts, and how many covers, are anonymised in one transaction."""

MAX_ABSENCE = timedelta(days=184)
"""A feed is suspended once its owner has not signed in for this long."""

MAX_ABSENCE_WITH_PROVIDER = timedelta(days=30)
"""The same with an identity provider, which does not tell this service who has left."""

_IMPORT, _UNDO = rota_changes.alias(), rota_changes.alias()
_LEFT_WITH_UNDO_AT = (
    sa.select(_UNDO.c.made_at)
    .join(_IMPORT, _IMPORT.c.undone_by_change_id == _UNDO.c.id)
    .where(
        _IMPORT.c.id == rota_people.c.added_by_change_id,
        rota_people.c.phone.is_(None),
        rota_people.c.account_id.is_(None),
        ~sa.exists()
        .where(
            shifts.c.rota_person_id == rota_people.c.id,
            shifts.c.created_by_change_id != rota_people.c.added_by_change_id,
        )
        .correlate(rota_people),
        ~sa.exists().where(covers.c.rota_person_id == rota_people.c.id).correlate(rota_people),
    )
    .scalar_subquery()
)
"""When the import that added somebody was undone, if they have nothing else on the rota."""

_LEFT_AT = sa.func.coalesce(rota_people.c.left_at, _LEFT_WITH_UNDO_AT)
_SELECT_PEOPLE: sa.Select[Any] = sa.select(
    *rota_people.c["id", "name", "phone", "account_id"], _LEFT_AT
)


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """A feed of one person's shifts, or (None) of the whole rota.

    ``account_id``, ``owner`` and ``issuer`` are of the account that created it; ``signed_in_at``
    is its last sign-in, None if it never signed in.
    """

    id: int
    rota_person_id: int | None
    account_id: int
    created_at: datetime
    owner: str
    issuer: str
    signed_in_at: datetime | None

    def is_suspended(self, at: datetime, issuer: str) -> bool:
        """Return whether the feed must wait until its owner signs in again.

        ``issuer`` is the one in use now: an owner with another one cannot sign in.
        """
        longest = MAX_ABSENCE if issuer == LOCAL else MAX_ABSENCE_WITH_PROVIDER
        if self.issuer != issuer or self.signed_in_at is None:
            return True
        return at - self.signed_in_at >= longest


def add(
    connection: Connection,
    name: str,
    phone: str | None,
    at: datetime,
    actor: str,
    idempotency_key: str = "",
) -> RotaPerson:
    """Add somebody to those who can be on the rota, once for each ``idempotency_key``.

    Raise InvalidRotaChange.
    """
    is_added = rota_people.c.idempotency_key == idempotency_key
    if idempotency_key and (added := _find(connection, is_added)):
        return added
    name = clean_name(name)
    _claim(connection, name, at)
    insert = rota_people.insert().values(
        name=name,
        name_key=name_key(name),
        phone=phone,
        added_at=at,
        idempotency_key=idempotency_key or None,
    )
    person_id = connection.execute(insert.returning(rota_people.c.id)).scalar_one()
    record(connection, at, actor, "rota_person.added", f"rota_person:{person_id}")
    return RotaPerson(person_id, name, phone)


def change(
    connection: Connection,
    person_id: int,
    name: str,
    phone: str | None,
    account_id: int | None,
    at: datetime,
    actor: str,
) -> RotaPerson:
    """Change somebody's name, phone or account. The audit log says which, never the values.

    Raise UnknownShift, InvalidRotaChange.
    """
    before = get(connection, person_id)
    after = RotaPerson(person_id, clean_name(name), phone, account_id)
    if name_key(after.name) != name_key(before.name):
        _claim(connection, after.name, at)
    if account_id not in (None, before.account_id) and find_by_account(connection, account_id):
        raise InvalidRotaChange("account", "Somebody else on the rota has this account.")
    values = {"name": after.name, "phone": phone, "account_id": account_id}
    _update(connection, person_id, name_key=name_key(after.name), **values)
    changed = [key.removesuffix("_id") for key in values if values[key] != getattr(before, key)]
    if changed:
        entity, states = f"rota_person:{person_id}", dict.fromkeys(changed, "changed")
        record(connection, at, actor, "rota_person.changed", entity, after=states)
    return after


def leave(connection: Connection, person_id: int, at: datetime, actor: str) -> None:
    """Take somebody off the rota: nobody has their shifts from now on; their calendars are revoked.

    Their name stays on past shifts until ``purge``. Raise UnknownShift.
    """
    person = get(connection, person_id)
    _update(connection, person_id, left_at=at, account_id=None, phone=None)
    is_own = calendars.c.rota_person_id == person_id
    if person.account_id is not None:
        is_own |= calendars.c.account_id == person.account_id
    not_revoked = is_own & calendars.c.revoked_at.is_(None)
    connection.execute(calendars.update().where(not_revoked).values(revoked_at=at))
    covered = sa.select(covers.c.shift_id).where(covers.c.rota_person_id == person_id)
    is_theirs = (shifts.c.rota_person_id == person_id) | shifts.c.id.in_(covered)
    is_running = (shifts.c.starts_at < at) & (shifts.c.ends_at > at)  # calendars have a new end
    change = {"sequence": shifts.c.sequence + 1, "changed_at": at}
    connection.execute(shifts.update().where(is_theirs & is_running).values(**change))
    record(connection, at, actor, "rota_person.left", f"rota_person:{person_id}")


def mark_added_by(connection: Connection, person_ids: Collection[int], change_id: int) -> None:
    """Note that people were added by a change of the rota: while it is undone, they have left."""
    update = rota_people.update().where(rota_people.c.id.in_(person_ids))
    connection.execute(update.values(added_by_change_id=change_id))


def get(connection: Connection, person_id: int) -> RotaPerson:
    """Return somebody who can be on the rota. Raise UnknownShift for one who left, or never was."""
    person = _find(connection, rota_people.c.id == person_id)
    if person is None:
        raise UnknownShift("This person is not on the rota, or has left.")
    return person


def find_by_account(connection: Connection, account_id: int) -> RotaPerson | None:
    """Return who on the rota has an account; None if nobody does."""
    return _find(connection, rota_people.c.account_id == account_id)


def all_people(connection: Connection) -> list[RotaPerson]:
    """Return everybody who is or was on the rota, by name; ``left_at`` tells them apart."""
    query = _SELECT_PEOPLE.order_by(rota_people.c.name_key)
    return [RotaPerson(*row) for row in connection.execute(query)]


def select_old(before: datetime) -> tuple[sa.Select[Any], ...]:
    """Select the people whose names ``purge`` takes away: leavers, from shifts, from covers."""
    named = sa.select(rota_people.c.id).where(rota_people.c.anonymised_at.is_(None))

    def has_old(table: sa.Table) -> sa.ColumnElement[bool]:
        is_own = table.c.rota_person_id == rota_people.c.id
        return sa.exists().where(is_own & (table.c.ends_at < before))

    is_leaver = before > _LEFT_AT
    return tuple(named.where(is_due) for is_due in (is_leaver, has_old(shifts), has_old(covers)))


def purge(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int, int]:
    """Anonymise shifts and covers that ended before an instant, and people who had left by then.

    The shifts stay, under a name such as "Former worker 17", the same for all of one person, so
    that a pattern of work can still be seen. At most PURGE_BATCH shifts or covers at once, so that
    nobody waits for it: repeat while ``select_old`` finds any. Return how many people and shifts.
    """
    leaver_ids = connection.scalars(select_old(before)[0]).all()
    for person_id in leaver_ids:
        _anonymise(connection, person_id, at)
    moved = 0
    for table in (shifts, covers):
        if moved < PURGE_BATCH:
            moved += _archive(connection, table, before, at)
    if leaver_ids or moved:
        after = {"people": len(leaver_ids), "shifts": moved}
        record(connection, at, actor, "rota.purged", "rota", after=after)
    return len(leaver_ids), moved


def create_calendar(
    connection: Connection,
    rota_person_id: int | None,
    account_id: int,
    at: datetime,
    actor: str,
    token: str = "",
) -> str:
    """Create a feed and return its token, of which only the hash is stored.

    ``token`` is that of a form, which may be sent twice: if it has a feed, no other is created. If
    that was revoked, or without one, the feed gets a new token.
    """
    if find_calendar(connection, token) is not None:
        return token
    is_used = sa.exists().where(calendars.c.token_sha256 == hash_token(token))
    if not token or connection.scalar(sa.select(is_used)):
        token = secrets.token_urlsafe(32)
    feed = {"rota_person_id": rota_person_id, "account_id": account_id}
    insert = calendars.insert().values(token_sha256=hash_token(token), created_at=at, **feed)
    feed_id = connection.execute(insert.returning(calendars.c.id)).scalar_one()
    person = f"rota_person:{rota_person_id}" if rota_person_id is not None else "the whole rota"
    after = {"of": person}
    record(connection, at, actor, "calendar.created", f"calendar:{feed_id}", after=after)
    return token


def find_calendar(connection: Connection, token: str) -> CalendarFeed | None:
    """Return the feed of a token, suspended or not; None if it was revoked or its owner is gone."""
    query = _select_unrevoked().where(calendars.c.token_sha256 == hash_token(token))
    row = connection.execute(query).first()
    return None if row is None else CalendarFeed(*row)


def unrevoked_calendars(connection: Connection) -> list[CalendarFeed]:
    """Return every feed that was not revoked, suspended or not, newest first."""
    rows = connection.execute(_select_unrevoked().order_by(calendars.c.id.desc()))
    return [CalendarFeed(*row) for row in rows]


def revoke_calendar(connection: Connection, feed_id: int, at: datetime, actor: str) -> None:
    """Revoke a feed at once. Raise UnknownShift if there is none, or it was revoked before."""
    not_revoked = (calendars.c.id == feed_id) & calendars.c.revoked_at.is_(None)
    update = calendars.update().where(not_revoked).values(revoked_at=at)
    if not connection.execute(update).rowcount:
        raise UnknownShift("There is no such calendar, or it was revoked.")
    record(connection, at, actor, "calendar.revoked", f"calendar:{feed_id}")


def is_inactive_calendar(before: datetime) -> sa.ColumnElement[bool]:
    """Match feeds that were revoked, or whose account was removed, at or before an instant."""
    removed = sa.select(accounts.c.id).where(accounts.c.removed_at <= before)
    return (calendars.c.revoked_at <= before) | calendars.c.account_id.in_(removed)


def _archive(connection: Connection, table: sa.Table, before: datetime, at: datetime) -> int:
    """Move old shifts or covers, PURGE_BATCH at most, to nameless people; return how many."""
    named = sa.select(rota_people.c.id).where(rota_people.c.anonymised_at.is_(None))
    is_old = (table.c.ends_at < before) & table.c.rota_person_id.in_(named)
    due = sa.select(table.c.rota_person_id, table.c.id).where(is_old).limit(PURGE_BATCH)
    ids: dict[int, list[int]] = defaultdict(list)
    for person_id, row_id in connection.execute(due):
        ids[person_id].append(row_id)
    for person_id, own_ids in ids.items():
        move = table.update().where(table.c.id.in_(own_ids))
        connection.execute(move.values(rota_person_id=_nameless_id(connection, person_id, at)))
    return sum(map(len, ids.values()))


def _nameless_id(connection: Connection, person_id: int, at: datetime) -> int:
    """Return who holds somebody's old shifts under no name; add them if there is nobody yet."""
    query = sa.select(rota_people.c.archived_as_id).where(rota_people.c.id == person_id)
    nameless_id: int | None = connection.scalar(query)
    if nameless_id is not None:
        return nameless_id
    nameless = {"name": "", "name_key": "", "added_at": at, "left_at": at}
    insert = rota_people.insert().values(nameless).returning(rota_people.c.id)
    nameless_id = int(connection.execute(insert).scalar_one())
    _anonymise(connection, nameless_id, at)
    _update(connection, person_id, archived_as_id=nameless_id)
    return nameless_id


def _anonymise(connection: Connection, person_id: int, at: datetime) -> None:
    name = f"Former worker {person_id}"
    removed = dict.fromkeys(("phone", "account_id", "archived_as_id"))
    names = {"name": name, "name_key": name_key(name)}
    _update(connection, person_id, anonymised_at=at, **names, **removed)


def _update(connection: Connection, person_id: int, **values: object) -> None:
    connection.execute(rota_people.update().where(rota_people.c.id == person_id).values(values))


def _claim(connection: Connection, name: str, at: datetime) -> None:
    """Have nobody else of a name on the rota. Raise InvalidRotaChange if there is."""
    is_same = rota_people.c.name_key == name_key(name)
    if _find(connection, is_same) is not None:
        raise InvalidRotaChange("name", f"{name} is on the rota already. Tell them apart.")
    # Somebody who came with an import that is undone does not come back with it any more.
    came_with_import = is_same & rota_people.c.left_at.is_(None)
    connection.execute(rota_people.update().where(came_with_import).values(left_at=at))


def _find(connection: Connection, is_match: sa.ColumnElement[bool]) -> RotaPerson | None:
    row = connection.execute(_SELECT_PEOPLE.where(is_match & _LEFT_AT.is_(None))).first()
    return RotaPerson(*row) if row else None


def _select_unrevoked() -> sa.Select[Any]:
    """Select feeds whose account is not removed and whose person, if any, has not left the rota."""
    feed, account = calendars.c, accounts.c
    is_usable = feed.revoked_at.is_(None) & account.removed_at.is_(None)
    return (
        sa.select(
            *(feed.id, feed.rota_person_id, feed.account_id, feed.created_at),
            *(account.name, account.issuer, account.signed_in_at),
        )
        .join(accounts, account.id == feed.account_id)
        .outerjoin(rota_people, rota_people.c.id == feed.rota_person_id)
        .where(is_usable & rota_people.c.left_at.is_(None))
    )
