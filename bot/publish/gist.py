"""The gist of a meeting: its key points and decisions, without what its other sections say anyway. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.meetings.result import MeetingResult
    from wire.conversations import Question
    from wire.reports import SectionEntry, SummaryItem

EXTRACTIVE = "Extractive: chosen from what was said, word for word."
_KEY_POINTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence, and the messages of the Conversation API that it rests on."""

    text: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gist:
    """`note` says how the key points were made; `unanswered` are the texts of the questions that nobody answered."""

    key_points: tuple[Point, ...] = ()
    decisions: tuple[Point, ...] = ()
    unanswered: frozenset[str] = frozenset()
    note: str = EXTRACTIVE

    def is_open(self, question: Question) -> bool:
        """Whether nobody answered it."""
        return question.text in self.unanswered


def gist(result: MeetingResult) -> Gist:
    """What the engine's summary adds to topics, action items, follow-ups and questions."""
    if result.summary is None:
        return Gist()
    sections = {section.name: section.items for section in result.summary.sections}
    decisions = tuple(map(_point, sections.get("decided", ())))
    told = {message_id for point in decisions for message_id in point.message_ids}
    told |= {message_id for item in (*result.action_items, *result.follow_ups) for message_id in item.message_ids}
    told |= {message_id for question in result.questions for message_id in question.message_ids}
    points = (_point(sentence) for sentence in result.summary.summary)
    return Gist(
        key_points=tuple(point for point in points if not told.issuperset(point.message_ids))[:_KEY_POINTS_SHOWN],
        decisions=decisions,
        unanswered=frozenset(item.text for item in sections.get("open_questions", ())),
    )


def _point(item: SummaryItem | SectionEntry) -> Point:
    return Point(item.text, tuple(ref.id for ref in item.message_refs))
