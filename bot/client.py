"""The discord.py client: which Discord, which events, which commands."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.settings import DiscordSettings

log = logging.getLogger(__name__)


@runtime_checkable
class Ear(Protocol):
    """What a voice client of ours wants to know; a plain `discord.VoiceClient` does not."""

    def member_joined(self, user_id: int) -> None:
        """Somebody who is not a bot came into the voice channel."""

    def member_left(self, user_id: int) -> None:
        """Somebody left it."""

    def check(self) -> None:
        """The gateway was away: see whether the voice session still lives."""


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

    `cogs` are made when the client logs in; `on_commands` is called once, when commands can be given.
    """

    def __init__(self, *, make_cogs: Callable[[], Sequence[commands.Cog]], on_commands: Callable[[], None]) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=intents(),
            help_command=None,
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            activity=discord.Activity(type=discord.ActivityType.listening, name="/meeting start"),
        )
        self._make_cogs = make_cogs
        self._on_commands = on_commands
        self._told = False

    async def setup_hook(self) -> None:
        """Load the cogs and tell Discord which commands there are."""
        for cog in self._make_cogs():
            await self.add_cog(cog)
        await self.tree.sync()

    async def on_ready(self) -> None:
        """The guilds are known: commands can be given. Comes again after a lost session."""
        self.check_voice()
        if not self._told:
            self._told = True
            self._on_commands()

    async def on_resumed(self) -> None:
        """The gateway was away for a moment."""
        self.check_voice()

    def check_voice(self) -> None:
        """Have every voice client see whether its session still lives."""
        for voice in self.voice_clients:
            if isinstance(voice, Ear):
                voice.check()

    async def on_voice_state_update(self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState) -> None:
        """Tell the ear in that guild who came into its channel and who left it."""
        ear: object = member.guild.voice_client
        if member.bot or before.channel == after.channel or not isinstance(ear, Ear):
            return
        here = getattr(ear, "channel", None)
        if after.channel == here:
            ear.member_joined(member.id)
        elif before.channel == here:
            ear.member_left(member.id)
