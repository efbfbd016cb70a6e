"""What staff change, who they are, and the record that nobody alters."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "people",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("added_at", instant, nullable=False),
        sa.Column("removed_at", instant),
        sqlite_autoincrement=True,
    )
    here = sa.text("removed_at IS NULL")
    op.create_index(
        "one_account_each",
        "people",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=here,
        postgresql_where=here,
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("person", key, sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("name_sha256", sa.Text, nullable=False, index=True),
        sa.Column("at", instant, nullable=False),
    )
    op.create_table(
        "diverts",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("starts_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("set_at", instant, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("asked", sa.Text, unique=True),
        sa.CheckConstraint("starts_at <= ends_at", name="ends_after_it_starts"),
        sqlite_autoincrement=True,
    )
    op.create_index("diverts_by_end", "diverts", ["ends_at"])
    op.create_table(
        "changes",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_by_entity", "changes", ["entity", "id"])
    for statement in _only_added_to("changes"):
        op.execute(statement)


def _only_added_to(table: str) -> list[str]:
    """Return what makes the database itself refuse to alter or delete a row of ``table``."""
    words = f"{table} is only ever added to"
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_added_to()",
    ]
