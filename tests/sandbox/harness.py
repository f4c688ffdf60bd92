"""A plain discord.py client in the sandbox, changed in nothing but its addresses."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord
import yarl
from discord import app_commands

from sandbox.app import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sandbox.limits import RateLimits


class SilentVoice:
    """A voice server that nobody connects to: it remembers what it was asked."""

    def __init__(self) -> None:
        self.endpoint = "127.0.0.1:1"
        self.asked: list[tuple[object, ...]] = []

    async def start(self, host: str = "127.0.0.1") -> None:
        pass

    async def stop(self) -> None:
        pass

    def admit(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str, token: str) -> None:
        self.asked.append(("admit", channel_id, user_id, session_id, token))

    async def dismiss(self, user_id: int) -> None:
        self.asked.append(("dismiss", user_id))

    async def join(self, channel_id: int, user_id: int) -> None:
        self.asked.append(("join", channel_id, user_id))

    async def leave(self, user_id: int) -> None:
        self.asked.append(("leave", user_id))

    async def say(self, user_id: int, pcm: NDArray[np.int16], rate: int) -> None:
        self.asked.append(("say", user_id, len(pcm), rate))


class PlainClient(discord.Client):
    """A client with a command tree and a queue of the events that tests ask for."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.received: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.resumed = asyncio.Event()

    async def on_message(self, message: discord.Message) -> None:
        self.received.put_nowait(message)

    async def on_resumed(self) -> None:
        self.resumed.set()

    def text(self, channel_id: int) -> discord.TextChannel:
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel


def addresses(sandbox: Sandbox) -> Iterator[None]:
    """Point discord.py at the sandbox, and back."""
    env = sandbox.env()
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = env["DISCORD_API_URL"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(env["DISCORD_GATEWAY_URL"])
    try:
        yield
    finally:
        discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def sandboxed(limits: RateLimits | None = None) -> AsyncIterator[Sandbox]:
    """A sandbox with a silent voice server, and discord.py pointed at it."""
    async with Sandbox(voice=SilentVoice(), limits=limits) as sandbox:
        for _ in addresses(sandbox):
            yield sandbox


@asynccontextmanager
async def running(client: PlainClient, sandbox: Sandbox) -> AsyncIterator[PlainClient]:
    """Log in and stay connected."""
    async with client:
        await client.login(sandbox.token)
        task = asyncio.create_task(client.connect())
        ready = asyncio.create_task(client.wait_until_ready())
        await asyncio.wait({task, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            await task
        try:
            yield client
        finally:
            await client.close()
            await task
