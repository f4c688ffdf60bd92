"""The gist of a meeting: its key points and decisions, without what its other sections say anyway. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.publish.markup import escape

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
    """`note` says that the key points are quoted, where they are; `unanswered` are the texts of the questions that nobody answered."""

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
    written_by = result.summary.written_by
    return Gist(
        note="" if written_by else EXTRACTIVE,
        key_points=tuple(point for point in points if written_by or not told.issuperset(point.message_ids))[:_KEY_POINTS_SHOWN],
        decisions=decisions,
        unanswered=frozenset(item.text for item in sections.get("open_questions", ())),
    )


def made_by(result: MeetingResult) -> str:
    """Who made the summary, and why the local engine had to; empty where no language model was asked."""
    reading = result.reading
    if reading is None:
        return ""
    model = escape(reading.model)
    if reading.status == "in_progress":
        return f"Made by the local engine: {model} was still reading"
    makers = {"language_model": model, "both": f"{model} and the local engine", "local": "the local engine"}[reading.made_by]
    return f"Made by {makers}: {model} {escape(reading.reason)}" if reading.reason else f"Made by {makers}"


def _point(item: SummaryItem | SectionEntry) -> Point:
    return Point(item.text, tuple(ref.id for ref in item.message_refs))
