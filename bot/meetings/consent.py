"""Who agreed to be heard: everybody in a channel is told, and whoever says no is never decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.clock import Clock
    from bot.storage.refusals import Refusals


class Consent:
    """The refusals of each guild, as stored. Raises `StorageError`."""

    def __init__(self, refusals: Refusals, clock: Clock) -> None:
        self._refusals = refusals
        self._clock = clock

    async def refused(self, guild_id: int) -> frozenset[int]:
        """User ids of those who said no in this guild."""
        return await self._refusals.of(guild_id)

    async def refuse(self, guild_id: int, user_id: int) -> None:
        """This person is not to be heard, in this and later meetings of the guild."""
        await self._refusals.add(guild_id, user_id, self._clock.now())

    async def accept(self, guild_id: int, user_id: int) -> None:
        """This person may be heard again."""
        await self._refusals.remove(guild_id, user_id)
