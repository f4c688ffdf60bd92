"""Server frames with finished sentences."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Payload, Person, Sentiment, Shape
from wire.tracking import PersonalData


class MessageSpan(Shape):
    """When it was said: ISO 8601 UTC; `time_offset` and `duration` in seconds, from the start of the conversation."""

    start_time: str
    end_time: str
    time_offset: float | None = None
    duration: float | None = None


class MessageMetadata(Shape):
    """`words` is a JSON string of `[{word, startTime, endTime}]` with wall-clock times."""

    disable_punctuation: bool = True
    timezone_offset: float = 0
    original_content: str = ""
    original_message_id: str = ""
    words: str = "[]"


class Channel(Shape):
    """Where the message came in."""

    id: str = "realtime-api"


class StreamMessage(Shape):
    """One finished sentence of one speaker; `entities` is the personal data in it, where the client asked for it to be identified."""

    id: str
    from_: Person = Field(alias="from", default_factory=Person)
    payload: Payload
    channel: Channel = Field(default_factory=Channel)
    metadata: MessageMetadata = Field(default_factory=MessageMetadata)
    dismissed: bool = False
    duration: MessageSpan
    sentiment: Sentiment | None = None
    entities: list[PersonalData] | None = None


class MessageFrame(Shape):
    """Sent to every socket of the connection id; `sequence_number` counts frames of this kind from 0."""

    type: Literal["message_response"] = "message_response"
    sequence_number: int = 0
    messages: list[StreamMessage] = Field(default_factory=list)
    sentiment: bool | None = None
