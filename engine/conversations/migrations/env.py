"""Alembic's entry: runs the revisions on the connection that `database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from engine.conversations.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
