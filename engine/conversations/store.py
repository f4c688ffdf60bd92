"""Keeps conversations. One writer at a time; a call that returns has been committed."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from engine.conversations.database import open_database
from engine.conversations.lines import EntityLine, InsightLine, TrackerLine
from engine.conversations.models import (
    ConversationRow,
    EntityRow,
    InsightRow,
    MemberRow,
    MessageRow,
    SummaryRow,
    TopicRow,
    TrackerMatchRow,
)
from engine.conversations.words import spell
from engine.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement, FromClause, Row, SQLColumnExpression
    from sqlalchemy.ext.asyncio import AsyncEngine

    from engine.conversations.models import Base, Json
    from engine.insights.types import Changes, Insight, Speaker, Topic

UNKNOWN: Final = "The conversationId is either invalid or does not exist."
_AT_ONCE: Final = 5_000
"""Values of one statement; SQLite takes 32,766."""
_ID_FROM: Final = 10**15
_together: ContextVar[AsyncSession | None] = ContextVar("_together", default=None)
_Row = TypeVar("_Row", MessageRow, TopicRow)
_Keyed = TypeVar("_Keyed", InsightRow, TopicRow)


@dataclass(frozen=True, slots=True)
class RealtimeIds:
    """The UUIDs that insights and topics have in the stream, by key; an item keeps its own while it changes."""

    insights: Mapping[str, str]
    topics: Mapping[str, str]


def new_id() -> str:
    """An id of the Conversation API: 16 decimal digits."""
    return str(_ID_FROM + secrets.randbelow(9 * _ID_FROM))


def new_uuid() -> str:
    """An id of the stream."""
    return str(uuid.uuid4())


class Store:
    """All conversations of this engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the database file, or make it. Raises `SettingsError`."""
        return cls(await open_database(path))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """The one session that may write; committed at the end of the block, undone if it raises."""
        if (together := _together.get()) is not None:
            yield together
            await together.flush()
            return
        async with self._lock, self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """What this task writes in the block is committed at once, at its end: nobody else writes, or reads it, until then."""
        async with self.writing() as session:
            token = _together.set(session)
            try:
                yield
            finally:
                _together.reset(token)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, and never waits for the writer."""
        async with self._sessions() as session:
            yield session

    # The life of a conversation

    async def add(self, *rows: Base) -> None:
        """Keep new rows: a conversation, a member, a message with its tracker matches and entities; all of them or none."""
        async with self.writing() as session:
            for row in rows:
                if isinstance(row, MessageRow):
                    await _spell(session, row)
            session.add_all(rows)

    async def alive(self) -> list[ConversationRow]:
        """Conversations that have not ended, of all applications."""
        async with self.reading() as session:
            return list(await session.scalars(select(ConversationRow).where(ConversationRow.end_time.is_(None))))

    async def keep_until(self, conversation_id: str, resume_until: float | None, no_connection_timeout: float) -> None:
        """Say until when the connection id leads here (None: a socket is open), and what it will be counted from then on."""
        await self._change(conversation_id, resume_until=resume_until, no_connection_timeout=no_connection_timeout)

    async def end(self, conversation_id: str, end_time: float) -> None:
        """The conversation is over."""
        await self._change(conversation_id, end_time=end_time, resume_until=None)

    async def set_watch(self, conversation_id: str, trackers: list[Json], redaction: str | None) -> None:
        """What is looked for in the messages of a conversation, and what stands in place of personal data."""
        await self._change(conversation_id, trackers=trackers, redaction=redaction)

    async def _change(self, conversation_id: str, **values: float | str | list[Json] | None) -> None:
        async with self.writing() as session:
            await session.execute(update(ConversationRow).where(ConversationRow.id == conversation_id).values(**values))

    async def save(self, conversation_id: str, changes: Changes, *, whole: bool = False) -> RealtimeIds:
        """Keep new and changed insights and topics; with `whole`, drop those that are not among them."""
        async with self.writing() as session:
            insights = await _rows(session, InsightRow, conversation_id, [item.key for item in changes.insights], whole=whole)
            for insight in changes.insights:
                _fill_insight(insights[insight.key], insight)
            topics = await _rows(session, TopicRow, conversation_id, [item.key for item in changes.topics], whole=whole)
            for topic in changes.topics:
                _fill_topic(topics[topic.key], topic)
            if whole:
                await forget_summary(session, conversation_id)
        return RealtimeIds(
            insights={key: row.realtime_id for key, row in insights.items()},
            topics={key: row.realtime_id for key, row in topics.items()},
        )

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation and all that belongs to it. Raises `NotFound`."""
        async with self.writing() as session:
            statement = delete(ConversationRow).where(ConversationRow.id == conversation_id)
            if not (await session.execute(statement.returning(ConversationRow.id))).scalars().all():
                raise NotFound(UNKNOWN)

    # Reading

    async def conversation(self, app_ids: Collection[str], conversation_id: str) -> ConversationRow:
        """One conversation of these applications. Raises `NotFound`."""
        row = await self.known(conversation_id)
        if row.app_id not in app_ids:
            raise NotFound(UNKNOWN)
        return row

    async def known(self, conversation_id: str) -> ConversationRow:
        """One conversation, whosever it is. Raises `NotFound`."""
        async with self.reading() as session:
            row = await session.get(ConversationRow, conversation_id)
        if row is None:
            raise NotFound(UNKNOWN)
        return row

    async def members(self, conversation_ids: Sequence[str]) -> dict[str, list[MemberRow]]:
        """Who takes part, by conversation, in the order of coming."""
        statement = select(MemberRow).where(MemberRow.conversation_id.in_(conversation_ids)).order_by(MemberRow.position)
        found: dict[str, list[MemberRow]] = {conversation_id: [] for conversation_id in conversation_ids}
        async with self.reading() as session:
            for member in await session.scalars(statement):
                found[member.conversation_id].append(member)
        return found

    async def messages(self, conversation_id: str) -> list[MessageRow]:
        """What was said, in the order in which it began."""
        return await self._all(MessageRow, conversation_id, MessageRow.start_time, MessageRow.position)

    async def message_ids(self, conversation_id: str, realtime_ids: Iterable[str]) -> dict[str, str]:
        """The 16-digit ids of messages by their UUIDs."""
        wanted = list(set(realtime_ids))
        statement = select(MessageRow.realtime_id, MessageRow.id).where(MessageRow.conversation_id == conversation_id)
        found: dict[str, str] = {}
        async with self.reading() as session:
            for begin in range(0, len(wanted), _AT_ONCE):
                some = MessageRow.realtime_id.in_(wanted[begin : begin + _AT_ONCE])
                found.update({row.realtime_id: row.id for row in await session.execute(statement.where(some))})
        return found

    async def insights(self, conversation_id: str, kind: str | None) -> list[InsightLine]:
        """Insights of one kind, or of all, in the order of their telling."""
        table = InsightRow.__table__
        where = [table.c.conversation_id == conversation_id, *([] if kind is None else [table.c.kind == kind])]
        return [InsightLine(*row) for row in await self._lines(InsightLine._fields, table, where, table.c.position)]

    async def topics(self, conversation_id: str) -> list[TopicRow]:
        """Topics, best first."""
        return await self._all(TopicRow, conversation_id, TopicRow.score.desc(), TopicRow.position)

    async def tracker_matches(self, conversation_id: str) -> list[TrackerLine]:
        """Tracked phrases, in the order in which they were found."""
        table = TrackerMatchRow.__table__
        where = [table.c.conversation_id == conversation_id]
        return [TrackerLine(*row) for row in await self._lines(TrackerLine._fields, table, where, table.c.number)]

    async def entities(self, conversation_id: str) -> list[EntityLine]:
        """Named entities, in the order in which they were found."""
        table = EntityRow.__table__
        where = [table.c.conversation_id == conversation_id]
        return [EntityLine(*row) for row in await self._lines(EntityLine._fields, table, where, table.c.number)]

    async def _lines(
        self, fields: Sequence[str], table: FromClause, where: Sequence[ColumnElement[bool]], order: ColumnElement[Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Columns of a table by their names."""
        statement = select(*(table.c[name] for name in fields)).where(*where).order_by(order)
        async with self.reading() as session:
            return (await session.execute(statement)).all()

    async def _all(self, table: type[_Row], conversation_id: str, *order: SQLColumnExpression[Any]) -> list[_Row]:
        statement = select(table).where(table.conversation_id == conversation_id).order_by(*order)
        async with self.reading() as session:
            return list(await session.scalars(statement))


async def _spell(session: AsyncSession, row: MessageRow) -> None:
    """Write the words of a new message out; if it began before all others, theirs again."""
    first_word = await session.scalar(select(ConversationRow.first_word).where(ConversationRow.id == row.conversation_id))
    if first_word is None or row.start_time < first_word:
        await set_first_word(session, row.conversation_id, row.start_time)
        first_word = row.start_time
    row.spelled = spell(row.words, first_word)


async def set_first_word(session: AsyncSession, conversation_id: str, moment: float | None) -> None:
    """The earliest message of a conversation begins at another time than was known: every offset counts from there."""
    if moment is not None:
        for message in await session.scalars(select(MessageRow).where(MessageRow.conversation_id == conversation_id)):
            message.spelled = spell(message.words, moment)
    await session.execute(update(ConversationRow).where(ConversationRow.id == conversation_id).values(first_word=moment))


async def forget_summary(session: AsyncSession, conversation_id: str) -> None:
    """The summary rests on something that has changed: the next one who asks gets it anew."""
    await session.execute(delete(SummaryRow).where(SummaryRow.conversation_id == conversation_id))


async def _rows(
    session: AsyncSession, table: type[_Keyed], conversation_id: str, keys: Sequence[str], *, whole: bool
) -> dict[str, _Keyed]:
    """The row of each key, old or new; with `whole`, their order is the keys' and rows without a key go."""
    kept = select(table).where(table.conversation_id == conversation_id)
    old = {row.key: row for row in await session.scalars(kept if whole else kept.where(table.key.in_(keys)))}
    count = select(func.count()).select_from(table).where(table.conversation_id == conversation_id)
    rows: dict[str, _Keyed] = {}
    for place, key in enumerate(dict.fromkeys(keys), start=0 if whole else await session.scalar(count) or 0):
        row = old.get(key)
        if row is None:
            row = table(id=new_id(), realtime_id=new_uuid(), conversation_id=conversation_id, key=key, position=place)
            session.add(row)
        elif whole:
            row.position = place
        rows[key] = row
    if whole:
        for key in old.keys() - rows.keys():
            await session.delete(old[key])
    return rows


def _fill_insight(row: InsightRow, insight: Insight) -> None:
    row.kind, row.text, row.score = insight.kind, insight.text, insight.score
    row.message_ids = list(insight.message_ids)
    row.speaker = _person(insight.speaker)
    row.assignee = _person(insight.assignee) if insight.assignee else None
    due = insight.due
    row.due = due.when.isoformat() if due else None
    row.due_phrase, row.due_offset = (due.phrase, due.offset) if due else ("", -1)


def _fill_topic(row: TopicRow, topic: Topic) -> None:
    row.text, row.score = topic.text, topic.score
    row.message_ids, row.root_words, row.parents = list(topic.message_ids), list(topic.root_words), list(topic.parents)


def _person(speaker: Speaker) -> Json:
    return {"id": speaker.id, "name": speaker.name, "userId": speaker.user_id}
