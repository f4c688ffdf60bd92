"""Everything that the assistant remembers, in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from bot.storage.database import Database
from bot.storage.guilds import GuildSettings
from bot.storage.items import PostedItems
from bot.storage.meetings import MeetingIndex
from bot.storage.refusals import Refusals

if TYPE_CHECKING:
    from pathlib import Path


class Storage:
    """The tables by what they are about."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.guilds = GuildSettings(database)
        self.refusals = Refusals(database)
        self.meetings = MeetingIndex(database)
        self.items = PostedItems(database)

    @classmethod
    async def open(cls, data_dir: Path) -> Self:
        """Open the database in the data folder. Raises `StorageError`."""
        return cls(await Database.open(data_dir))

    async def close(self) -> None:
        """Close it."""
        await self._database.close()
