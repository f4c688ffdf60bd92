"""The state of the simulated guild: users, roles, channels, threads, permissions, who sits in which voice channel. No I/O.

What changes is told to the bot through `listeners` (the gateway) and to tests through `record` (the event log).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING

from sandbox import payloads
from sandbox.errors import ApiError, Fault
from sandbox.models import Channel, ChannelKind, Json, Member, Place, Role, Thread, User, VoiceState
from sandbox.permissions import (
    EVERYBODY,
    NONE,
    Overwrite,
    OverwriteKind,
    Permission,
    channel_permissions,
    guild_permissions,
    implied,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DISCORD_EPOCH_MS = 1_420_070_400_000
"""2015-01-01T00:00:00Z: where snowflakes begin."""


class Intent(IntFlag):
    """Gateway intents that the sandbox honours; 0 stands for events that everybody gets."""

    ALWAYS = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_VOICE_STATES = 1 << 7
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_TYPING = 1 << 11
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.MESSAGE_CONTENT
"""Intents that Discord gives only to applications that asked for them in the developer portal."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An event for the bot's gateway connection, sent when one of `intent` was asked for."""

    name: str
    data: Json
    intent: Intent = Intent.ALWAYS


@dataclass(slots=True)
class Guild:
    """The one guild; `roles` has everybody's role under the guild's own id."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)


def _nothing(_kind: str, **_fields: object) -> None:
    """The default for a world that nobody watches."""


class World:
    """One guild with one bot in it. `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        name: str = "Sandbox",
        owner: str = "Olivia",
        bot: str = "Minutes",
        clock: Callable[[], float] = time.time,
        record: Callable[..., object] = _nothing,
    ) -> None:
        self.clock = clock
        self.record = record
        self.listeners: list[Callable[[Dispatch], None]] = []
        self._last_snowflake = 0
        self.guild = Guild(self.snowflake(), name, owner_id=0)
        self.guild.roles[self.guild.id] = Role(self.guild.id, "@everyone", EVERYBODY)
        self.owner = self.add_person(owner)
        self.guild.owner_id = self.owner.id
        self.bot = self._add(bot, bot=True)
        self.bot_role = Role(self.snowflake(), bot, NONE, position=1, managed=True)
        self.guild.roles[self.bot_role.id] = self.bot_role
        self.guild.members[self.bot.id].roles.append(self.bot_role.id)

    @property
    def application_id(self) -> int:
        """The bot's application has the id of its user."""
        return self.bot.id

    def snowflake(self) -> int:
        """A new id, larger than all before: the time in its upper 42 bits."""
        now = (int(self.clock() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last_snowflake = max(self._last_snowflake + 1, now)
        return self._last_snowflake

    # people and channels

    def add_person(self, display_name: str) -> User:
        """Somebody comes into the guild."""
        return self._add(display_name, bot=False)

    def add_channel(self, name: str, kind: ChannelKind = ChannelKind.TEXT, *, user_limit: int = 0) -> Channel:
        """Make a channel at the end of the list."""
        channel = Channel(self.snowflake(), kind, name, position=len(self.guild.channels), user_limit=user_limit)
        self.guild.channels[channel.id] = channel
        self.emit("CHANNEL_CREATE", payloads.channel(self, channel), Intent.GUILDS, channel)
        return channel

    def delete_channel(self, place: Place) -> None:
        """Delete a channel with its threads, or one thread."""
        if isinstance(place, Thread):
            self.emit("THREAD_DELETE", payloads.thread_key(self, place), Intent.GUILDS, place)
            del self.guild.threads[place.id]
            return
        for thread in [thread for thread in self.guild.threads.values() if thread.parent_id == place.id]:
            self.delete_channel(thread)
        self.emit("CHANNEL_DELETE", payloads.channel(self, place), Intent.GUILDS, place)
        del self.guild.channels[place.id]

    def overwrite(self, channel: Channel, target_id: int, *, allow: Permission = NONE, deny: Permission = NONE) -> None:
        """Set what a channel allows and denies to a role or a member, in place of what was set before."""
        kind = OverwriteKind.ROLE if target_id in self.guild.roles else OverwriteKind.MEMBER
        channel.overwrites[target_id] = Overwrite(target_id, kind, allow, deny)
        self.emit("CHANNEL_UPDATE", payloads.channel(self, channel), Intent.GUILDS)

    def grant(self, role: Role, permissions: Permission) -> None:
        """Give a role these permissions in place of those it had."""
        role.permissions = permissions
        data: Json = {"guild_id": str(self.guild.id), "role": payloads.role(role)}
        self.emit("GUILD_ROLE_UPDATE", data, Intent.GUILDS)

    # looking up

    def place(self, place_id: int) -> Place:
        """A channel or thread; raises ApiError 10003."""
        place = self.guild.channels.get(place_id) or self.guild.threads.get(place_id)
        if place is None:
            raise ApiError(Fault.UNKNOWN_CHANNEL)
        return place

    def member(self, user_id: int) -> Member:
        """A member of the guild; raises ApiError 10007."""
        if user_id not in self.guild.members:
            raise ApiError(Fault.UNKNOWN_MEMBER)
        return self.guild.members[user_id]

    def permissions(self, user_id: int, place: Place | None = None) -> Permission:
        """What a member may do in the guild, or in one place of it."""
        member = self.member(user_id)
        roles = self.guild.roles
        base = guild_permissions(
            roles[self.guild.id].permissions,
            (roles[role].permissions for role in member.roles),
            owner=user_id == self.guild.owner_id,
        )
        if place is None:
            return base
        channel = self.guild.channels[place.parent_id] if isinstance(place, Thread) else place
        granted = channel_permissions(base, channel.overwrites, guild_id=self.guild.id, role_ids=member.roles, user_id=user_id)
        return implied(granted, in_thread=isinstance(place, Thread))

    def demand(self, user_id: int, place: Place, needed: Permission) -> None:
        """Raise ApiError 50001 when the place cannot be seen, 50013 when one of `needed` is missing."""
        granted = self.permissions(user_id, place)
        if Permission.VIEW_CHANNEL not in granted:
            raise ApiError(Fault.MISSING_ACCESS)
        if needed & ~granted:
            raise ApiError(Fault.MISSING_PERMISSIONS)

    # voice

    def set_voice(self, user_id: int, channel_id: int | None, **state: str | bool) -> VoiceState | None:
        """Somebody joins, moves, changes (`session_id`, `self_mute`, `self_deaf`) or, with None, leaves."""
        before = self.guild.voice_states.pop(user_id, None)
        session_id = str(state.get("session_id") or (before.session_id if before else f"{self.snowflake():032x}"))
        after = VoiceState(
            user_id,
            channel_id or 0,
            session_id,
            self_mute=bool(state.get("self_mute", before.self_mute if before else False)),
            self_deaf=bool(state.get("self_deaf", before.self_deaf if before else False)),
        )
        if channel_id is not None:
            self.guild.voice_states[user_id] = after
        data = payloads.voice_state(self, after)
        self.emit("VOICE_STATE_UPDATE", data, Intent.GUILD_VOICE_STATES)
        self.record("world.voice", user_id=user_id, channel_id=channel_id, before=before.channel_id if before else None)
        return after if channel_id is not None else None

    def emit(self, name: str, data: Json, intent: Intent, place: Place | None = None) -> None:
        """Tell the bot, unless it happened in a place that the bot cannot see."""
        if place is not None and Permission.VIEW_CHANNEL not in self.permissions(self.bot.id, place):
            return
        for listener in self.listeners:
            listener(Dispatch(name, data, intent))

    def _add(self, display_name: str, *, bot: bool) -> User:
        user = User(self.snowflake(), display_name if bot else display_name.lower(), display_name, bot)
        member = Member(user, joined_at=self.clock())
        self.guild.members[user.id] = member
        data = payloads.member(member) | {"guild_id": str(self.guild.id)}
        for listener in self.listeners:
            listener(Dispatch("GUILD_MEMBER_ADD", data, Intent.GUILD_MEMBERS))
        return user
