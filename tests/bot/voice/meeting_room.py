"""A real discord.py client that hears in the sandbox."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import discord
import numpy as np
import yarl

from audio.pcm import BYTES_PER_SECOND
from bot.voice.client import listen
from bot.voice.events import Heard
from sandbox.app import Sandbox
from tests.bot.voice.call import loud_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from numpy.typing import NDArray

    from bot.voice.events import VoiceEvent
    from bot.voice.listener import VoiceListener
    from sandbox.models import User


def tone(frequency: float, seconds: float) -> NDArray[np.int16]:
    """A loud sine at 16 kHz."""
    return (12_000 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.int16)


class Room:
    """The sandbox, its bot, and everything that the bot has heard."""

    def __init__(self, sandbox: Sandbox, client: discord.Client) -> None:
        self.sandbox = sandbox
        self.client = client
        self.events: list[VoiceEvent] = []
        self.ended = asyncio.Event()
        self._changed = asyncio.Condition()

    @property
    def channel(self) -> discord.VoiceChannel:
        channel = self.client.get_channel(self.sandbox.meeting_room.id)
        assert isinstance(channel, discord.VoiceChannel)
        return channel

    async def listen(self) -> VoiceListener:
        self.listener = await listen(self.channel, connect_within=10)
        self._taking = asyncio.create_task(self._take())
        await self.until(lambda: self.listener.health().encrypted_ready and self.listener.health().people == len(self.people))
        return self.listener

    @property
    def people(self) -> list[int]:
        return [user for user in self.channel.voice_states if user != self.sandbox.bot.id]

    async def _take(self) -> None:
        async for event in self.listener.events():
            self.events.append(event)
            async with self._changed:
                self._changed.notify_all()
        self.ended.set()

    async def until(self, condition: Callable[[], bool], within: float = 15.0) -> None:
        """Wait for something that becomes true with an event, or in between."""
        async with asyncio.timeout(within), self._changed:
            while not condition():
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.05)
                except TimeoutError:
                    continue

    async def join(self, *names: str) -> None:
        for name in names:
            await self.sandbox.join(self.user(name).id, self.sandbox.meeting_room.id)

    def user(self, name: str) -> User:
        return self.sandbox.people[name]

    async def say(self, name: str, frequency: float, seconds: float = 0.6) -> None:
        await self.sandbox.speak(self.user(name).id, tone(frequency, seconds))

    def pcm(self, name: str, since: int = 0) -> bytes:
        user_id = self.user(name).id
        return b"".join(e.pcm for e in self.events[since:] if isinstance(e, Heard) and e.user_id == user_id)

    def seconds(self, name: str, frequency: float, since: int = 0) -> float:
        """How much of a tone was heard from somebody, in the events from number `since` on."""
        return loud_seconds(self.pcm(name, since), frequency)

    def of(self, kind: type) -> list[VoiceEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    async def heard(self, name: str, frequency: float, seconds: float = 0.5, since: int = 0) -> None:
        """Wait until so much of a tone was heard from somebody."""
        await self.until(
            lambda: len(self.pcm(name, since)) > seconds * BYTES_PER_SECOND and self.seconds(name, frequency, since) >= seconds
        )


@asynccontextmanager
async def room(**options: object) -> AsyncIterator[Room]:
    """A sandbox with a bot that is logged in."""
    async with Sandbox(**options) as sandbox:  # type: ignore[arg-type] # passed on as they are
        env = sandbox.env()
        base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        discord.http.Route.BASE = env["DISCORD_API_URL"]
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(env["DISCORD_GATEWAY_URL"])
        trust = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
        intents = discord.Intents(guilds=True, voice_states=True)
        client = discord.Client(intents=intents, connector=aiohttp.TCPConnector(limit=0, ssl=trust), guild_ready_timeout=0.05)
        running = asyncio.create_task(client.start(sandbox.token))
        try:
            async with asyncio.timeout(10):
                while not client.is_ready() and not running.done():  # noqa: ASYNC110 - the client has no event before it has begun
                    await asyncio.sleep(0.01)
            place = Room(sandbox, client)
            yield place
            if hasattr(place, "listener"):
                await place.listener.close()
                await place.ended.wait()
        finally:
            await client.close()
            await asyncio.gather(running, return_exceptions=True)
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
