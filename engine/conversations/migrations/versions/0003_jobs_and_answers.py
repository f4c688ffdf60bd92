"""Jobs and their webhooks, summaries, key phrases, words as the Conversation API spells them."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from engine.conversations.words import spell

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _of_conversation() -> sa.Column[str]:
    return sa.Column(
        "conversation_id", sa.String(16), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    )


def upgrade() -> None:
    op.add_column("conversations", sa.Column("first_word", sa.Double))
    op.add_column("messages", sa.Column("phrases", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("messages", sa.Column("spelled", sa.String))
    _spell_what_was_said()
    op.create_table(
        "summaries",
        sa.Column("id", sa.String(16), primary_key=True),
        _of_conversation(),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("message_ids", sa.JSON, nullable=False),
        sa.Column("covered", sa.Integer, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        _of_conversation(),
        sa.Column("app_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("webhook_url", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_message", sa.Integer),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
    )


def _spell_what_was_said() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE conversations SET first_word = (SELECT min(start_time) FROM messages WHERE conversation_id = conversations.id)"
        )
    )
    said = connection.execute(
        sa.text("SELECT m.id, m.words, c.first_word FROM messages m JOIN conversations c ON c.id = m.conversation_id")
    )
    for message_id, words, first_word in said.fetchall():
        connection.execute(
            sa.text("UPDATE messages SET spelled = :spelled WHERE id = :id"),
            {"spelled": spell(json.loads(words), first_word), "id": message_id},
        )


def downgrade() -> None:
    for table in ("deliveries", "jobs", "summaries"):
        op.drop_table(table)
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("spelled")
        batch.drop_column("phrases")
    with op.batch_alter_table("conversations") as batch:
        batch.drop_column("first_word")
