"""The tables. Every time in them is an instant in UTC; every span is half-open."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from routing.core import instants


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token or a name, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant, kept in UTC on every database: SQLite by itself would forget the zone.

    A time without a zone is refused with NaiveTime.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instants.as_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


METADATA = sa.MetaData()


def _key() -> sa.Column[int]:
    # BIGINT would not count by itself on SQLite.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _instant(name: str, null: bool = False, index: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=null, index=index)


accounts = sa.Table(
    "people",
    METADATA,
    _key(),
    sa.Column("issuer", sa.Text, nullable=False),  # LOCAL, or the OpenID provider's
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    _instant("added_at"),
    _instant("removed_at", null=True),
    _instant("signed_in_at", null=True),
    sqlite_autoincrement=True,
)
sa.Index(
    "one_account_each",
    accounts.c.issuer,
    accounts.c.subject,
    unique=True,
    sqlite_where=accounts.c.removed_at.is_(None),
    postgresql_where=accounts.c.removed_at.is_(None),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("roles", sa.Text, nullable=False),
    _instant("started_at"),
    _instant("ends_at", index=True),
)

sign_in_failures = sa.Table(
    "sign_in_failures",
    METADATA,
    _key(),
    sa.Column("name_sha256", sa.Text, nullable=False, index=True),
    _instant("at", index=True),
)

diverts = sa.Table(
    "diverts",
    METADATA,
    _key(),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    _instant("starts_at"),
    _instant("ends_at"),
    sa.Column("note", sa.Text, nullable=False),
    _instant("set_at"),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("asked", sa.Text, unique=True),  # the form that asked for it: sent twice, set once
    sa.CheckConstraint("starts_at <= ends_at", name="ends_after_it_starts"),
    sa.Index("diverts_by_end", "ends_at"),
    sqlite_autoincrement=True,
)

audit_log = sa.Table(
    "changes",
    METADATA,
    _key(),
    _instant("at"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("before", sa.JSON),
    sa.Column("after", sa.JSON),
    sa.Index("changes_by_entity", "entity", "id"),
    sqlite_autoincrement=True,
)

calls = sa.Table(
    "calls",
    METADATA,
    _key(),
    sa.Column("sid_sha256", sa.Text, nullable=False, unique=True),  # of Twilio's CallSid
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _instant("began_at", index=True),
    _instant("ended_at", null=True),
    sa.Column("outcome", sa.Text),
    sa.Column("answered_by", sa.Text),
    sqlite_autoincrement=True,
)

legs = sa.Table(
    "legs",
    METADATA,
    sa.Column("call", sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Text, nullable=False),
    _instant("rung_at"),
    _instant("accepted_at", null=True),
    sa.Column("outcome", sa.Text),
    sa.Column("rang", sa.Integer),  # seconds until somebody picked up, or it ended
    sa.Column("talked", sa.Integer),
)

counters = sa.Table(
    "tallies",
    METADATA,
    sa.Column("hour", UtcDateTime, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

rota_changes = sa.Table(
    "batches",
    METADATA,
    _key(),
    sa.Column("kind", sa.Text, nullable=False),
    _instant("made_at"),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("asked", sa.Text, unique=True),  # the form that asked for it: sent twice, made once
    sa.Column("undone_in", sa.ForeignKey("batches.id")),
    sqlite_autoincrement=True,
)

rota_people = sa.Table(
    "workers",
    METADATA,
    _key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # the name, case and blanks aside
    sa.Column("phone", sa.Text),
    sa.Column("account", sa.ForeignKey("people.id")),
    sa.Column("past", sa.ForeignKey("workers.id")),  # who has had this person's oldest shifts
    _instant("added_at"),
    _instant("left_at", null=True),
    _instant("forgotten_at", null=True),
    sqlite_autoincrement=True,
)
_HERE = rota_people.c.left_at.is_(None)
for _name in ("key", "account"):
    _column = rota_people.c[_name]
    sa.Index(
        f"one_worker_each_{_name}",
        _column,
        unique=True,
        sqlite_where=_HERE,
        postgresql_where=_HERE,
    )

shifts = sa.Table(
    "shifts",
    METADATA,
    _key(),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("worker", sa.ForeignKey("workers.id"), nullable=False),
    _instant("starts_at"),
    _instant("ends_at"),
    sa.Column("added_in", sa.ForeignKey("batches.id"), nullable=False, index=True),
    sa.Column("cancelled_in", sa.ForeignKey("batches.id"), index=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    _instant("changed_at"),
    sa.CheckConstraint("starts_at < ends_at", name="shift_ends_after_it_starts"),
    sa.Index("shifts_by_end", "ends_at"),
    sa.Index("shifts_by_worker", "worker", "ends_at"),
    sqlite_autoincrement=True,
)

covers = sa.Table(
    "covers",
    METADATA,
    _key(),
    sa.Column("shift", sa.ForeignKey("shifts.id"), nullable=False, index=True),
    sa.Column("worker", sa.ForeignKey("workers.id")),  # null: nobody yet
    _instant("starts_at"),
    _instant("ends_at"),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("added_in", sa.ForeignKey("batches.id"), nullable=False, index=True),
    sa.Column("cancelled_in", sa.ForeignKey("batches.id"), index=True),
    sa.CheckConstraint("starts_at < ends_at", name="cover_ends_after_it_starts"),
    sa.Index("covers_by_end", "ends_at"),
    sqlite_autoincrement=True,
)

calendars = sa.Table(
    "feeds",
    METADATA,
    _key(),
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("worker", sa.ForeignKey("workers.id")),  # whose shifts; null: a rota's
    sa.Column("role", sa.Text),  # which role's; null: all of them
    sa.Column("account", sa.ForeignKey("people.id"), nullable=False),
    _instant("made_at"),
    _instant("used_at", null=True),
    _instant("revoked_at", null=True),
    sqlite_autoincrement=True,
)

alert_recipients = sa.Table(
    "alert_recipients",
    METADATA,
    sa.Column("recipient", sa.Text, primary_key=True),  # a hash: no address is kept
    _instant("looked_at"),
    _instant("claimed_until", null=True),
    _instant("not_before", null=True),
    sa.Column("tries", sa.Integer, nullable=False),
    _instant("failing_since", null=True),
    sa.Column("fault", sa.Text),
)

alerts = sa.Table(
    "alerts",
    METADATA,
    _key(),
    sa.Column("recipient", sa.ForeignKey("alert_recipients.recipient"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # what happened, so that it is told once
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    _instant("noticed_at"),
    _instant("sent_at", null=True),
    sa.UniqueConstraint("recipient", "key", name="told_once_each"),
    sqlite_autoincrement=True,
)
