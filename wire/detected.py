"""The Conversation API: entities and trackers that were found. `offset` counts characters, -1 for what is similar, not literal."""

from __future__ import annotations

from pydantic import Field, JsonValue

from wire.base import Shape


class TextRef(Shape):
    """A message, or an insight, and where in its text."""

    id: str
    text: str
    offset: int = 0
    type: str | None = None


class NamedEntity(Shape):
    """`GET .../entities`, one item: a person, place, organisation, date or number, by how it was said and what it means."""

    type: str
    custom_type: str | None = None
    sub_type: str | None = None
    category: str | None = None
    value: JsonValue = None
    text: str
    message_refs: list[TextRef] = Field(default_factory=list)


class Entities(Shape):
    """`GET .../entities`."""

    entities: list[NamedEntity] = Field(default_factory=list)


class TrackerMatch(Shape):
    """One phrase of a tracker, with the messages and insights that hold it."""

    type: str = "vocabulary"
    value: str
    message_refs: list[TextRef] = Field(default_factory=list)
    insight_refs: list[TextRef] = Field(default_factory=list)


class DetectedTracker(Shape):
    """One item of the bare array that `GET .../trackers-detected` and `.../trackers` answer."""

    id: str
    name: str
    matches: list[TrackerMatch] = Field(default_factory=list)
