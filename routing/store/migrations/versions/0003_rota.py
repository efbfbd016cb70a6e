"""The rota: people, shifts, covers of parts of them, changes made in one step, calendar feeds."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)

    def own() -> sa.Column[int]:
        return sa.Column("id", key, primary_key=True, autoincrement=True)

    def to(name: str, table: str, null: bool = False, index: bool = False) -> sa.Column[int]:
        return sa.Column(name, key, sa.ForeignKey(f"{table}.id"), nullable=null, index=index)

    def at(name: str, null: bool = False) -> sa.Column[datetime]:
        return sa.Column(name, instant, nullable=null)

    op.add_column("people", at("signed_in_at", null=True))
    op.create_table(
        "batches",
        own(),
        sa.Column("kind", sa.Text, nullable=False),
        at("made_at"),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("asked", sa.Text, unique=True),
        to("undone_in", "batches", null=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "workers",
        own(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        to("account", "people", null=True),
        to("past", "workers", null=True),
        at("added_at"),
        at("left_at", null=True),
        at("forgotten_at", null=True),
        sqlite_autoincrement=True,
    )
    here = sa.text("left_at IS NULL")
    for column in ("key", "account"):
        op.create_index(
            f"one_worker_each_{column}",
            "workers",
            [column],
            unique=True,
            sqlite_where=here,
            postgresql_where=here,
        )
    op.create_table(
        "shifts",
        own(),
        sa.Column("role", sa.Text, nullable=False),
        to("worker", "workers", index=True),
        at("starts_at"),
        at("ends_at"),
        to("added_in", "batches", index=True),
        to("cancelled_in", "batches", null=True, index=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        at("changed_at"),
        sa.CheckConstraint("starts_at < ends_at", name="shift_ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    op.create_index("shifts_by_end", "shifts", ["ends_at"])
    op.create_table(
        "covers",
        own(),
        to("shift", "shifts", index=True),
        to("worker", "workers", null=True),
        at("starts_at"),
        at("ends_at"),
        sa.Column("note", sa.Text, nullable=False),
        to("added_in", "batches", index=True),
        to("cancelled_in", "batches", null=True, index=True),
        sa.CheckConstraint("starts_at < ends_at", name="cover_ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feeds",
        own(),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        to("worker", "workers", null=True),
        sa.Column("role", sa.Text),
        to("account", "people"),
        at("made_at"),
        at("used_at", null=True),
        at("revoked_at", null=True),
        sqlite_autoincrement=True,
    )
    for statement in (*_never_at_once(), *_never_deleted("workers", "batches", "shifts", "covers")):
        op.execute(statement)


def _never_at_once() -> list[str]:
    """Return what makes the database itself refuse two shifts of one person in a role at once."""
    name = "no_two_shifts_of_one_person_at_once"
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON shifts "
            "WHEN NEW.cancelled_in IS NULL AND EXISTS (SELECT 1 FROM shifts WHERE id IS NOT NEW.id "
            "AND role = NEW.role AND worker = NEW.worker AND cancelled_in IS NULL "
            "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at) "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
            for verb in ("INSERT", "UPDATE")
        ]
    # Ranges of one value stand for equality: a GiST index of plain values needs an extension that
    # a managed server may not allow.
    return [
        "CREATE TYPE rota_role AS RANGE (subtype = text)",
        f"ALTER TABLE shifts ADD CONSTRAINT {name} EXCLUDE USING gist ("
        "rota_role(role, role, '[]') WITH &&, int8range(worker, worker, '[]') WITH &&, "
        "tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (cancelled_in IS NULL)",
    ]


def _never_deleted(*tables: str) -> list[str]:
    """Return what makes the database itself refuse to delete a row."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never deleted'); END"
            for table in tables
        ]
    return [
        "CREATE FUNCTION never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
        "EXCEPTION 'rows of the rota are never deleted' USING ERRCODE = "
        "'integrity_constraint_violation'; END $$",
        *(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_deleted()"
            for table in tables
        ),
    ]
