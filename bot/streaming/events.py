"""What a stream of the Streaming API tells its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from wire.insights import StreamInsight
    from wire.topics import StreamTopic


@dataclass(frozen=True, slots=True)
class Listening:
    """The engine has accepted the start request: sound may come."""


@dataclass(frozen=True, slots=True)
class ConversationCreated:
    """The id under which the Conversation API keeps what is said."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class Interim:
    """The utterance so far, of this stream's speaker; replaces the last one."""

    text: str


@dataclass(frozen=True, slots=True)
class FinalResult:
    """A finished utterance of this stream's speaker; the sentence that people read comes as `Sentence`.

    `end` is in seconds since the first sound of the connection, None when the engine gives no times; `at` is the same moment on the
    clock that the sound was fed with.
    """

    text: str
    end: float | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Sound that reached the engine and could not be recognised, in seconds since the first sound of the connection."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence of anybody in the conversation. `key` is the engine's id of the message; times are UTC."""

    key: str
    user_id: str
    name: str
    text: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class InsightSeen:
    """An action item, a follow-up or a question, as soon as it is noticed."""

    insight: StreamInsight


@dataclass(frozen=True, slots=True)
class TopicsSeen:
    """What is being talked about."""

    topics: tuple[StreamTopic, ...]


@dataclass(frozen=True, slots=True)
class SecondLook:
    """At its end the engine reads again what was hard to understand: so many of those messages are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Completed:
    """Everything that was said on this stream is final and can be read from the Conversation API."""

    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The engine recognises no more on this stream."""


@dataclass(frozen=True, slots=True)
class ServerError:
    """The engine could not use something that it was sent; the stream goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Sound that was fed but never became words; `at` is the time that it was fed with."""

    at: float
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke; it is being made again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Regained:
    """The connection is back, on the same conversation. `away`: seconds without it."""

    away: float


ServerEvent = (
    Listening
    | ConversationCreated
    | Interim
    | FinalResult
    | Unread
    | Sentence
    | InsightSeen
    | TopicsSeen
    | SecondLook
    | Completed
    | Stopped
    | ServerError
)
"""What frames of the server mean."""

StreamEvent = ServerEvent | Dropped | Lost | Regained
"""The same, and what becomes of the connection."""
