"""What a meeting needs from the world, as types: the voice room, the thread, the publisher, the engine.

Tests and other outlets bring their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime

    from bot.meetings.entries import Entry, Spoken
    from bot.meetings.result import MeetingResult
    from bot.streaming.events import StreamEvent
    from bot.voice.events import VoiceEvent, VoiceHealth
    from wire.conversations import ActionItem, Conversation, Message, Question, Topic
    from wire.reports import PageLink, Summary


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu: what comes back when somebody chooses it, and at most 100 characters to read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu below a message, of at most 25 choices; `menu_id` is what it is known by."""

    menu_id: str
    prompt: str
    choices: tuple[Choice, ...]


class Thread(Protocol):
    """A place for text, in order. `content` holds at most 2,000 characters; mentions in it never notify anybody."""

    @property
    def thread_id(self) -> int:
        """Discord's id."""

    @property
    def url(self) -> str:
        """Where a person can open it."""

    async def send(self, content: str, *, key: str, files: Sequence[Attachment] = (), menu: Menu | None = None) -> Post:
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

    async def listen(self, refused: Collection[int]) -> Listener:
        """Join the voice channel and hear, but never one packet of those who refused. Raises an error of `bot.errors` with a sentence for the person who asked."""

    async def open_thread(self, title: str) -> Thread:
        """The thread for the transcript."""

    async def notice(self, text: str) -> None:
        """A line in the voice channel's own chat."""

    async def team_channel(self) -> Thread | None:
        """The team channel that the guild has chosen, if any."""


class Directory(Protocol):
    """Finds again what a meeting was held in, after the bot was started anew. None: it is gone, or the bot may not see it."""

    async def room(self, guild_id: int, channel_id: int) -> Room | None:
        """The voice channel."""

    async def thread(self, thread_id: int) -> Thread | None:
        """A thread or a text channel."""


class JournalWriter(Protocol):
    """Where a publisher notes what it is about to send and what it has sent."""

    async def append(self, *entries: Entry) -> None:
        """Returns when the entries are on disk. Never raises: a journal that cannot be written says so in the thread by itself."""


class Publisher(Protocol):
    """Shows a meeting to people: lines as they come, the summary at the end. What it is given is already in the journal."""

    def add(self, entry: Spoken) -> None:
        """The next entry to show; kept in the order of the calls. Never blocks."""

    async def flush(self) -> None:
        """Returns when all that was added has been sent, or given up with a logged reason."""

    async def summary(self, result: MeetingResult) -> None:
        """Flush, then send the summary and the transcript file."""

    async def close(self) -> None:
        """Stop; what was not sent yet is left to the recovery at the next start."""


class PublisherFactory(Protocol):
    """Makes the publisher of one meeting."""

    def __call__(self, room: Room, thread: Thread, journal: JournalWriter, history: Sequence[Entry]) -> Publisher:
        """`history` is the journal so far: `Opened` alone for a new meeting.

        After a crash it is the whole journal, in which each `Posting` that arrived has its `Posted`. Lines that were not posted
        are then given to `add` again; a message of the summary whose `post_key` is `Posted` in `history` is not sent again.
        """


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose sound a stream carries; `user_id` is Discord's id."""

    user_id: int
    name: str


class SpeechLine(Protocol):
    """One stream of the Streaming API."""

    @property
    def alive(self) -> bool:
        """The stream is connected and has been accepted."""

    async def open(self) -> None:
        """Connect and wait until the engine listens. Raises `EngineDown`, `EngineRefused` or `ProtocolError`."""

    def feed(self, pcm: bytes, at: float) -> None:
        """16 kHz mono LINEAR16, heard at `at`. Never blocks; what finds no room is reported as a `Dropped` event."""

    def events(self) -> AsyncIterator[StreamEvent]:
        """What the engine says, until the stream is over."""

    def heard_at(self, time: datetime) -> float | None:
        """The `at` of sound that was held while the engine was away, from the time that the engine gives to it; else None."""

    async def stop(self) -> bool:
        """Send what is held, end the stream, wait for its last words. False: the engine did not confirm within the limit."""

    async def close(self) -> None:
        """Hang up at once."""


class Engine(Protocol):
    """The Streaming and the Conversation API, whoever serves them. The reads raise `EngineError`."""

    def line(self, connection_id: str, *, title: str, voice: Voice | None = None, language: str = "en-US") -> SpeechLine:
        """A stream of the conversation that belongs to `connection_id`; without a voice it only opens the conversation and reads.

        `language`: the code of what is spoken, or `auto`.
        """

    async def conversation(self, conversation_id: str) -> Conversation:
        """Its name, times and members, and how a language model reads it."""

    async def messages(self, conversation_id: str) -> list[Message]:
        """Every sentence, in order."""

    async def topics(self, conversation_id: str) -> list[Topic]:
        """What was talked about, best first."""

    async def action_items(self, conversation_id: str) -> list[ActionItem]:
        """Who has to do what."""

    async def follow_ups(self, conversation_id: str) -> list[ActionItem]:
        """What to come back to."""

    async def questions(self, conversation_id: str) -> list[Question]:
        """What was asked."""

    async def summary(self, conversation_id: str) -> Summary:
        """The sentences that say most, and sections; `EngineRefused` with status 404 where nothing was said."""

    async def page(self, conversation_id: str) -> PageLink | None:
        """A link to its page that expires; None where there is none."""
