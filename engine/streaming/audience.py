"""Who hears what of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.streaming import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from engine.conversations.models import ConversationRow, EntityRow, MessageRow
    from engine.insights.types import Insight
    from engine.streaming.findings import News
    from engine.streaming.options import StreamOptions
    from engine.streaming.outlet import Outlet
    from engine.streaming.participant import Participant
    from wire.base import Person
    from wire.detected import DetectedTracker


class Audience:
    """The sockets that stream, and those that only listen, in the order of coming."""

    def __init__(self) -> None:
        self.participants: dict[Participant, None] = {}
        self.listeners: dict[Outlet, None] = {}
        self._numbers: dict[str, int] = {}

    def own(self, participant: Participant, frame: str) -> None:
        """For the speaker, and for those who listen to everybody."""
        for outlet in (participant.outlet, *self.listeners):
            outlet.send(frame)

    def all(self, frame: str) -> None:
        """For everybody."""
        for outlet in (*(participant.outlet for participant in self.participants), *self.listeners):
            outlet.send(frame)

    def message(self, row: MessageRow, who: Person, conversation: ConversationRow) -> None:
        """A finished sentence; with its sentiment for those who asked for it."""
        frame = {felt: frames.message(row, who, conversation, sentiment=felt) for felt in (False, True)}
        for outlet, felt in self._by_wish(lambda options: options.sentiment):
            outlet.send(frame[felt])

    def news(self, news: News, mood_of: Callable[[Iterable[str]], float]) -> None:
        """Insights and topics, to each socket those that its start request asked for; `mood_of` is the sentiment of messages."""
        if news.insights:
            number = self._count("insight")
            for participant in self.participants:
                wanted = [item for item in news.insights if participant.wants(item)]
                self._insights([participant.outlet], number, wanted, news)
            self._insights(self.listeners, number, news.insights, news)
        if news.topics:
            moods = {topic.key: mood_of(topic.message_ids) for topic in news.topics}
            frame = {felt: frames.topics(news.topics, news.topic_ids, moods if felt else {}) for felt in (False, True)}
            unwanting = {participant.outlet for participant in self.participants if not participant.wants_topics}
            for outlet, felt in self._by_wish(lambda options: options.sentiment):
                if outlet not in unwanting:
                    outlet.send(frame[felt])

    def tracked(self, trackers: list[DetectedTracker], *, is_final: bool) -> None:
        """Tracked phrases, for everybody."""
        if trackers:
            self.all(frames.trackers(self._count("tracker"), trackers, is_final=is_final))

    def entities(self, row: MessageRow, rows: Sequence[EntityRow]) -> None:
        """Entities of a message, for those who asked for them."""
        if rows:
            frame = frames.entities(self._count("entity"), row, rows)
            for outlet, wanted in self._by_wish(lambda options: options.entities):
                if wanted:
                    outlet.send(frame)

    def anybody(self, wish: Callable[[StreamOptions], bool]) -> bool:
        """Whether one of the sockets asked for something."""
        return any(wish(participant.options) for participant in self.participants)

    def _by_wish(self, wish: Callable[[StreamOptions], bool]) -> Iterable[tuple[Outlet, bool]]:
        """Each socket, and whether it asked; one that only listens gets what anybody asked for."""
        for participant in self.participants:
            yield participant.outlet, wish(participant.options)
        anybody = self.anybody(wish)
        for listener in self.listeners:
            yield listener, anybody

    def _count(self, kind: str) -> int:
        number = self._numbers.get(kind, 0)
        self._numbers[kind] = number + 1
        return number

    def _insights(self, outlets: Iterable[Outlet], number: int, items: Iterable[Insight], news: News) -> None:
        told = list(items)
        if told:
            frame = frames.insights(number, told, news.insight_ids)
            for outlet in outlets:
                outlet.send(frame)
