"""The tables. Ids of Discord are 64-bit numbers; times are UTC."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, DateTime, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Constraints have names of their own, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
    )


class GuildRow(Base):
    """What a guild has chosen."""

    __tablename__ = "guilds"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    team_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(String(16))


class RefusalRow(Base):
    """Somebody does not want to be heard in a guild."""

    __tablename__ = "refusals"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MeetingRow(Base):
    """The index of meetings; what was said stands in the journal of each."""

    __tablename__ = "meetings"

    meeting_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    voice_channel_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(200))
    started_by: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    conversation_id: Mapped[str | None] = mapped_column(String(64))


class ItemRow(Base):
    """An action item or a follow-up that was posted, and what people corrected about it; `people` are names by Discord's ids."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("meeting_id", "item_id"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(32))
    item_id: Mapped[str] = mapped_column(String(64))
    guild_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str]
    owner: Mapped[str]
    line: Mapped[str]
    context: Mapped[list[str]] = mapped_column(JSON)
    people: Mapped[dict[str, str]] = mapped_column(JSON)
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    label: Mapped[str] = mapped_column(String(16))
    new_owner: Mapped[str]
    corrected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
