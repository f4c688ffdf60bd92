"""Sections of summaries, messages in the order in which they are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM summaries")  # made anew, with its sections, when somebody asks
    op.add_column("summaries", sa.Column("section", sa.String, nullable=False, server_default=""))
    op.create_index("ix_messages_in_order", "messages", ["conversation_id", "start_time", "position"])
    op.drop_index("ix_messages_conversation_id", "messages")
