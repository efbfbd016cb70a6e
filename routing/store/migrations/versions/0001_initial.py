"""Every table, and the triggers that refuse what no code may do."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INTEGER_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_accounts()
    _create_diverts_and_audit_log()
    _create_calls()
    _create_rota()
    _create_alerts()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite_triggers() if is_sqlite else _postgresql_triggers():
        op.execute(statement)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _id(),
        _text("issuer"),
        _text("subject"),
        _text("name"),
        _text("roles"),
        _text("password_hash", null=True),
        _instant("added_at"),
        _instant("removed_at", null=True),
        _instant("signed_in_at", null=True),
        sqlite_autoincrement=True,
    )
    _create_unique_index_while("removed_at IS NULL", "accounts", "issuer", "subject")
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        _reference("account_id", "accounts"),
        _text("roles"),
        _instant("started_at"),
        _instant("ends_at"),
    )
    _create_index("sessions", "account_id")
    _create_index("sessions", "ends_at")
    op.create_table("sign_in_failures", _id(), _text("name_sha256"), _instant("at"))
    _create_index("sign_in_failures", "name_sha256")
    _create_index("sign_in_failures", "at")
    op.create_table(
        "password_links",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        _reference("account_id", "accounts"),
        _instant("ends_at"),
    )
    _create_index("password_links", "account_id")
    op.create_table("unneeded_steps", sa.Column("step", sa.Text, primary_key=True))


def _create_diverts_and_audit_log() -> None:
    op.create_table(
        "diverts",
        _id(),
        _text("service"),
        _text("line"),
        _instant("starts_at"),
        _instant("ends_at"),
        _text("note"),
        _instant("set_at"),
        _text("set_by"),
        _text("idempotency_key", null=True),
        _text("replaced_line", null=True),
        sa.Column("may_ring", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("idempotency_key", name="uq_diverts_idempotency_key"),
        sa.CheckConstraint("starts_at <= ends_at", name="divert_ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    _create_index("diverts", "ends_at")
    op.create_table(
        "audit_log",
        _id(),
        _instant("at"),
        _text("actor"),
        _text("action"),
        _text("entity"),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sqlite_autoincrement=True,
    )
    _create_index("audit_log", "entity", "id")


def _create_calls() -> None:
    op.create_table(
        "calls",
        _id(),
        _text("sid_sha256"),
        _text("service"),
        _text("line"),
        _text("reason"),
        _instant("began_at"),
        _instant("ended_at", null=True),
        _text("outcome", null=True),
        _text("answered_by", null=True),
        sa.UniqueConstraint("sid_sha256", name="uq_calls_sid_sha256"),
        sqlite_autoincrement=True,
    )
    _create_index("calls", "began_at")
    op.create_table(
        "legs",
        _reference("call_id", "calls", primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        _text("line"),
        _instant("rung_at"),
        _instant("accepted_at", null=True),
        _text("outcome", null=True),
        sa.Column("ring_seconds", sa.Integer),
        sa.Column("talk_seconds", sa.Integer),
    )
    op.create_table(
        "counters",
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def _create_rota() -> None:
    op.create_table(
        "rota_changes",
        _id(),
        _text("kind"),
        _instant("made_at"),
        _text("made_by"),
        _text("idempotency_key", null=True),
        _reference("undone_by_change_id", "rota_changes", null=True),
        _text("summary"),
        sa.UniqueConstraint("idempotency_key", name="uq_rota_changes_idempotency_key"),
        sqlite_autoincrement=True,
    )
    _create_index("rota_changes", "undone_by_change_id")
    op.create_table(
        "rota_people",
        _id(),
        _text("name"),
        _text("name_key"),
        _text("phone", null=True),
        _reference("account_id", "accounts", null=True),
        _reference("archived_as_id", "rota_people", null=True),
        _reference("added_by_change_id", "rota_changes", null=True),
        _instant("added_at"),
        _instant("left_at", null=True),
        _instant("anonymised_at", null=True),
        sqlite_autoincrement=True,
    )
    _create_index("rota_people", "added_by_change_id")
    _create_unique_index_while("left_at IS NULL", "rota_people", "name_key")
    _create_unique_index_while("left_at IS NULL", "rota_people", "account_id")
    op.create_table(
        "shifts",
        _id(),
        _text("duty_role"),
        _reference("rota_person_id", "rota_people"),
        _instant("starts_at"),
        _instant("ends_at"),
        _reference("created_by_change_id", "rota_changes"),
        _reference("cancelled_by_change_id", "rota_changes", null=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        _instant("changed_at"),
        sa.CheckConstraint("starts_at < ends_at", name="shift_ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    _create_index("shifts", "ends_at")
    _create_index("shifts", "rota_person_id", "ends_at")
    op.create_table(
        "covers",
        _id(),
        _reference("shift_id", "shifts"),
        _reference("rota_person_id", "rota_people", null=True),
        _instant("starts_at"),
        _instant("ends_at"),
        _text("note"),
        _reference("created_by_change_id", "rota_changes"),
        _reference("cancelled_by_change_id", "rota_changes", null=True),
        sa.CheckConstraint("starts_at < ends_at", name="cover_ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    _create_index("covers", "shift_id")
    _create_index("covers", "rota_person_id")
    _create_index("covers", "ends_at")
    for table in ("shifts", "covers"):
        _create_index(table, "created_by_change_id")
        _create_index(table, "cancelled_by_change_id")
    op.create_table(
        "calendars",
        _id(),
        _text("token_sha256"),
        _reference("rota_person_id", "rota_people", null=True),
        _text("duty_role", null=True),
        _reference("account_id", "accounts"),
        _instant("created_at"),
        _instant("last_polled_at", null=True),
        _instant("revoked_at", null=True),
        sa.UniqueConstraint("token_sha256", name="uq_calendars_token_sha256"),
        sqlite_autoincrement=True,
    )


def _create_alerts() -> None:
    op.create_table(
        "alert_recipients",
        sa.Column("recipient", sa.Text, primary_key=True),
        _instant("last_polled_at"),
        _instant("lease_expires_at", null=True),
        _instant("next_attempt_at", null=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        _instant("failing_since", null=True),
        _text("fault", null=True),
    )
    op.create_table(
        "alerts",
        _id(),
        sa.Column(
            "recipient", sa.Text, sa.ForeignKey("alert_recipients.recipient"), nullable=False
        ),
        _text("dedupe_key"),
        _text("kind"),
        _text("title"),
        _text("text"),
        _instant("noticed_at"),
        _instant("sent_at", null=True),
        sa.UniqueConstraint("recipient", "dedupe_key", name="uq_alerts_recipient_dedupe_key"),
        sqlite_autoincrement=True,
    )


def _sqlite_triggers() -> list[str]:
    # No shift is longer than seven days, so an overlapping one ends less than nine days later.
    # Without that bound, bringing 5,000 shifts of one person back took 3.5 seconds.
    overlap = [
        f"CREATE TRIGGER shifts_no_overlap_{verb.lower()} BEFORE {verb} ON shifts "
        "WHEN NEW.cancelled_by_change_id IS NULL AND EXISTS (SELECT 1 FROM shifts "
        "WHERE id IS NOT NEW.id AND duty_role = NEW.duty_role "
        "AND rota_person_id = NEW.rota_person_id AND cancelled_by_change_id IS NULL "
        "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at "
        "AND ends_at < date(NEW.ends_at, '+9 days')) "
        "BEGIN SELECT RAISE(ABORT, 'shifts_no_overlap'); END"
        for verb in ("INSERT", "UPDATE")
    ]
    append_only = [
        f"CREATE TRIGGER audit_log_no_{verb.lower()} BEFORE {verb} ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]
    no_delete = [
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END"
        for table in ("rota_people", "rota_changes", "shifts", "covers")
    ]
    return overlap + append_only + no_delete


def _postgresql_triggers() -> list[str]:
    # Ranges of one value stand for equality: a GiST index of plain values needs the btree_gist
    # extension, which a managed server may not allow.
    overlap = [
        "CREATE TYPE duty_role_range AS RANGE (subtype = text)",
        "ALTER TABLE shifts ADD CONSTRAINT shifts_no_overlap EXCLUDE USING gist ("
        "duty_role_range(duty_role, duty_role, '[]') WITH &&, "
        "int8range(rota_person_id, rota_person_id, '[]') WITH &&, "
        "tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (cancelled_by_change_id IS NULL)",
    ]
    append_only = [
        _raising_function("refuse_audit_log_change", "audit_log is append-only"),
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_log_change()",
    ]
    no_delete = [
        _raising_function("refuse_rota_delete", "rows of the rota are never deleted"),
        *(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rota_delete()"
            for table in ("rota_people", "rota_changes", "shifts", "covers")
        ),
    ]
    return overlap + append_only + no_delete


def _raising_function(name: str, message: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
        f"EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", _INTEGER_ID, primary_key=True, autoincrement=True)


def _reference(name: str, table: str, null: bool = False, **options: Any) -> sa.Column[int]:
    return sa.Column(name, _INTEGER_ID, sa.ForeignKey(f"{table}.id"), nullable=null, **options)


def _text(name: str, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _instant(name: str, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _create_index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _create_unique_index_while(condition: str, table: str, *columns: str) -> None:
    op.create_index(
        f"ix_{table}_{'_'.join(columns)}",
        table,
        columns,
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )
