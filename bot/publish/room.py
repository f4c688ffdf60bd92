"""A voice channel of Discord and what belongs to it, as the meeting knows it."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Final, TypeAlias

import aiohttp
import discord

from bot import permissions
from bot.errors import MissingPermission, PostError
from bot.publish.thread import DiscordThread, post_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.meetings.ports import Listener
    from bot.storage.guilds import GuildSettings

log = logging.getLogger(__name__)

Vocal: TypeAlias = discord.VoiceChannel | discord.StageChannel
Origin: TypeAlias = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
Join: TypeAlias = "Callable[[Vocal, Collection[int]], Awaitable[Listener]]"
"""Makes the listener in a channel, deaf to those who refused."""

_TITLE_LIMIT = 100
_WEEK: Final = 10_080
"""Minutes without a message after which Discord puts a thread away."""


class DiscordRoom:
    """Implements `bot.meetings.ports.Room`.

    `origin` is where the command was given: the thread is opened there, or in the parent of the thread that it was given in.
    `join` makes the listener.
    """

    def __init__(self, channel: Vocal, origin: Origin, *, join: Join, guilds: GuildSettings) -> None:
        self._channel = channel
        self._origin = origin
        self._join = join
        self._guilds = guilds
        self._names: dict[int, str] = {}

    @property
    def guild_id(self) -> int:
        """Discord's id of the guild."""
        return self._channel.guild.id

    @property
    def channel_id(self) -> int:
        """Discord's id of the voice channel."""
        return self._channel.id

    @property
    def channel_name(self) -> str:
        """The voice channel's name."""
        return self._channel.name

    def name_of(self, user_id: int) -> str:
        """The member's display name; somebody who has left keeps the last one that was seen."""
        member = self._channel.guild.get_member(user_id)
        if member is not None:
            self._names[user_id] = member.display_name
        return self._names.get(user_id, f"Member {user_id % 10_000:04}")

    def check(self) -> None:
        """Raises `MissingPermission`, which names what the bot may not do here and needs for a meeting."""
        me = self._channel.guild.me
        permissions.check(self._channel.permissions_for(me), permissions.HEAR, f"the voice channel {self._channel.name}")
        home = self._home()
        needed = permissions.WRITE if isinstance(home, discord.TextChannel) else permissions.WRITE_PLAIN
        permissions.check(home.permissions_for(me), needed, f"#{home.name}")

    async def listen(self, refused: Collection[int]) -> Listener:
        """Join the voice channel and hear, but never those who refused."""
        return await self._join(self._channel, refused)

    async def open_thread(self, title: str) -> DiscordThread:
        """A public thread; where Discord has no threads, the channel that the command was given in."""
        home = self._home()
        if not isinstance(home, discord.TextChannel):
            return DiscordThread(home)
        kind = discord.ChannelType.news_thread if home.is_news() else discord.ChannelType.public_thread
        try:
            thread = await home.create_thread(name=title[:_TITLE_LIMIT], type=kind, auto_archive_duration=_WEEK)
        except discord.Forbidden as error:
            message = f"I may not open a thread in #{home.name} ({error.text}). Ask an admin to allow it, then try again."
            raise MissingPermission(message) from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise PostError(f"No thread could be opened in #{home.name}: {post_error(error, home.name)}") from error
        return DiscordThread(thread)

    async def notice(self, text: str) -> None:
        """A line in the voice channel's own chat."""
        await DiscordThread(self._channel).send(text, key=secrets.token_hex(12))

    async def team_channel(self) -> DiscordThread | None:
        """The team channel that the guild has chosen, if it is still there."""
        chosen = await self._guilds.team_channel(self.guild_id)
        channel = self._channel.guild.get_channel_or_thread(chosen) if chosen is not None else None
        return DiscordThread(channel) if isinstance(channel, discord.TextChannel | discord.Thread) else None

    def _home(self) -> Origin:
        """Where the thread goes: inside a thread Discord opens none, so it goes beside it; a forum's post is used itself."""
        if isinstance(self._origin, discord.Thread) and isinstance(self._origin.parent, discord.TextChannel):
            return self._origin.parent
        return self._origin


class DiscordDirectory:
    """Implements `bot.meetings.ports.Directory`."""

    def __init__(self, client: discord.Client, *, join: Join, guilds: GuildSettings) -> None:
        self._client = client
        self._join = join
        self._guilds = guilds

    def make(self, channel: Vocal, origin: Origin) -> DiscordRoom:
        """The room of a meeting that is about to begin."""
        return DiscordRoom(channel, origin, join=self._join, guilds=self._guilds)

    async def room(self, guild_id: int, channel_id: int) -> DiscordRoom | None:
        """The voice channel, None when it is gone."""
        guild = self._client.get_guild(guild_id)
        channel = guild.get_channel(channel_id) if guild is not None else None
        return self.make(channel, channel) if isinstance(channel, Vocal) else None

    async def thread(self, thread_id: int) -> DiscordThread | None:
        """A thread or a channel, archived ones too; None when it is gone or hidden. Raises `PostError` when Discord is away."""
        found = self._client.get_channel(thread_id)
        if found is None:
            try:
                found = await self._client.fetch_channel(thread_id)
            except (discord.NotFound, discord.Forbidden, discord.InvalidData) as error:
                log.warning("thread %d cannot be opened: %s", thread_id, error)
                return None
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                raise post_error(error, str(thread_id)) from error
        return DiscordThread(found) if isinstance(found, Origin) else None
