"""Server frames about the stream itself: `{"type": "message", "message": {"type": ...}}`, and errors."""

from __future__ import annotations

from typing import Literal

from wire.base import Shape

SessionEventType = Literal[
    "started_listening",
    "conversation_created",
    "recognition_started",
    "recognition_stopped",
    "conversation_completed",
    "session_modified",
    "subscription_started",
    "second_look",
]


class ConversationRef(Shape):
    """The numeric id that the service assigns, a string of 16 digits; `done` and `total` count the messages of a `second_look`."""

    conversation_id: str
    done: int | None = None
    total: int | None = None


class SessionEvent(Shape):
    """One step in the life of a stream; `data` only where a conversation id belongs to it."""

    type: SessionEventType
    data: ConversationRef | None = None
    conversation_id: str | None = None


class SessionFrame(Shape):
    """The envelope of a session event."""

    type: Literal["message"] = "message"
    message: SessionEvent
    time_offset: int | None = None


class ErrorFrame(Shape):
    """Something was wrong with what the client sent; the socket stays open."""

    type: Literal["error"] = "error"
    message: str
    details: str = "No additional details available."
