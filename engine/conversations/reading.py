"""What the Conversation API reads beyond single rows: lists of conversations, long transcripts without their words.

A conversation of a day has 10,000 messages: what only needs texts and times asks for those alone, as plain tuples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import String, func, null, select, type_coerce

from engine.conversations.models import InsightRow, JobRow, MessageRow, ReadingRow, SummaryRow

if TYPE_CHECKING:
    from sqlalchemy import Select

    from engine.conversations.models import ConversationRow
    from engine.conversations.store import Store

UNFINISHED = ("scheduled", "in_progress")


class Said(NamedTuple):
    """A message. `phrases` and `spelled` are JSON texts; `spelled` is None unless words were asked for."""

    id: str
    realtime_id: str
    member_id: str
    text: str
    start_time: float
    end_time: float
    sentiment: float | None
    phrases: str
    corrected_from: str | None
    spelled: str | None


async def said(store: Store, conversation_id: str, *, words: bool = False) -> list[Said]:
    """What was said, in the order in which it began."""
    row = MessageRow.__table__.c  # the columns alone: rows of tables cost a long conversation a third more time
    statement = (
        select(
            row.id,
            row.realtime_id,
            row.member_id,
            row.text,
            row.start_time,
            row.end_time,
            row.sentiment,
            type_coerce(row.phrases, String),
            row.corrected_from,
            row.spelled if words else null(),
        )
        .where(row.conversation_id == conversation_id)
        .order_by(row.start_time, row.position)
    )
    async with store.reading() as session:
        return list(map(Said._make, await session.execute(statement)))


async def conversations(store: Store, statement: Select[ConversationRow]) -> list[ConversationRow]:
    """Those that a listing finds."""
    async with store.reading() as session:
        return list(await session.scalars(statement))


async def actions(store: Store, conversation_id: str) -> list[tuple[str, list[str]]]:
    """The texts of action items and follow-ups, each with the UUIDs of the messages that it rests on."""
    statement = select(InsightRow.text, InsightRow.message_ids).where(
        InsightRow.conversation_id == conversation_id, InsightRow.kind != "question"
    )
    async with store.reading() as session:
        return [(row.text, row.message_ids) for row in await session.execute(statement)]


async def summary(store: Store, conversation_id: str) -> list[SummaryRow]:
    """The summary that is kept, in order, with its sections."""
    statement = select(SummaryRow).where(SummaryRow.conversation_id == conversation_id).order_by(SummaryRow.position)
    async with store.reading() as session:
        return list(await session.scalars(statement))


async def reading(store: Store, conversation_id: str) -> ReadingRow | None:
    """Who found the insights of a conversation; None where no language model was asked."""
    async with store.reading() as session:
        return await session.get(ReadingRow, conversation_id)


async def message_count(store: Store, conversation_id: str) -> int:
    """How many messages there are."""
    statement = select(func.count()).select_from(MessageRow).where(MessageRow.conversation_id == conversation_id)
    async with store.reading() as session:
        return await session.scalar(statement) or 0


async def unfinished_jobs(store: Store, conversation_id: str) -> int:
    """How many jobs of a conversation wait or work."""
    statement = (
        select(func.count()).select_from(JobRow).where(JobRow.conversation_id == conversation_id, JobRow.status.in_(UNFINISHED))
    )
    async with store.reading() as session:
        return await session.scalar(statement) or 0
