"""Alerts: what a person is told of, once each, and how sending to each recipient stands."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "alert_recipients",
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("looked_at", instant, nullable=False),
        sa.Column("claimed_until", instant),
        sa.Column("not_before", instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failing_since", instant),
        sa.Column("fault", sa.Text),
    )
    op.create_table(
        "alerts",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column(
            "recipient", sa.Text, sa.ForeignKey("alert_recipients.recipient"), nullable=False
        ),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("noticed_at", instant, nullable=False),
        sa.Column("sent_at", instant),
        sa.UniqueConstraint("recipient", "key", name="told_once_each"),
        sqlite_autoincrement=True,
    )
