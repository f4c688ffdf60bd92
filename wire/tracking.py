"""Server frames with tracked phrases and named entities."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Shape
from wire.detected import DetectedTracker


class TrackerFrame(Shape):
    """Sent to every socket of the connection id; `is_final` is False for what interim text holds. Counted from 0."""

    type: Literal["tracker_response"] = "tracker_response"
    is_final: bool = True
    sequence_number: int = 0
    trackers: list[DetectedTracker] = Field(default_factory=list)


class EntityRef(Shape):
    """The message that names an entity: its text and times (ISO 8601 UTC), and where in the text."""

    id: str
    start_time: str
    end_time: str
    text: str
    offset: int


class EntityMatch(Shape):
    """One wording of an entity."""

    detected_value: str
    message_refs: list[EntityRef] = Field(default_factory=list)


class StreamEntity(Shape):
    """A person, date, number, location or organization."""

    type: str
    sub_type: str
    category: str
    matches: list[EntityMatch] = Field(default_factory=list)


class EntityFrame(Shape):
    """Sent to the sockets that asked for entities. Counted from 0."""

    type: Literal["entity_response"] = "entity_response"
    sequence_number: int = 0
    entities: list[StreamEntity] = Field(default_factory=list)


class PersonalData(Shape):
    """Personal data in a message, by the service's word for its kind; `text` is the mask where it was redacted."""

    type: str
    value: str
    text: str
    offset: int
