"""The bot's real client in a simulated Discord."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.client import MeetingBot
    from sandbox.app import Sandbox


@asynccontextmanager
async def connected(bot: MeetingBot, sandbox: Sandbox) -> AsyncIterator[None]:
    """Logged in, and the guilds are known."""
    async with bot:
        await bot.login(sandbox.token)
        task = asyncio.create_task(bot.connect())
        async with asyncio.timeout(10):
            await bot.guilds_known.wait()
        yield
        await bot.close()
        await task
