"""The index of meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bot.storage.tables import MeetingRow

if TYPE_CHECKING:
    from bot.storage.database import Database


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """One meeting; its words stand in its journal. `ended_at` is None while it runs, or when the bot was interrupted."""

    meeting_id: str
    guild_id: int
    voice_channel_id: int
    thread_id: int
    title: str
    started_by: int
    started_at: datetime
    ended_at: datetime | None = None
    conversation_id: str | None = None


class MeetingIndex:
    """Which meetings were held where. Raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: MeetingRecord) -> None:
        """A meeting has begun."""
        async with self._database.session() as session:
            session.add(
                MeetingRow(
                    meeting_id=record.meeting_id,
                    guild_id=record.guild_id,
                    voice_channel_id=record.voice_channel_id,
                    thread_id=record.thread_id,
                    title=record.title[:200],
                    started_by=record.started_by,
                    started_at=record.started_at,
                    ended_at=record.ended_at,
                    conversation_id=record.conversation_id,
                )
            )

    async def end(self, meeting_id: str, ended_at: datetime, conversation_id: str | None) -> None:
        """A meeting is over."""
        async with self._database.session() as session:
            await session.execute(
                update(MeetingRow)
                .where(MeetingRow.meeting_id == meeting_id)
                .values(ended_at=ended_at, conversation_id=conversation_id)
            )

    async def latest(self, guild_id: int, limit: int) -> list[MeetingRecord]:
        """The guild's meetings, newest first."""
        async with self._database.session() as session:
            statement = (
                select(MeetingRow).where(MeetingRow.guild_id == guild_id).order_by(MeetingRow.started_at.desc()).limit(limit)
            )
            return [_record(row) for row in await session.scalars(statement)]


def _record(row: MeetingRow) -> MeetingRecord:
    return MeetingRecord(
        meeting_id=row.meeting_id,
        guild_id=row.guild_id,
        voice_channel_id=row.voice_channel_id,
        thread_id=row.thread_id,
        title=row.title,
        started_by=row.started_by,
        started_at=_utc(row.started_at),
        ended_at=_utc(row.ended_at) if row.ended_at else None,
        conversation_id=row.conversation_id,
    )


def _utc(time: datetime) -> datetime:
    """SQLite forgets the time zone; all times are stored as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
