"""A plain discord.py client joins voice through the whole sandbox."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import TYPE_CHECKING

import aiohttp
import davey
import discord
import pytest

from sandbox.app import Sandbox
from tests.sandbox.harness import PlainClient, addresses, running
from tests.sandbox.voice.client import SILENCE, Packet
from tests.sandbox.voice.conftest import number, people

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000


class Ears:
    """Decrypts what the socket listener of a voice client gets, on discord.py's reader thread."""

    def __init__(self, voice: discord.VoiceClient) -> None:
        self._voice = voice
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self.heard: dict[int, int] = {}
        self.errors: list[str] = []
        self.changed = asyncio.Event()
        voice._connection.add_socket_listener(self._listen)

    def _listen(self, data: bytes) -> None:
        session = self._voice._connection.dave_session
        if len(data) < 32 or data[1] != 120 or session is None:
            return
        payload = Packet(data, bytes(self._voice.secret_key)).payload
        if payload == SILENCE:
            return
        for user_id in {int(u) for u in session.get_user_ids()} - {self._voice.user.id}:
            try:
                session.decrypt(user_id, davey.MediaType.audio, payload)
            except ValueError as error:
                self.errors.append(str(error))
                continue
            with self._lock:
                self.heard[user_id] = self.heard.get(user_id, 0) + 1
            self._loop.call_soon_threadsafe(self.changed.set)
            return

    async def hear(self, user_id: int, frames: int) -> None:
        async with asyncio.timeout(5):
            while self.heard.get(user_id, 0) < frames:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as one:
        for _ in addresses(one):
            yield one


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[discord.Client]:
    context = ssl.create_default_context(cafile=sandbox.env()["SSL_CERT_FILE"])
    plain = PlainClient()
    plain.http.connector = aiohttp.TCPConnector(ssl=context)
    async with running(plain, sandbox) as connected:
        yield connected


async def connect(client: discord.Client, sandbox: Sandbox) -> discord.VoiceClient:
    channel = client.get_channel(sandbox.meeting_room.id)
    assert isinstance(channel, discord.VoiceChannel)
    return await channel.connect(timeout=10)


async def test_hears_everybody_who_is_there_and_who_comes(
    client: discord.Client, sandbox: Sandbox, tone: NDArray[np.int16]
) -> None:
    alice, ben, carla = (sandbox.people[name].id for name in ("Alice", "Ben", "Carla"))
    for user_id in (alice, ben):
        await sandbox.join(user_id, sandbox.meeting_room.id)
    voice = await connect(client, sandbox)
    await sandbox.log.wait("dave.ready")
    ears = Ears(voice)
    for user_id in (alice, ben):
        await sandbox.speak(user_id, tone, RATE)
        await ears.hear(user_id, 30)
    await sandbox.join(carla, sandbox.meeting_room.id)
    await sandbox.leave(alice)
    for user_id in (ben, carla):
        await sandbox.speak(user_id, tone, RATE)
    await ears.hear(carla, 30)
    await ears.hear(ben, 60)
    last = sandbox.log.of("dave.epoch")[-1]
    assert people(last) == {ben, carla, sandbox.bot.id}
    session = voice._connection.dave_session
    assert session is not None
    assert session.epoch == number(last, "epoch")
    await voice.disconnect()
    await sandbox.log.wait("dave.epoch", where=lambda event: people(event) == {ben, carla})


async def test_alone_at_first_and_sends_silence(client: discord.Client, sandbox: Sandbox, tone: NDArray[np.int16]) -> None:
    voice = await connect(client, sandbox)
    for _ in range(5):
        voice.send_audio_packet(SILENCE, encode=False)
    await sandbox.log.wait("voice.silence", where=lambda event: event["count"] == 5)
    alice = sandbox.people["Alice"].id
    await sandbox.join(alice, sandbox.meeting_room.id)
    await sandbox.log.wait("dave.ready")
    ears = Ears(voice)
    await sandbox.speak(alice, tone, RATE)
    await ears.hear(alice, 30)
    await sandbox.leave(alice)
    await sandbox.log.wait("dave.restart")
    ready = len(sandbox.log.events)
    await sandbox.join(alice, sandbox.meeting_room.id)
    await sandbox.log.wait("dave.ready", after=ready)
    await sandbox.speak(alice, tone, RATE)
    await ears.hear(alice, 60)
    assert ears.errors == []
