"""Alembic's environment: online only, on the connection that `run.upgrade` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=context.config.attributes.get("metadata"), include_schemas=True, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
