"""Who hears what of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.streaming import frames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.insights.types import Insight
    from engine.streaming.findings import News
    from engine.streaming.outlet import Outlet
    from engine.streaming.participant import Participant


class Audience:
    """The sockets that stream, and those that only listen, in the order of coming."""

    def __init__(self) -> None:
        self.participants: dict[Participant, None] = {}
        self.listeners: dict[Outlet, None] = {}
        self._insight_frames = 0

    def own(self, participant: Participant, frame: str) -> None:
        """For the speaker, and for those who listen to everybody."""
        for outlet in (participant.outlet, *self.listeners):
            outlet.send(frame)

    def all(self, frame: str) -> None:
        """For everybody."""
        for outlet in (*(participant.outlet for participant in self.participants), *self.listeners):
            outlet.send(frame)

    def news(self, news: News) -> None:
        """Insights and topics, to each socket those that its start request asked for."""
        if news.insights:
            number, self._insight_frames = self._insight_frames, self._insight_frames + 1
            for participant in self.participants:
                wanted = [item for item in news.insights if participant.wants(item.kind)]
                self._insights([participant.outlet], number, wanted, news)
            self._insights(self.listeners, number, news.insights, news)
        if news.topics:
            frame = frames.topics(news.topics, news.topic_ids)
            wanting = (participant.outlet for participant in self.participants if participant.wants("topic"))
            for outlet in (*wanting, *self.listeners):
                outlet.send(frame)

    def _insights(self, outlets: Iterable[Outlet], number: int, items: Iterable[Insight], news: News) -> None:
        told = list(items)
        if told:
            frame = frames.insights(number, told, news.insight_ids)
            for outlet in outlets:
                outlet.send(frame)
