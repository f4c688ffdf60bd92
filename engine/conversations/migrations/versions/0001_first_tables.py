"""Conversations, their members, messages, insights and topics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _of_conversation() -> sa.Column[str]:
    return sa.Column(
        "conversation_id", sa.String(16), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    )


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("app_id", sa.String, nullable=False),
        sa.Column("connection_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("confidence_threshold", sa.Double, nullable=False),
        sa.Column("timezone_offset", sa.Double, nullable=False),
        sa.Column("no_connection_timeout", sa.Double, nullable=False),
        sa.Column("start_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.Column("resume_until", sa.Double),
        sa.Column("metadata", sa.JSON, nullable=False),
    )
    op.create_index("ix_conversations_of_application", "conversations", ["app_id", "start_time"])
    op.create_table(
        "members",
        sa.Column("id", sa.String, primary_key=True),
        _of_conversation(),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String),
        sa.Column("user_id", sa.String),
        sa.UniqueConstraint("conversation_id", "identity"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(16), primary_key=True),
        _of_conversation(),
        sa.Column("realtime_id", sa.String, nullable=False, unique=True),
        sa.Column("member_id", sa.String, sa.ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("start_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
    )
    op.create_table(
        "insights",
        sa.Column("id", sa.String(16), primary_key=True),
        _of_conversation(),
        sa.Column("realtime_id", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("message_ids", sa.JSON, nullable=False),
        sa.Column("speaker", sa.JSON, nullable=False),
        sa.Column("assignee", sa.JSON),
        sa.Column("due", sa.String),
        sa.Column("due_phrase", sa.String, nullable=False),
        sa.Column("due_offset", sa.Integer, nullable=False),
        sa.UniqueConstraint("conversation_id", "key"),
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.String(16), primary_key=True),
        _of_conversation(),
        sa.Column("realtime_id", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("message_ids", sa.JSON, nullable=False),
        sa.Column("root_words", sa.JSON, nullable=False),
        sa.Column("parents", sa.JSON, nullable=False),
        sa.UniqueConstraint("conversation_id", "key"),
    )


def downgrade() -> None:
    for table in ("topics", "insights", "messages", "members", "conversations"):
        op.drop_table(table)
