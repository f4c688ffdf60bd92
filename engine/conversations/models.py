"""The tables of the engine. Times are seconds since the epoch, UTC; ids of rows are the 16-digit ids of the Conversation API."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, Double, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]
"""A JSON object as it is kept in a column."""


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        float: Double,
        list[str]: JSON,
        list[Json]: JSON,
        Json: JSON,
    }


def _conversation() -> Mapped[str]:
    return mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)


class ConversationRow(Base):
    """One conversation; `end_time` is None while it lives.

    `resume_until` is set while no socket is open: the time after which the connection id no longer leads here.
    """

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_of_application", "app_id", "start_time"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    app_id: Mapped[str]
    connection_id: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    confidence_threshold: Mapped[float]
    timezone_offset: Mapped[float]
    no_connection_timeout: Mapped[float]
    start_time: Mapped[float]
    end_time: Mapped[float | None]
    resume_until: Mapped[float | None]
    details: Mapped[Json] = mapped_column("metadata", default=dict)


class MemberRow(Base):
    """Somebody who takes part; `id` is a UUID, `identity` what makes the same speaker the same person when they come back."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("conversation_id", "identity"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    identity: Mapped[str]
    position: Mapped[int]
    name: Mapped[str | None]
    user_id: Mapped[str | None]


class MessageRow(Base):
    """One finished sentence. `realtime_id` is its UUID in the stream; `words` are `{word, start, end, score}`."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    realtime_id: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]
    confidence: Mapped[float]
    start_time: Mapped[float]
    end_time: Mapped[float]
    words: Mapped[list[Json]]


class InsightRow(Base):
    """An action item, a follow-up or a question; `message_ids` are realtime ids, `due` ISO 8601 with its offset."""

    __tablename__ = "insights"
    __table_args__ = (UniqueConstraint("conversation_id", "key"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    realtime_id: Mapped[str]
    key: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int]
    text: Mapped[str]
    score: Mapped[float]
    message_ids: Mapped[list[str]]
    speaker: Mapped[Json]
    assignee: Mapped[Json | None]
    due: Mapped[str | None]
    due_phrase: Mapped[str] = mapped_column(default="")
    due_offset: Mapped[int] = mapped_column(default=-1)


class TopicRow(Base):
    """What was talked about; `message_ids` are realtime ids."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("conversation_id", "key"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    realtime_id: Mapped[str]
    key: Mapped[str]
    position: Mapped[int]
    text: Mapped[str]
    score: Mapped[float]
    message_ids: Mapped[list[str]]
    root_words: Mapped[list[str]]
    parents: Mapped[list[str]]
