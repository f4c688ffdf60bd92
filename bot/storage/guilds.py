"""What guilds have chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.tables import GuildRow

if TYPE_CHECKING:
    from bot.storage.database import Database


class GuildSettings:
    """Reads and writes the choices of each guild. Raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def team_channel(self, guild_id: int) -> int | None:
        """The channel that action items and follow-ups also go to."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, guild_id)
            return row.team_channel_id if row else None

    async def set_team_channel(self, guild_id: int, channel_id: int | None) -> None:
        """None: to no channel any more."""
        async with self._database.session() as session:
            await session.merge(GuildRow(guild_id=guild_id, team_channel_id=channel_id))

    async def language(self, guild_id: int) -> str | None:
        """The code of the language that meetings are held in."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, guild_id)
            return row.language if row else None

    async def set_language(self, guild_id: int, code: str | None) -> None:
        """None: the usual one."""
        async with self._database.session() as session:
            await session.merge(GuildRow(guild_id=guild_id, language=code))
