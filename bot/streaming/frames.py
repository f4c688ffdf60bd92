"""Reads the server's text frames. Tolerant: what is unknown or broken is left out, the rest of its frame is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from bot.streaming.events import (
    Completed,
    ConversationCreated,
    FinalResult,
    InsightSeen,
    Interim,
    Listening,
    SecondLook,
    Sentence,
    ServerError,
    Stopped,
    TopicsSeen,
    Unread,
)
from wire.base import Payload, Person, Shape
from wire.insights import StreamInsight
from wire.recognition import Alternative, RecognitionResult, SoundLost
from wire.requests import PONG
from wire.session import ConversationRef
from wire.topics import StreamTopic

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.streaming.events import ServerEvent

_Shape = TypeVar("_Shape", bound=Shape)

_SILENT = frozenset({"session_modified", "subscription_started", "tracker_response", "entity_response", "context_response"})
"""Known, and of no use here."""


def read_frame(text: str, now: Callable[[], datetime]) -> list[ServerEvent] | None:
    """What a text frame means; None for one that is not understood. `now` stands in for a time that cannot be read."""
    if text == PONG:
        return []
    try:
        frame = json.loads(text)
    except ValueError:
        return None
    if not isinstance(frame, dict):
        return None
    match frame.get("type"):
        case "message":
            return _session(frame.get("message"))
        case "message_response":
            return _each(frame.get("messages"), lambda item: _sentence(item, now))
        case "insight_response":
            return _each(frame.get("insights"), _insight)
        case "topic_response":
            return _topics(frame.get("topics"))
        case "error":
            return [_error(frame)]
        case str(kind) if kind in _SILENT:
            return []
        case _:
            return None


def _session(message: object) -> list[ServerEvent] | None:
    if not isinstance(message, dict):
        return None
    conversation_id = _conversation_id(message)
    known: list[ServerEvent] = [ConversationCreated(conversation_id)] if conversation_id else []
    match message.get("type"):
        case "conversation_created":
            return known
        case "started_listening" | "recognition_started":
            return [*known, Listening()]
        case "recognition_result":
            return _result(message)
        case "sound_lost" | "second_look":
            return _addition(message)
        case "conversation_completed":
            return [*known, Completed(conversation_id)]
        case "recognition_stopped":
            return [Stopped()]
        case "error":
            return [_error(message)]
        case str(kind) if kind in _SILENT:
            return known
        case _:
            return None


def _conversation_id(message: dict[str, object]) -> str | None:
    """From `data.conversationId`, or `conversationId` beside it: servers send either."""
    data = message.get("data")
    for holder in (data, message):
        if isinstance(holder, dict):
            found = holder.get("conversationId")
            if isinstance(found, str | int) and found:
                return str(found)
    return None


def _result(message: dict[str, object]) -> list[ServerEvent] | None:
    result = _read(RecognitionResult, message)
    if result is None:
        return None
    readings = result.payload.raw.alternatives
    text = result.punctuated.transcript or (readings[0].transcript if readings else "")
    return [FinalResult(text, _end(readings)) if result.is_final else Interim(text)]


def _end(readings: list[Alternative]) -> float | None:
    """When the last word ends; seconds and nanoseconds are strings on the wire."""
    words = readings[0].words if readings else []
    if not words:
        return None
    moment = words[-1].end_time
    try:
        return int(moment.seconds) + int(moment.nanos) / 1e9
    except ValueError:
        return None


class _Span(Shape):
    start_time: str = ""
    end_time: str = ""


class _Message(Shape):
    """A message as loosely as it can be read: a sentence is not lost because of what stands beside it."""

    id: str
    payload: Payload
    from_: object = Field(alias="from", default=None)
    duration: object = None


def _sentence(item: object, now: Callable[[], datetime]) -> ServerEvent | None:
    message = _read(_Message, item)
    if message is None or not message.payload.content.strip():
        return None
    person, span = _read(Person, message.from_) or Person(), _read(_Span, message.duration) or _Span()
    end = _time(span.end_time) or now()
    start = _time(span.start_time) or end
    user_id = person.user_id or person.email or ""
    return Sentence(message.id, user_id, person.name or "", message.payload.content.strip(), min(start, end), end)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _insight(item: object) -> ServerEvent | None:
    insight = _read(StreamInsight, item)
    return InsightSeen(insight) if insight else None


def _topics(items: object) -> list[ServerEvent] | None:
    if not isinstance(items, list):
        return None
    topics = tuple(topic for item in items if (topic := _read(StreamTopic, item)) is not None)
    return [TopicsSeen(topics)] if topics else None


def _addition(message: dict[str, object]) -> list[ServerEvent] | None:
    """What the engine tells beyond the documented frames."""
    if message["type"] == "sound_lost":
        lost = _read(SoundLost, message)
        return [Unread(lost.start, lost.end)] if lost else None
    progress = _read(ConversationRef, message.get("data"))
    if progress is None or progress.done is None or progress.total is None:
        return None
    return [SecondLook(progress.done, progress.total)]


def _error(holder: dict[str, object]) -> ServerError:
    """Both shapes that servers use: message and details, or a payload."""
    words = [str(holder[name]) for name in ("message", "details", "payload") if isinstance(holder.get(name), str)]
    return ServerError(" ".join(words) or "The engine reported an error without words.")


def _each(items: object, read: Callable[[object], ServerEvent | None]) -> list[ServerEvent] | None:
    if not isinstance(items, list):
        return None
    return [event for item in items if (event := read(item)) is not None] or None


def _read(shape: type[_Shape], item: object) -> _Shape | None:
    try:
        return shape.model_validate(item)
    except ValidationError:
        return None
