"""Who said no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.storage.tables import RefusalRow

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.database import Database


class Refusals:
    """The people of each guild who do not want to be heard. Raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int) -> frozenset[int]:
        """Their user ids."""
        async with self._database.session() as session:
            found = await session.scalars(select(RefusalRow.user_id).where(RefusalRow.guild_id == guild_id))
            return frozenset(found)

    async def add(self, guild_id: int, user_id: int, since: datetime) -> None:
        """Saying no twice changes nothing."""
        async with self._database.session() as session:
            if await session.get(RefusalRow, (guild_id, user_id)) is None:
                session.add(RefusalRow(guild_id=guild_id, user_id=user_id, since=since))

    async def remove(self, guild_id: int, user_id: int) -> None:
        """The person may be heard again."""
        async with self._database.session() as session:
            await session.execute(delete(RefusalRow).where(RefusalRow.guild_id == guild_id, RefusalRow.user_id == user_id))
