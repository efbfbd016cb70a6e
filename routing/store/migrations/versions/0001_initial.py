"""Version 1.0.0. `who-to-call db upgrade` creates a new database from store/tables.py instead."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: there is no earlier version."""
