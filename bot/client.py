"""The discord.py client: which Discord, which events, which commands."""

from __future__ import annotations

import asyncio
import logging
from itertools import chain, repeat
from typing import TYPE_CHECKING

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.commands import MeetingTree
from bot.voice.client import HearingClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.settings import DiscordSettings

log = logging.getLogger(__name__)

_FIRST_TRIES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to reach the gateway for the first time."""
_NEXT_GUILD = 0.5
"""Seconds to wait for one more guild at the start; one that comes later is taken in all the same."""


def point_at(settings: DiscordSettings) -> None:
    """Choose the Discord that every client of this process talks to."""
    Route.BASE = settings.api_url
    if settings.gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


def intents() -> discord.Intents:
    """Guilds, and who is in which voice channel: nothing that Discord calls privileged."""
    return discord.Intents(guilds=True, voice_states=True)


class MeetingBot(commands.Bot):
    """Connects to Discord, brings its commands, tells the ears who comes and goes.

    `guilds_known` is set when the gateway has said where the bot is: from then on commands can be given.
    """

    def __init__(self) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=intents(),
            tree_cls=MeetingTree,
            help_command=None,
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=_NEXT_GUILD,
            allowed_mentions=discord.AllowedMentions.none(),
            activity=discord.Activity(type=discord.ActivityType.listening, name="/meeting start"),
        )
        self.guilds_known = asyncio.Event()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected until the end. discord.py 2.7 breaks when the very first attempt fails: then it is made again here."""
        for pause in chain(_FIRST_TRIES, repeat(_FIRST_TRIES[-1])):
            try:
                await super().connect(reconnect=reconnect)
            except AttributeError:
                websocket: object = self.ws  # None before the first connection, although the library does not say so
                if websocket is not None:
                    raise
            else:
                return
            log.warning("Discord's gateway does not answer; next try in %.0f s", pause)
            await asyncio.sleep(pause)

    async def install(self, cogs: Sequence[commands.Cog]) -> None:
        """Load the cogs and tell Discord which commands there are; after the login."""
        for cog in cogs:
            await self.add_cog(cog)
        await self.tree.sync()

    async def on_ready(self) -> None:
        """The guilds are known. Comes again after a lost session."""
        self.check_voice()
        self.guilds_known.set()

    async def on_resumed(self) -> None:
        """The gateway was away for a moment."""
        self.check_voice()

    def check_voice(self) -> None:
        """Have every voice client see whether its session still lives."""
        for voice in self.voice_clients:
            if isinstance(voice, HearingClient):
                voice.check()

    async def on_voice_state_update(self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState) -> None:
        """Tell the ear in that guild who came into its channel and who left it."""
        ear = member.guild.voice_client
        if member.bot or before.channel == after.channel or not isinstance(ear, HearingClient):
            return
        if after.channel == ear.channel:
            ear.member_joined(member.id)
        elif before.channel == ear.channel:
            ear.member_left(member.id)
