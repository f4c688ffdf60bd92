"""One started socket of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.conversations.store import new_uuid
from wire.base import Person

if TYPE_CHECKING:
    from engine.conversations.models import MemberRow
    from engine.insights.types import Insight
    from engine.streaming.options import StreamOptions
    from engine.streaming.outlet import Outlet
    from engine.streaming.voice import Voice


class Participant:
    """A speaker, or an observer who only holds the conversation open: then `member` and `voice` are None."""

    def __init__(self, outlet: Outlet, options: StreamOptions) -> None:
        self.outlet = outlet
        self.options = options
        self.member: MemberRow | None = None
        self.voice: Voice | None = None
        self.refused = False
        """The recogniser had no room for this socket's sound."""
        self.kept_until: float | None = None
        """After a stop that keeps the socket: when it ends unless it starts again; None while it streams."""
        self.message_id = new_uuid()
        """What the utterance that is being said will be called as a message."""
        self.tracked: set[tuple[str, str]] = set()
        """Trackers and phrases of it that were told while it was being said."""

    def next_message(self) -> str:
        """The id of the utterance that has just been finished; another one begins."""
        message_id, self.message_id = self.message_id, new_uuid()
        self.tracked.clear()
        return message_id

    def wants(self, item: Insight) -> bool:
        """Whether an insight was asked for: all are, when the start request does not say, from its confidence threshold on."""
        asked = self.options.insight_types
        return (asked is None or item.kind in asked) and item.score >= self.options.confidence_threshold

    @property
    def wants_topics(self) -> bool:
        """Whether topics come: they do unless the start request wants no insights at all."""
        return self.options.insight_types is None or bool(self.options.insight_types)

    @property
    def user(self) -> Person:
        """As recognition results name the speaker: every member that the client sent, with the engine's own id."""
        sent = self.options.speaker or Person()
        return sent.model_copy(update={"id": self.member.id if self.member else None})


def sender(member: MemberRow) -> Person:
    """As messages name the speaker."""
    return Person(id=member.id, name=member.name, user_id=member.user_id)


def identity(speaker: Person) -> str:
    """What makes a speaker who comes back the same person: the user id, else the address, else the name."""
    return f"user {speaker.user_id or speaker.email}" if speaker.user_id or speaker.email else f"name {speaker.name}"
