"""From rows to what the Conversation API answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.clock import iso
from wire.base import Person
from wire.conversations import ActionItem, Conversation, Entity, Member, Message, ParentRef, Question, Topic, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.conversations.models import ConversationRow, InsightRow, Json, MemberRow, MessageRow, TopicRow


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


def member(row: MemberRow) -> Member:
    """Somebody who takes part; the user id stands as `email`."""
    return Member(id=row.id, name=row.name, email=row.user_id)


def messages(rows: Sequence[MessageRow], members: Mapping[str, MemberRow], *, verbose: bool) -> list[Message]:
    """What was said; offsets count from the first word of the conversation."""
    began = min((row.start_time for row in rows), default=0.0)
    return [_message(row, members[row.member_id], began, verbose=verbose) for row in rows]


def _message(row: MessageRow, who: MemberRow, began: float, *, verbose: bool) -> Message:
    return Message(
        id=row.id,
        text=row.text,
        from_=Person(id=who.id, name=who.name, email=who.user_id),
        start_time=iso(row.start_time),
        end_time=iso(row.end_time),
        time_offset=round(row.start_time - began, 2),
        duration=round(row.end_time - row.start_time, 2),
        conversation_id=row.conversation_id,
        words=[_word(word, began) for word in row.words] if verbose else None,
    )


def _word(word: Json, began: float) -> Word:
    return Word(
        word=word["word"],
        start_time=iso(word["start"]),
        end_time=iso(word["end"]),
        score=round(word["score"], 2),
        time_offset=round(word["start"] - began, 2),
        duration=round(word["end"] - word["start"], 2),
    )


def topic(row: TopicRow, ids: Mapping[str, str], *, parent_refs: bool) -> Topic:
    """A topic; `ids` are the messages' REST ids by their UUIDs."""
    return Topic(
        id=row.id,
        text=row.text,
        score=row.score,
        message_ids=_rest_ids(row.message_ids, ids),
        parent_refs=[ParentRef(text=parent) for parent in row.parents] if parent_refs else [],
    )


def question(row: InsightRow, ids: Mapping[str, str]) -> Question:
    """A question and who asked it."""
    return Question(
        id=row.id, text=row.text, score=row.score, message_ids=_rest_ids(row.message_ids, ids), from_=_by_user_id(row.speaker)
    )


def action(row: InsightRow, ids: Mapping[str, str]) -> ActionItem:
    """An action item or a follow-up."""
    who = row.assignee
    return ActionItem(
        id=row.id,
        text=row.text,
        type="follow_up" if row.kind == "follow_up" else "action_item",
        score=row.score,
        message_ids=_rest_ids(row.message_ids, ids),
        entities=[*_date(row), *_assignee(row)],
        from_=_by_user_id(row.speaker),
        assignee=Person(id=who["id"] or None, name=who["name"] or None, email=who["userId"] or None) if who else Person(),
        due_by=iso(datetime.fromisoformat(row.due).timestamp()) if row.due else None,
    )


def _date(row: InsightRow) -> Iterable[Entity]:
    if row.due and row.due_offset >= 0:
        day = datetime.fromisoformat(row.due).date().isoformat()
        yield Entity(type="date", text=row.due_phrase, offset=row.due_offset, value=day)


def _assignee(row: InsightRow) -> Iterable[Entity]:
    who = row.assignee
    if who and who["name"] and (place := row.text.find(who["name"])) >= 0:
        person = {"assignee": True, **{key: value for key, value in who.items() if value}}
        yield Entity(type="person", text=who["name"], offset=place, value=person)


def _by_user_id(speaker: Json) -> Person:
    return Person(id=speaker["id"] or None, name=speaker["name"] or None, user_id=speaker["userId"] or None)


def _rest_ids(realtime: Iterable[str], ids: Mapping[str, str]) -> list[str]:
    return [ids[one] for one in realtime if one in ids]
