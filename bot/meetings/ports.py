"""What a meeting needs from the world, as types: the voice room, the thread, the engine. Tests and other outlets bring their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.voice.events import VoiceEvent, VoiceHealth


class Listener(Protocol):
    """One ear in one voice channel, open from the start of the meeting to its end."""

    def events(self) -> AsyncIterator[VoiceEvent]:
        """What is heard, until `close`; ends by itself when the connection is lost for good."""

    def health(self) -> VoiceHealth:
        """The state of hearing now."""

    def refuse(self, user_id: int) -> None:
        """From now on this person's packets are dropped before they are decoded."""

    def accept(self, user_id: int) -> None:
        """The person may be heard again."""

    async def close(self) -> None:
        """Give out what is still held, then leave the voice channel."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message that stands in a thread."""

    message_id: int
    url: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send with a message."""

    name: str
    data: bytes


class Thread(Protocol):
    """A place for text, in order. `content` holds at most 2,000 characters; mentions in it never notify anybody."""

    @property
    def thread_id(self) -> int:
        """Discord's id."""

    @property
    def url(self) -> str:
        """Where a person can open it."""

    async def send(self, content: str, *, key: str, files: Sequence[Attachment] = ()) -> Post:
        """Send one message; `key` is at most 25 characters, and the same key sent twice within minutes is one message."""

    async def recent(self, limit: int) -> list[Post]:
        """The newest messages of this bot, newest first: asked after a crash."""


class Room(Protocol):
    """The voice channel that a meeting is held in, and what belongs to it."""

    @property
    def guild_id(self) -> int:
        """Discord's id of the guild."""

    @property
    def channel_id(self) -> int:
        """Discord's id of the voice channel."""

    @property
    def channel_name(self) -> str:
        """The voice channel's name."""

    def name_of(self, user_id: int) -> str:
        """The member's display name in this guild, as people there see it."""

    async def listen(self) -> Listener:
        """Join the voice channel and hear. Raises an error of `bot.errors` with a sentence for the person who asked."""

    async def open_thread(self, title: str) -> Thread:
        """The thread for the transcript."""

    async def notice(self, text: str) -> None:
        """A line in the voice channel's own chat."""

    async def team_channel(self) -> Thread | None:
        """The team channel that the guild has chosen, if any."""
