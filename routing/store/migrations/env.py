"""Alembic's environment: run the migrations on the connection that routing.store.db opened."""

from alembic import context

from routing.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
