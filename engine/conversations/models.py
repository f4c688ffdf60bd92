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


def _conversation(*, index: bool = True) -> Mapped[str]:
    return mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=index)


class ConversationRow(Base):
    """One conversation; `end_time` is None while it lives.

    `resume_until` is set while no socket is open: the time after which the connection id no longer leads here.
    `first_word` is when its earliest message began. `trackers` are `{id, name, vocabulary}`; `redaction` is what stands in place of personal data, None where it stays.
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
    trackers: Mapped[list[Json]] = mapped_column(default=list)
    redaction: Mapped[str | None] = mapped_column(default=None)
    first_word: Mapped[float | None] = mapped_column(default=None)


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
    """One finished sentence. `realtime_id` is its UUID in the stream; `words` are `{word, start, end, score}`.

    `sentiment` is -1 to 1, None where it was never reckoned. `personal` is the personal data found in it where the client asked
    to have it identified: `{type, value, text, offset}`. `phrases` are `{type, text}`, where the client asked for them. `spelled` is
    the JSON text of the words as the Conversation API answers them, written when the message is stored, so that a long
    conversation can be answered at once. `corrected_from` is what `text` was before a second look corrected it.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_in_order", "conversation_id", "start_time", "position"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[str] = _conversation(index=False)
    realtime_id: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]
    confidence: Mapped[float]
    start_time: Mapped[float]
    end_time: Mapped[float]
    words: Mapped[list[Json]]
    sentiment: Mapped[float | None] = mapped_column(default=None)
    personal: Mapped[list[Json]] = mapped_column(default=list)
    phrases: Mapped[list[Json]] = mapped_column(default=list)
    spelled: Mapped[str | None] = mapped_column(default=None)
    corrected_from: Mapped[str | None] = mapped_column(default=None)


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


class TrackerMatchRow(Base):
    """A phrase of a tracker, found in a message.

    `message_id` is the message's UUID in the stream, `offset` where the phrase stands in its text, -1 for one that is similar.
    `insight_refs` are the insights of that message that hold the phrase as well: `{id, type, text, offset}`, `id` a UUID.
    """

    __tablename__ = "tracker_matches"

    number: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    tracker_id: Mapped[str] = mapped_column(String(16))
    name: Mapped[str]
    value: Mapped[str]
    message_id: Mapped[str]
    offset: Mapped[int]
    insight_refs: Mapped[list[Json]] = mapped_column(default=list)


class EntityRow(Base):
    """A person, a date, a number, a place or an organisation that a message names.

    `text` is how it was said, at `offset` of the message; `value` what it means: an ISO date, a number as digits, a person's
    `{name, id, userId}`. `message_id` is the message's UUID in the stream.
    """

    __tablename__ = "entities"

    number: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    kind: Mapped[str]
    sub_type: Mapped[str]
    category: Mapped[str]
    text: Mapped[str]
    value: Mapped[str | Json] = mapped_column(JSON)
    message_id: Mapped[str]
    offset: Mapped[int]


class SummaryRow(Base):
    """One sentence of the summary, or one line of its section of that name; `message_ids` are realtime ids.

    `covered` is how many messages there were when it was made. What else it rests on forgets it where it changes. `written_by` is the
    language model that wrote it, empty where it is quoted.
    """

    __tablename__ = "summaries"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[str] = _conversation()
    position: Mapped[int]
    text: Mapped[str]
    message_ids: Mapped[list[str]]
    covered: Mapped[int]
    section: Mapped[str] = mapped_column(default="")
    written_by: Mapped[str] = mapped_column(default="")


class ReadingRow(Base):
    """A language model reads a conversation, or has read it.

    `status` is "in_progress" or "completed", `made_by` "language_model", "local" or "both"; `reason` says why the local engine had to
    help, the rest of a sentence that begins with `model`; `progress` is 0 to 1.
    """

    __tablename__ = "readings"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[str]
    model: Mapped[str]
    made_by: Mapped[str]
    reason: Mapped[str | None] = mapped_column(default=None)
    progress: Mapped[float]


class JobRow(Base):
    """A piece of the Async API's work, in the order of asking. `kind` is `text` or `sound`.

    `payload` is `{messages}` or `{file}`, and `{}` once the job has ended. `first_message` is the position of the first message
    that the job may write, set when it begins: what a broken-off attempt wrote lies from there on.
    """

    __tablename__ = "jobs"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    conversation_id: Mapped[str] = _conversation()
    app_id: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None] = mapped_column(default=None)
    options: Mapped[Json]
    payload: Mapped[Json]
    webhook_url: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    first_message: Mapped[int | None] = mapped_column(default=None)
    created: Mapped[float]


class DeliveryRow(Base):
    """A state of a job that its webhook is still to be told; `due` is when it is tried next."""

    __tablename__ = "deliveries"

    number: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    due: Mapped[float]
