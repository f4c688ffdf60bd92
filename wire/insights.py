"""Server frames with action items, follow-ups and questions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Payload, Person, Shape


class MessageReference(Shape):
    """The message that something rests on."""

    id: str
    relation: str | None = None


class DueBy(Shape):
    """ISO 8601 with the speaker's offset."""

    value: str


class Hint(Shape):
    """A score by name; the value is a string."""

    key: str
    value: str


class TagDate(Shape):
    """The ISO day or time that a phrase means."""

    datetime: str


class TagPerson(Shape):
    """Somebody named in the text."""

    name: str
    id: str | None = None
    assignee: bool = False
    user_id: str | None = None


class TagValue(Shape):
    """The envelope of a tag's value."""

    value: TagDate | TagPerson


class Tag(Shape):
    """A phrase in the insight's text that means a day or a person."""

    type: Literal["date", "person"]
    text: str
    begin_offset: int
    value: TagValue


class StreamInsight(Shape):
    """An action item, a follow-up or a question, written in the third person; confidence 0 to 1."""

    id: str
    type: str
    confidence: float = 0.0
    message_reference: MessageReference
    payload: Payload
    from_: Person = Field(alias="from", default_factory=Person)
    assignee: Person = Field(default_factory=Person)
    due_by: DueBy | None = None
    hints: list[Hint] = Field(default_factory=list)
    tags: list[Tag] = Field(default_factory=list)
    dismissed: bool = False


class InsightFrame(Shape):
    """Sent to every socket of the connection id."""

    type: Literal["insight_response"] = "insight_response"
    sequence_number: int = 0
    insights: list[StreamInsight] = Field(default_factory=list)
