"""From rows to what the Conversation API answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.clock import iso
from engine.conversations.renaming import renamed
from engine.insights.sections import TITLES
from wire.base import Person, Polarity, Sentiment
from wire.conversations import ActionItem, Conversation, Entity, Member, ParentRef, Question, Topic
from wire.detected import DetectedTracker, NamedEntity, TextRef, TrackerMatch
from wire.reports import MessageRef, Reading, SectionEntry, Summary, SummaryItem, SummarySection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.conversations.lines import EntityLine, InsightLine, TrackerLine
    from engine.conversations.models import ConversationRow, Json, MemberRow, ReadingRow, SummaryRow, TopicRow
    from engine.conversations.reading import Said

MOOD: Final = 0.3
"""Polarity beyond which a text is called positive or negative."""


def conversation(row: ConversationRow, members: Iterable[MemberRow]) -> Conversation:
    """A conversation; without an end time while it goes on."""
    return Conversation(
        id=row.id,
        name=row.name,
        start_time=iso(row.start_time),
        end_time=iso(row.end_time) if row.end_time is not None else None,
        members=[member(one) for one in members],
        metadata=row.details,
    )


def reading(row: ReadingRow | None) -> Reading | None:
    """Who found the insights of a conversation, where a language model was asked."""
    if row is None:
        return None
    return Reading.model_validate(
        {"status": row.status, "model": row.model, "made_by": row.made_by, "reason": row.reason, "progress": row.progress}
    )


def member(row: MemberRow) -> Member:
    """Somebody who takes part; the user id stands as `email`."""
    return Member(id=row.id, name=row.name, email=row.user_id)


def sentiment(score: float) -> Sentiment:
    """A polarity and the word for it."""
    word = "negative" if score < -MOOD else "positive" if score > MOOD else "neutral"
    return Sentiment(polarity=Polarity(score=round(score, 3)), suggested=word)


def moods(said: Iterable[Said]) -> dict[str, float]:
    """Polarities by message id."""
    return {one.id: one.sentiment for one in said if one.sentiment is not None}


def topic(row: TopicRow, ids: Mapping[str, str], *, parent_refs: bool) -> Topic:
    """A topic; `ids` are the messages' REST ids by their UUIDs."""
    return Topic(
        id=row.id,
        text=row.text,
        score=row.score,
        message_ids=_rest_ids(row.message_ids, ids),
        parent_refs=[ParentRef(text=parent) for parent in row.parents] if parent_refs else [],
    )


class People:
    """The members of a conversation as they are called now; insights keep them as they were called when they were found."""

    def __init__(self, members: Iterable[MemberRow]) -> None:
        self._by_id = {row.id: row for row in members}

    def now(self, kept: Json) -> Json:
        """`{id, name, userId}` of today."""
        row = self._by_id.get(kept["id"])
        if row is None:
            return kept
        return {"id": row.id, "name": row.name or kept["name"], "userId": row.user_id or ""}

    def text(self, row: InsightLine) -> str:
        """An insight's text with the names of today."""
        return renamed(row.text, {kept["name"]: self.now(kept)["name"] for kept in (row.speaker, row.assignee) if kept})


def question(row: InsightLine, ids: Mapping[str, str], people: People) -> Question:
    """A question and who asked it."""
    return Question(
        id=row.id,
        text=people.text(row),
        score=row.score,
        message_ids=_rest_ids(row.message_ids, ids),
        from_=_by_user_id(people.now(row.speaker)),
    )


def action(row: InsightLine, ids: Mapping[str, str], people: People) -> ActionItem:
    """An action item or a follow-up."""
    who = people.now(row.assignee) if row.assignee else None
    text = people.text(row)
    return ActionItem(
        id=row.id,
        text=text,
        type="follow_up" if row.kind == "follow_up" else "action_item",
        score=row.score,
        message_ids=_rest_ids(row.message_ids, ids),
        entities=[*_date(row, text), *_assignee(who, text)],
        from_=_by_user_id(people.now(row.speaker)),
        assignee=Person(id=who["id"] or None, name=who["name"] or None, email=who["userId"] or None) if who else Person(),
        due_by=iso(datetime.fromisoformat(row.due).timestamp()) if row.due else None,
    )


def _date(row: InsightLine, text: str) -> Iterable[Entity]:
    offset = row.due_offset if text == row.text else text.find(row.due_phrase)
    if row.due and offset >= 0:
        day = datetime.fromisoformat(row.due).date().isoformat()
        yield Entity(type="date", text=row.due_phrase, offset=offset, value=day)


def _assignee(who: Json | None, text: str) -> Iterable[Entity]:
    if who and who["name"] and (place := text.find(who["name"])) >= 0:
        person = {"assignee": True, **{key: value for key, value in who.items() if value}}
        yield Entity(type="person", text=who["name"], offset=place, value=person)


def trackers(rows: Iterable[TrackerLine], messages: Mapping[str, Said], insights: Mapping[str, str]) -> list[DetectedTracker]:
    """Matches by tracker and phrase; `messages` by UUID, `insights` are REST ids by UUID."""
    found: dict[str, DetectedTracker] = {}
    matches: dict[tuple[str, str], TrackerMatch] = {}
    for row in rows:
        tracker = found.setdefault(row.tracker_id, DetectedTracker(id=row.tracker_id, name=row.name))
        match = matches.get((row.tracker_id, row.value))
        if match is None:
            match = matches[row.tracker_id, row.value] = TrackerMatch(value=row.value)
            tracker.matches.append(match)
        if (said := messages.get(row.message_id)) is not None:
            match.message_refs.append(TextRef(id=said.id, text=said.text, offset=row.offset))
        match.insight_refs += [
            TextRef(id=insights[ref["id"]], text=ref["text"], offset=ref["offset"], type=ref["type"])
            for ref in row.insight_refs
            if ref["id"] in insights
        ]
    return list(found.values())


def entities(rows: Iterable[EntityLine], messages: Mapping[str, Said]) -> list[NamedEntity]:
    """The same thing named in several messages is one entity."""
    found: dict[tuple[str, str, str], NamedEntity] = {}
    for row in rows:
        key = row.kind, row.text.lower(), str(row.value)
        entity = found.get(key)
        if entity is None:
            entity = found[key] = NamedEntity(
                type=row.kind,
                custom_type=row.sub_type if row.kind == "custom" else None,
                sub_type=row.sub_type or None,
                category=row.category or None,
                value=row.value,
                text=row.text,
            )
        if (said := messages.get(row.message_id)) is not None:
            entity.message_refs.append(TextRef(id=said.id, text=said.text, offset=row.offset))
    return list(found.values())


def summary(rows: Sequence[SummaryRow], ids: Mapping[str, str]) -> Summary:
    """The summary's sentences and its sections; `ids` are the messages' REST ids by their UUIDs."""

    def refs(row: SummaryRow) -> list[MessageRef]:
        return [MessageRef(id=one) for one in _rest_ids(row.message_ids, ids)]

    made = Summary(summary=[SummaryItem(id=row.id, text=row.text, message_refs=refs(row)) for row in rows if not row.section])
    for name, title in TITLES.items():
        items = [SectionEntry(text=row.text, message_refs=refs(row)) for row in rows if row.section == name]
        if items:
            made.sections.append(SummarySection(name=name, title=title, items=items))
    made.written_by = next((row.written_by for row in rows if row.written_by), None)
    return made


def _by_user_id(speaker: Json) -> Person:
    return Person(id=speaker["id"] or None, name=speaker["name"] or None, user_id=speaker["userId"] or None)


def _rest_ids(realtime: Sequence[str], ids: Mapping[str, str]) -> list[str]:
    return [ids[one] for one in realtime if one in ids]
