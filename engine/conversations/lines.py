"""Rows as they are read for answers: plain tuples of the columns that an answer needs. A day's conversation has thousands of them.

The members are named, and filled, as the columns of the tables in `engine.conversations.models`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.conversations.models import Json


class InsightLine(NamedTuple):
    """An action item, a follow-up or a question."""

    id: str
    realtime_id: str
    key: str
    kind: str
    text: str
    score: float
    message_ids: list[str]
    speaker: Json
    assignee: Json | None
    due: str | None
    due_phrase: str
    due_offset: int


class TrackerLine(NamedTuple):
    """A tracked phrase that was found."""

    tracker_id: str
    name: str
    value: str
    message_id: str
    offset: int
    insight_refs: list[Json]


class EntityLine(NamedTuple):
    """An entity that was named."""

    kind: str
    sub_type: str
    category: str
    text: str
    value: str | Json
    message_id: str
    offset: int
