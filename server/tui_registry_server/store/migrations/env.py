"""Alembic's environment: run the migrations on the connection of store.schema, in one transaction."""

from alembic import context

from tui_registry_server.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
