"""Runs migrations on the connection that the broker hands in; there is no other way to run them."""

from alembic import context

from broker.server.stores.tables import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
