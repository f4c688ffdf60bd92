"""From the model's answers to insights, topics and points, each one checked; what is said in two parts becomes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from engine.insights.language_model.grounding import Ground, content_of, titled
from engine.insights.merge import WINDOW, same_thing
from engine.insights.types import Insight, Topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.language_model.answers import ItemAnswer, PassageAnswer, TextAnswer
    from engine.insights.language_model.passages import Passage
    from engine.insights.types import InsightKind, Speaker, Utterance

PointKind = Literal["discussed", "decided", "open"]

SCORE: Final = 0.8
"""Of every item of a model: it gives none of its own that means anything."""
MOST_TOPICS: Final = 12
_TOPIC_FLOOR, _TOPIC_STEP = 0.4, 0.05


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence of the summary, and the messages that it rests on."""

    kind: PointKind
    text: str
    message_ids: tuple[str, ...]


class Minutes:
    """Grows part by part; `local` items fill the parts that the model did not read."""

    def __init__(self, said: Sequence[Utterance], roster: Sequence[Speaker]) -> None:
        self._said = said
        self._roster = roster
        self._names = frozenset(stem for speaker in roster for stem in content_of(speaker.name))
        self._order = {one.id: place for place, one in enumerate(said)}
        self._items: list[Insight] = []
        self._contents: list[frozenset[str]] = []
        """What each item is about, whoever does it."""
        self._topics: dict[str, Topic] = {}
        self.points: list[Point] = []

    def take(self, passage: Passage, answer: PassageAnswer) -> None:
        """What the model found in a part."""
        ground = Ground(self._said, passage, self._roster)
        for item in answer.action_items:
            self._add(self._item(ground, item))
        for question in answer.questions:
            self._add(self._question(ground, question))
        for topic in answer.topics:
            self._topic(ground, topic)
        for point in answer.points:
            places = ground.places(point.message_ids)
            text = ground.text(point.text, places)
            if text is not None and places[-1] >= passage.fresh:
                self.points.append(Point(point.kind, text, ground.ids(places)))

    def keep(self, passage: Passage, insights: Sequence[Insight], topics: Sequence[Topic], points: Sequence[Point]) -> None:
        """What the local engine found in a part that the model did not read."""
        fresh = {one.id for one in self._said[passage.fresh : passage.end]}
        for insight in insights:
            if insight.message_ids and insight.message_ids[0] in fresh:
                self._add(insight)
        for topic in topics:
            if not fresh.isdisjoint(topic.message_ids):
                self._merge_topic(topic)
        self.points += points

    def insights(self) -> tuple[Insight, ...]:
        """All items, in the order of the talk."""
        return tuple(sorted(self._items, key=self._place))

    def topics(self) -> tuple[Topic, ...]:
        """The topics, best first."""
        return tuple(sorted(self._topics.values(), key=lambda topic: -topic.score)[:MOST_TOPICS])

    def _item(self, ground: Ground, item: ItemAnswer) -> Insight | None:
        places = ground.places(item.message_ids)
        text = ground.text(item.text, places)
        if text is None:
            return None
        assignee = ground.assignee(item.assignee, places)
        if assignee is None and item.assignee.strip() and not ground.mentions(item.assignee, places):
            return None  # somebody whom nobody spoke of
        return self._insight(ground, places, item.kind, text, assignee, item.due)

    def _question(self, ground: Ground, question: TextAnswer) -> Insight | None:
        places = ground.places(question.message_ids)
        text = ground.text(question.text, places)
        return self._insight(ground, places, "question", text, None, "") if text else None

    def _insight(
        self, ground: Ground, places: Sequence[int], kind: InsightKind, text: str, assignee: Speaker | None, due: str
    ) -> Insight:
        return Insight(
            key=f"model-{kind}-{places[0]}-{len(self._items)}",
            kind=kind,
            text=text,
            score=SCORE,
            message_ids=ground.ids(places),
            speaker=ground.speaker(places),
            assignee=assignee,
            due=ground.due(due, places, text),
        )

    def _add(self, item: Insight | None) -> None:
        """A new item, or an old one with what the new one knows better."""
        if item is None:
            return
        content = content_of(item.text) - self._names
        for index, old in enumerate(self._items):
            if abs(self._place(old) - self._place(item)) > WINDOW or not same_thing(content, self._contents[index]):
                continue
            alike = (old.kind == "question") == (item.kind == "question")
            if alike and (old.assignee == item.assignee or None in {old.assignee, item.assignee}):
                ids = sorted({*old.message_ids, *item.message_ids}, key=self._order.__getitem__)
                due = replace(item.due, offset=old.text.find(item.due.phrase)) if item.due else old.due
                self._items[index] = replace(old, message_ids=tuple(ids), assignee=old.assignee or item.assignee, due=due)
                return
        self._items.append(item)
        self._contents.append(content)

    def _topic(self, ground: Ground, topic: TextAnswer) -> None:
        places = ground.places(topic.message_ids)
        text = ground.text(titled(topic.text), places)
        if text is not None:
            self._merge_topic(Topic(key=f"model-{text.casefold()}", text=text, score=0.0, message_ids=ground.ids(places)))

    def _merge_topic(self, topic: Topic) -> None:
        key = topic.text.casefold()
        old = self._topics.get(key)
        ids = {*(old.message_ids if old else ()), *topic.message_ids}
        kept = tuple(sorted(ids, key=self._order.__getitem__))
        score = max(topic.score, old.score if old else 0.0, min(0.95, _TOPIC_FLOOR + _TOPIC_STEP * len(kept)))
        self._topics[key] = replace(old or topic, message_ids=kept, score=score)

    def _place(self, item: Insight) -> int:
        return self._order[item.message_ids[0]]
