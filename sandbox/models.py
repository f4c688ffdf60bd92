"""The things of the simulated Discord as plain data. Ids are snowflakes, times Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from sandbox.permissions import NONE, Permission

if TYPE_CHECKING:
    from sandbox.permissions import Overwrite

Json = dict[str, object]
"""A JSON object at the edge."""


@dataclass(slots=True)
class User:
    """Somebody with an account; `name` is unique, `display_name` is what people see."""

    id: int
    name: str
    display_name: str
    bot: bool = False


@dataclass(slots=True)
class Member:
    """A user in the guild."""

    user: User
    joined_at: float
    roles: list[int] = field(default_factory=list)
    nick: str | None = None

    @property
    def display_name(self) -> str:
        """What people in the guild see: the nick, else the user's own display name."""
        return self.nick or self.user.display_name


@dataclass(slots=True)
class Role:
    """A named set of permissions; the role with the guild's id is everybody's."""

    id: int
    name: str
    permissions: Permission = NONE
    position: int = 0
    managed: bool = False


class ChannelKind(IntEnum):
    """Discord's channel types."""

    TEXT = 0
    VOICE = 2
    CATEGORY = 4
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


@dataclass(slots=True)
class Channel:
    """A channel of the guild. A voice channel has a chat of its own: messages are posted to its id."""

    id: int
    kind: ChannelKind
    name: str
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    parent_id: int | None = None
    last_message_id: int | None = None
    user_limit: int = 0


@dataclass(slots=True)
class Thread:
    """A thread under a text channel; `members` maps user ids to when they joined."""

    id: int
    kind: ChannelKind
    name: str
    parent_id: int
    owner_id: int
    created_at: float
    auto_archive_minutes: int = 1440
    archived: bool = False
    locked: bool = False
    archive_changed_at: float = 0.0
    members: dict[int, float] = field(default_factory=dict)
    message_count: int = 0
    last_message_id: int | None = None


Place = Channel | Thread
"""Where messages stand."""


class MessageKind(IntEnum):
    """Discord's message types, as far as they occur here."""

    DEFAULT = 0
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21


class MessageFlag(IntFlag):
    """Discord's message flags."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12


NO_FLAGS = MessageFlag(0)


@dataclass(slots=True)
class Attachment:
    """A file that came with a message; `data` are its bytes."""

    id: int
    filename: str
    data: bytes
    content_type: str
    url: str
    description: str | None = None


@dataclass(slots=True)
class Message:
    """A message as it stands; `edits` are its earlier contents, oldest first."""

    id: int
    channel_id: int
    author_id: int
    content: str
    at: float
    kind: MessageKind = MessageKind.DEFAULT
    flags: MessageFlag = NO_FLAGS
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    nonce: str | None = None
    allowed_mentions: Json | None = None
    mentions: list[int] = field(default_factory=list)
    """Users who are notified: those named in the content and permitted by `allowed_mentions`."""
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reference_id: int | None = None
    interaction_id: int | None = None
    edited_at: float | None = None
    edits: list[str] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        """Whether only the person who asked sees it."""
        return MessageFlag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        """Whether it is a deferred answer ("... is thinking") that still has no content."""
        return MessageFlag.LOADING in self.flags


@dataclass(slots=True)
class VoiceState:
    """Somebody in a voice channel."""

    user_id: int
    channel_id: int
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
