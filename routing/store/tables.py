"""The tables. Every time is an instant in UTC; every period is half-open.

A new database is created from these. A change here needs a migration in ``migrations/versions`` for
databases that exist: a test upgrades one of version 1.0.0 and compares.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect

from routing.errors import NaiveTime

_WRITERS_LOCK_ID = 0x726F7574


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token or a name, in 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def insert_or_update(dialect: str, table: sa.Table) -> Any:
    """Return the dialect's insert, which has ``on_conflict_do_update`` and ``_do_nothing``."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # not loaded where it is not used

    return postgresql.insert(table)


def lock_writers(connection: sa.Connection) -> None:
    """Take the lock that one transaction can hold, until this one ends.

    SQLite allows one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS_LOCK_ID)))


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both databases. Raise NaiveTime for one without a zone.

    SQLite on its own would drop the zone.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.utcoffset() is None:
            raise NaiveTime(value)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _table(name: str, *items: sa.Column[Any] | sa.Constraint | sa.Index) -> sa.Table:
    return sa.Table(name, METADATA, *items)


def _numbered_table(name: str, *items: sa.Column[Any] | sa.Constraint | sa.Index) -> sa.Table:
    """Return a table with the primary key ``id``: numbers that are never given twice."""
    # SQLite numbers rows by itself in an INTEGER column only.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    number = sa.Column("id", kind, primary_key=True, autoincrement=True)
    return sa.Table(name, METADATA, number, *items, sqlite_autoincrement=True)


def _instant(name: str, null: bool = False, index: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=null, index=index)


def _unique_while(condition: sa.ColumnElement[bool], *columns: sa.Column[Any]) -> sa.Index:
    return sa.Index(None, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


accounts = _numbered_table(
    "accounts",
    sa.Column("issuer", sa.Text, nullable=False),  # LOCAL, or the OpenID provider's
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    _instant("added_at"),
    _instant("removed_at", null=True),
    _instant("signed_in_at", null=True),
)
_unique_while(accounts.c.removed_at.is_(None), accounts.c.issuer, accounts.c.subject)

tokens = _table(
    "tokens",
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # a session, or a link for a new password
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created_by", sa.Text, nullable=False, index=True),  # an actor, as in the audit log
    _instant("ends_at", index=True),
)

sign_in_failures = _numbered_table(
    "sign_in_failures",
    sa.Column("name_sha256", sa.Text, nullable=False, index=True),
    _instant("at", index=True),
)

# Of setting up.
unneeded_steps = _table("unneeded_steps", sa.Column("step", sa.Text, primary_key=True))

diverts = _numbered_table(
    "diverts",
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    _instant("starts_at"),
    _instant("ends_at", index=True),
    sa.Column("note", sa.Text, nullable=False),
    _instant("set_at"),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text, unique=True),  # a form sent twice sets one divert
    sa.Column("avoid", sa.Text),  # a line that took the calls when the divert began
    sa.CheckConstraint("starts_at <= ends_at", name="divert_ends_after_it_starts"),
)

audit_log = _numbered_table(
    "audit_log",
    _instant("at"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("before", sa.JSON),
    sa.Column("after", sa.JSON),
    sa.Index(None, "entity", "id"),
)

calls = _numbered_table(
    "calls",
    sa.Column("sid_sha256", sa.Text, nullable=False, unique=True),  # of Twilio's CallSid
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _instant("began_at", index=True),
    _instant("ended_at", null=True),
    sa.Column("outcome", sa.Text),
    sa.Column("answered_by", sa.Text),
)

legs = _table(
    "legs",
    sa.Column("call_id", sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),  # from 1
    sa.Column("line", sa.Text, nullable=False),
    _instant("rung_at"),
    _instant("accepted_at", null=True),
    sa.Column("outcome", sa.Text),
    sa.Column("ring_seconds", sa.Integer),  # until somebody picked up, or the leg ended
    sa.Column("talk_seconds", sa.Integer),
)

counters = _table(
    "counters",
    sa.Column("hour", UtcDateTime, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

rota_changes = _numbered_table(
    "rota_changes",
    sa.Column("kind", sa.Text, nullable=False),
    _instant("made_at"),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text, unique=True),  # a form sent twice makes one change
    sa.Column("undone_by_change_id", sa.ForeignKey("rota_changes.id"), index=True),
    sa.Column("summary", sa.Text, nullable=False),  # "" where the kind says it all
    # Of an import: its file, and for which roles and which period it is.
    sa.Column("sheet_name", sa.Text, index=True),
    sa.Column("sheet_role_ids", sa.Text),  # with commas between them
    _instant("sheet_starts_at", null=True),
    _instant("sheet_ends_at", null=True),
)

rota_people = _numbered_table(
    "rota_people",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False),  # the name without case and spacing
    sa.Column("phone", sa.Text),
    sa.Column("account_id", sa.ForeignKey("accounts.id")),
    # Holds this person's shifts from before the retention period, under no name.
    sa.Column("archived_as_id", sa.ForeignKey("rota_people.id")),
    # The import that added this person, who goes again when it is undone.
    sa.Column("added_by_change_id", sa.ForeignKey("rota_changes.id"), index=True),
    sa.Column("idempotency_key", sa.Text),  # a form sent twice adds one person
    _instant("added_at"),
    _instant("left_at", null=True),
    _instant("anonymised_at", null=True),
)
_unique_while(rota_people.c.left_at.is_(None), rota_people.c.name_key)
_unique_while(rota_people.c.left_at.is_(None), rota_people.c.account_id)

shifts = _numbered_table(
    "shifts",
    sa.Column("duty_role", sa.Text, nullable=False),
    sa.Column("rota_person_id", sa.ForeignKey("rota_people.id"), nullable=False),
    _instant("starts_at"),
    _instant("ends_at", index=True),
    sa.Column("created_by_change_id", sa.ForeignKey("rota_changes.id"), nullable=False, index=True),
    sa.Column("cancelled_by_change_id", sa.ForeignKey("rota_changes.id"), index=True),
    sa.Column("sequence", sa.Integer, nullable=False),  # iCalendar's: counts changes of a shift
    _instant("changed_at"),
    sa.CheckConstraint("starts_at < ends_at", name="shift_ends_after_it_starts"),
    sa.Index(None, "rota_person_id", "ends_at"),
)

covers = _numbered_table(
    "covers",
    sa.Column("shift_id", sa.ForeignKey("shifts.id"), nullable=False, index=True),
    sa.Column("rota_person_id", sa.ForeignKey("rota_people.id"), index=True),  # null: nobody yet
    _instant("starts_at"),
    _instant("ends_at", index=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created_by_change_id", sa.ForeignKey("rota_changes.id"), nullable=False, index=True),
    sa.Column("cancelled_by_change_id", sa.ForeignKey("rota_changes.id"), index=True),
    sa.CheckConstraint("starts_at < ends_at", name="cover_ends_after_it_starts"),
)

calendars = _numbered_table(
    "calendars",
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("rota_person_id", sa.ForeignKey("rota_people.id")),  # null: everybody's shifts
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    _instant("created_at"),
    _instant("revoked_at", null=True),
)

alerts = _numbered_table(
    "alerts",
    sa.Column("recipient", sa.Text, nullable=False),  # a hash: no address is stored
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    _instant("noticed_at"),
    _instant("last_due_at"),
    _instant("sent_at", null=True),
    sa.UniqueConstraint("recipient", "dedupe_key"),
)

jobs = _table(
    "jobs",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),  # the process that runs it
    _instant("locked_until"),
    _instant("due_at", null=True),
    _instant("ran_at", null=True),
    _instant("failing_since", null=True),
    sa.Column("fault", sa.Text),
)

bank_holiday_lists = _table(
    "bank_holiday_lists",
    sa.Column("url", sa.Text, primary_key=True),
    _instant("checked_at"),
    sa.Column("content", sa.Text, nullable=False),
)


def create_tables(connection: sa.Connection) -> None:
    """Create every table, and the triggers that refuse what no code may do."""
    METADATA.create_all(connection, checkfirst=False)
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in _sqlite_triggers() if is_sqlite else _postgresql_triggers():
        connection.exec_driver_sql(statement)


def _sqlite_triggers() -> Iterator[str]:
    for verb in ("INSERT", "UPDATE"):
        # No shift is longer than seven days, so an overlapping one ends less than nine days later.
        # Without that bound, bringing 5,000 shifts of one person back took 3.5 seconds.
        yield (
            f"CREATE TRIGGER shifts_no_overlap_{verb.lower()} BEFORE {verb} ON shifts "
            "WHEN NEW.cancelled_by_change_id IS NULL AND EXISTS (SELECT 1 FROM shifts "
            "WHERE id IS NOT NEW.id AND duty_role = NEW.duty_role "
            "AND rota_person_id = NEW.rota_person_id AND cancelled_by_change_id IS NULL "
            "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at "
            "AND ends_at < date(NEW.ends_at, '+9 days')) "
            "BEGIN SELECT RAISE(ABORT, 'shifts_no_overlap'); END"
        )
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER audit_log_no_{verb.lower()} BEFORE {verb} ON audit_log "
            "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
        )


def _postgresql_triggers() -> Iterator[str]:
    # Ranges of one value stand for equality: a GiST index of plain values needs the btree_gist
    # extension, which a managed server may not allow.
    yield "CREATE TYPE duty_role_range AS RANGE (subtype = text)"
    yield (
        "ALTER TABLE shifts ADD CONSTRAINT shifts_no_overlap EXCLUDE USING gist ("
        "duty_role_range(duty_role, duty_role, '[]') WITH &&, "
        "int8range(rota_person_id, rota_person_id, '[]') WITH &&, "
        "tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (cancelled_by_change_id IS NULL)"
    )
    yield (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
        "EXCEPTION 'audit_log is append-only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    yield (
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
