"""Indexes for what grows: each query finds its rows, however many there are."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_index("ix_sign_in_failures_at", "sign_in_failures", ["at"])
    op.create_index("shifts_by_worker", "shifts", ["worker", "ends_at"])
    op.drop_index("ix_shifts_worker", "shifts")
    op.create_index("covers_by_end", "covers", ["ends_at"])
