from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from bot.client import MeetingBot, intents, point_at
from bot.settings import DiscordSettings
from tests.bot.connected import connected
from tests.sandbox.harness import sandboxed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def addresses() -> Iterator[None]:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


def test_no_intent_is_privileged() -> None:
    wanted = intents()

    assert (wanted.members, wanted.presences, wanted.message_content) == (False, False, False)
    assert {name for name, on in wanted if on} == {"guilds", "voice_states"}


@pytest.mark.usefixtures("addresses")
def test_another_discord_can_be_named() -> None:
    update = {"api_url": "http://127.0.0.1:1/api", "gateway_url": "ws://127.0.0.1:1/gateway/", "token": SecretStr("t")}
    point_at(DiscordSettings().model_copy(update=update))

    assert Route("GET", "/gateway").url == "http://127.0.0.1:1/api/gateway"
    assert yarl.URL("ws://127.0.0.1:1/gateway/") == DiscordWebSocket.DEFAULT_GATEWAY


async def test_it_asks_for_its_intents_alone_and_shows_what_it_is_for() -> None:
    async with sandboxed() as sandbox, connected(MeetingBot(), sandbox):
        identify = sandbox.log.of("gateway.identify")[0]
        assert identify["intents"] == intents().value


async def test_a_gateway_that_is_away_at_the_start_is_waited_for() -> None:
    tried = asyncio.Event()

    async def turn_away(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.set()
        writer.close()

    async with sandboxed() as sandbox, await asyncio.start_server(turn_away, "127.0.0.1", 0) as closed:
        right = DiscordWebSocket.DEFAULT_GATEWAY
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{closed.sockets[0].getsockname()[1]}/")
        async with MeetingBot() as bot:
            await bot.login(sandbox.token)
            connection = asyncio.create_task(bot.connect())
            async with asyncio.timeout(10):
                await tried.wait()
                DiscordWebSocket.DEFAULT_GATEWAY = right
                await bot.guilds_known.wait()
            await bot.close()
            await connection


async def test_members_are_known_by_being_in_voice() -> None:
    async with sandboxed() as sandbox:
        alice, ben = sandbox.people["Alice"], sandbox.people["Ben"]
        await sandbox.join(alice.id, sandbox.meeting_room.id)
        bot = MeetingBot()
        async with connected(bot, sandbox):
            guild = bot.get_guild(sandbox.world.guild.id)
            assert isinstance(guild, discord.Guild)
            assert [member.display_name for member in guild.members if not member.bot] == ["Alice"]
            await sandbox.join(ben.id, sandbox.meeting_room.id)
            await bot.wait_for("voice_state_update", timeout=5)
            assert guild.get_member(ben.id) is not None
