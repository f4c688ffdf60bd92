"""Readings by a language model, and which model wrote a summary."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readings",
        sa.Column("conversation_id", sa.String(16), sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("progress", sa.Double, nullable=False),
    )
    op.add_column("summaries", sa.Column("written_by", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("summaries") as batch:
        batch.drop_column("written_by")
    op.drop_table("readings")
