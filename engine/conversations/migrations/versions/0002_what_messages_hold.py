"""What messages hold: trackers, entities, sentiment, personal data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _of_conversation() -> sa.Column[str]:
    return sa.Column(
        "conversation_id", sa.String(16), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    )


def upgrade() -> None:
    op.add_column("conversations", sa.Column("trackers", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("conversations", sa.Column("redaction", sa.String))
    op.add_column("messages", sa.Column("sentiment", sa.Double))
    op.add_column("messages", sa.Column("personal", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "tracker_matches",
        sa.Column("number", sa.Integer, primary_key=True),
        _of_conversation(),
        sa.Column("tracker_id", sa.String(16), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("offset", sa.Integer, nullable=False),
        sa.Column("insight_refs", sa.JSON, nullable=False),
    )
    op.create_table(
        "entities",
        sa.Column("number", sa.Integer, primary_key=True),
        _of_conversation(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("sub_type", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("offset", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("entities")
    op.drop_table("tracker_matches")
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("personal")
        batch.drop_column("sentiment")
    with op.batch_alter_table("conversations") as batch:
        batch.drop_column("redaction")
        batch.drop_column("trackers")
