"""The call log: one row a call, one for each line that it rang. Never who rang."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "calls",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("sid_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("began_at", instant, nullable=False, index=True),
        sa.Column("ended_at", instant),
        sa.Column("outcome", sa.Text),
        sa.Column("answered_by", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "legs",
        sa.Column("call", key, sa.ForeignKey("calls.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("rung_at", instant, nullable=False),
        sa.Column("accepted_at", instant),
        sa.Column("outcome", sa.Text),
        sa.Column("rang", sa.Integer),
        sa.Column("talked", sa.Integer),
    )
    op.create_table(
        "tallies",
        sa.Column("hour", instant, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
