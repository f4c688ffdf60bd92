"""The words of insights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

InsightKind = Literal["action_item", "follow_up", "question"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody of the meeting; `id` is the engine's own, `user_id` the client's."""

    id: str
    name: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message. `start` and `end` carry their time zone: dates are reckoned in it."""

    id: str
    speaker: Speaker
    text: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due, and the words that said so; `offset` is where they stand in the insight's text, -1 if they do not."""

    when: datetime
    phrase: str
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Insight:
    """One item. `text` is in the third person; `key` stays the same while the item changes."""

    key: str
    kind: InsightKind
    text: str
    score: float
    message_ids: tuple[str, ...]
    speaker: Speaker
    assignee: Speaker | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A phrase that says what was talked about; `key` stays the same while score and references change."""

    key: str
    text: str
    score: float
    message_ids: tuple[str, ...]
    root_words: tuple[str, ...] = field(default=())
    parents: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Changes:
    """What an utterance brought: new or changed insights, and topics that became worth telling."""

    insights: tuple[Insight, ...] = field(default=())
    topics: tuple[Topic, ...] = field(default=())


class MeetingInsights(Protocol):
    """The insights of one meeting, grown utterance by utterance."""

    def push(self, utterance: Utterance) -> Changes:
        """Take in the next utterance."""

    def finish(self) -> Changes:
        """All that stands at the end, ranked again; may be called at any time and does not end anything."""

    def roster(self, speakers: Sequence[Speaker]) -> None:
        """Who is known to be in the meeting."""
