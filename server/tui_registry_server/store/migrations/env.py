"""What Alembic runs: the steps, on the connection that tui_registry_server.store.schema passes, in one transaction."""

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
