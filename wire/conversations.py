"""The Conversation API: what `GET /v1/conversations/{conversationId}` and its collections answer.

Scores are 0 to 1, times ISO 8601 UTC with `Z`, offsets and durations seconds. Ids are strings.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from wire.base import Person, Sentiment, Shape
from wire.reports import Reading

CONVERSATIONS_PATH = "/v1/conversations"


class Member(Shape):
    """Somebody who spoke; for a streamed conversation `email` is the speaker's `userId`."""

    id: str
    name: str | None = None
    email: str | None = None


class Members(Shape):
    """`GET .../members`."""

    members: list[Member] = Field(default_factory=list)


class Conversation(Shape):
    """`GET /v1/conversations/{id}`; the name defaults to the id."""

    id: str
    type: str = "meeting"
    name: str
    start_time: str | None = None
    end_time: str | None = None
    members: list[Member] = Field(default_factory=list)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    reading: Reading | None = None
    """Of a conversation that is over, where a language model is set up."""


class Conversations(Shape):
    """`GET /v1/conversations`."""

    conversations: list[Conversation] = Field(default_factory=list)


class MetadataUpdate(Shape):
    """Body of `PUT /v1/conversations/{id}`: labels of the client's own, in place of those before."""

    metadata: dict[str, JsonValue]


class MetadataUpdated(Shape):
    """What that `PUT` answers."""

    id: str
    metadata: dict[str, JsonValue]


class MemberUpdate(Shape):
    """Body of `PUT .../members/{memberId}`; `id`, where it is given, is the one of the address."""

    id: str | None = None
    name: str = Field(min_length=1, max_length=256)
    email: str | None = Field(default=None, max_length=256)


class Offset(Shape):
    """A time since the start of the conversation; `nanos` are added to the seconds."""

    seconds: float = Field(default=0, ge=0, le=1e9)
    nanos: float = Field(default=0, ge=0, le=1e18)


class SpeakerEvent(Shape):
    """Somebody began or ended to speak."""

    type: Literal["started_speaking", "stopped_speaking"]
    user: Person
    offset: Offset


class SpeakerEvents(Shape):
    """Body of `PUT .../speakers`."""

    speaker_events: list[SpeakerEvent] = Field(min_length=1, max_length=20_000)


class Done(Shape):
    """The answer of a change: a sentence."""

    message: str


class Word(Shape):
    """A word of a message, with `verbose=true`."""

    word: str
    start_time: str
    end_time: str
    score: float | None = None
    time_offset: float | None = None
    duration: float | None = None
    speaker_tag: int | None = None


class KeyPhrase(Shape):
    """Words of a message that matter: of an action item (`action_phrase`) or of a topic (`key_phrase`)."""

    type: str
    text: str


class Message(Shape):
    """One finished sentence; `time_offset` from the first word of the conversation.

    `corrected_from`, an addition of this engine: what `text` was before a second look corrected it.
    """

    id: str
    text: str
    from_: Person = Field(alias="from", default_factory=Person)
    start_time: str
    end_time: str
    time_offset: float | None = None
    duration: float | None = None
    conversation_id: str
    phrases: list[KeyPhrase] = Field(default_factory=list)
    sentiment: Sentiment | None = None
    words: list[Word] | None = None
    corrected_from: str | None = None


class Messages(Shape):
    """`GET .../messages`."""

    messages: list[Message] = Field(default_factory=list)


class ParentRef(Shape):
    """The wider topic that a topic belongs to."""

    type: Literal["topic"] = "topic"
    text: str


class Topic(Shape):
    """`GET .../topics`, one item."""

    id: str
    text: str
    type: Literal["topic"] = "topic"
    score: float = 0.0
    message_ids: list[str] = Field(default_factory=list)
    sentiment: Sentiment | None = None
    parent_refs: list[ParentRef] = Field(default_factory=list)


class Topics(Shape):
    """`GET .../topics`."""

    topics: list[Topic] = Field(default_factory=list)


class Entity(Shape):
    """A person or a date in an item's text; `offset` in characters."""

    type: str
    text: str
    offset: int = 0
    value: JsonValue = None
    end: str | None = None


class Question(Shape):
    """`GET .../questions`, one item."""

    id: str
    text: str
    type: Literal["question"] = "question"
    score: float = 0.0
    message_ids: list[str] = Field(default_factory=list)
    from_: Person = Field(alias="from", default_factory=Person)


class Questions(Shape):
    """`GET .../questions`."""

    questions: list[Question] = Field(default_factory=list)


class ActionItem(Shape):
    """An action item or a follow-up; `from.userId` but `assignee.email`; `due_by` an ISO string, missing when nothing was said."""

    id: str
    text: str
    type: Literal["action_item", "follow_up"] = "action_item"
    score: float = 0.0
    message_ids: list[str] = Field(default_factory=list)
    entities: list[Entity] = Field(default_factory=list)
    phrases: list[KeyPhrase] = Field(default_factory=list)
    from_: Person = Field(alias="from", default_factory=Person)
    definitive: bool = True
    assignee: Person = Field(default_factory=Person)
    due_by: str | None = None


class ActionItems(Shape):
    """`GET .../action-items`."""

    action_items: list[ActionItem] = Field(default_factory=list)


class FollowUps(Shape):
    """`GET .../follow-ups`."""

    follow_ups: list[ActionItem] = Field(default_factory=list)


class Insights(Shape):
    """`GET .../insights`: action items, follow-ups and questions together."""

    insights: list[ActionItem | Question] = Field(default_factory=list)
