"""Server frames with topics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Sentiment, Shape
from wire.insights import MessageReference


class RootWord(Shape):
    """The word that a phrase turns on."""

    text: str


class StreamTopic(Shape):
    """A short phrase that says what is talked about; `phrases` is one string in spite of its name."""

    id: str
    type: Literal["topic"] = "topic"
    phrases: str
    root_words: list[RootWord] = Field(default_factory=list)
    score: float = 0.0
    message_index: int = 0
    message_references: list[MessageReference] = Field(default_factory=list)
    sentiment: Sentiment | None = None


class TopicFrame(Shape):
    """Sent to every socket of the connection id."""

    type: Literal["topic_response"] = "topic_response"
    topics: list[StreamTopic] = Field(default_factory=list)
