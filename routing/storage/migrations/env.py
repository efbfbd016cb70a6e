"""Where Alembic runs the migrations: on the connection that routing.storage.upgrade opened."""

from alembic import context

from routing.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
