"""The end of a meeting: what the engine kept, put together for the summary. Also used when a meeting is recovered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from bot.errors import EngineError, EngineRefused
from bot.meetings.entries import Line
from bot.meetings.reconcile import discord_id, reconcile
from bot.meetings.result import MeetingResult
from wire.reports import Summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from bot.meetings.entries import Opened, Spoken
    from bot.meetings.ports import Engine
    from wire.conversations import ActionItem, Message, Question, Topic
    from wire.reports import PageLink, Reading

log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(slots=True)
class Kept:
    """What the Conversation API keeps about a meeting; several conversations if the engine had to begin anew."""

    messages: list[Message] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    action_items: list[ActionItem] = field(default_factory=list)
    follow_ups: list[ActionItem] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    reading: Reading | None = None
    page: PageLink | None = None
    failure: str | None = None
    """Why something is missing, a sentence."""


async def fetch(engine: Engine, conversation_ids: Sequence[str], reading: Reading | None = None) -> Kept:
    """Everything by conversation id. Fails soft: what could not be read is missing, and `failure` says so.

    `reading` says how a language model has read it.
    """
    kept = Kept(reading=reading)
    if not conversation_ids:
        kept.failure = (
            "The speech engine gave the conversation no id, so there are no topics, action items, follow-ups or questions."
        )

    async def read(call: Callable[[str], Awaitable[list[_T]]], conversation_id: str) -> list[_T]:
        try:
            return await call(conversation_id)
        except EngineError as error:
            log.warning("conversation %s: %s", conversation_id, error)
            kept.failure = f"Not everything could be read from the speech engine, so parts of this summary are missing. {error}"
            return []

    async def summaries(conversation_id: str) -> list[Summary]:
        try:
            return [await engine.summary(conversation_id)]
        except EngineRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:  # nothing was said
                return []
            raise

    for conversation_id in conversation_ids:
        messages, topics, action_items, follow_ups, questions, summary = await asyncio.gather(
            read(engine.messages, conversation_id),
            read(engine.topics, conversation_id),
            read(engine.action_items, conversation_id),
            read(engine.follow_ups, conversation_id),
            read(engine.questions, conversation_id),
            read(summaries, conversation_id),
        )
        kept.messages += messages
        kept.topics += topics
        kept.action_items += action_items
        kept.follow_ups += follow_ups
        kept.questions += questions
        kept.summaries += summary
    kept.topics.sort(key=lambda topic: -topic.score)
    if len(conversation_ids) == 1:  # a page shows one conversation
        kept.page = await _page(engine, conversation_ids[0])
    return kept


async def _page(engine: Engine, conversation_id: str) -> PageLink | None:
    try:
        return await engine.page(conversation_id)
    except EngineError as error:
        log.warning("the link to the page of conversation %s: %s", conversation_id, error)
        return None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a meeting ended."""

    reason: str
    seconds: float
    failure: str | None = None
    refused: frozenset[int] = frozenset()
    """People who said no: nothing that they said is told."""


def missing_lines(opened: Opened, entries: Sequence[Spoken], kept: Kept, refused: Collection[int]) -> list[Line]:
    """Sentences that the engine kept and that never arrived, in order; not those of people who said no."""
    found = reconcile(_lines(entries), kept.messages, datetime.fromisoformat(opened.started_at)).missing
    return sorted((line for line in found if line.user_id not in refused and line.text), key=lambda line: line.start)


def result_of(
    opened: Opened, entries: Sequence[Spoken], kept: Kept, conversation_id: str | None, ending: Ending
) -> MeetingResult:
    """All of it, for the publisher. `entries` already hold the lines that were missing."""
    known = {entry.key for entry in entries}
    told = {line.key: line.text for line in _lines(entries) if line.user_id not in ending.refused}
    links = reconcile(_lines(entries), kept.messages, datetime.fromisoformat(opened.started_at)).links
    return MeetingResult(
        opened=opened,
        entries=tuple(entries),
        seconds=ending.seconds,
        reason=ending.reason,
        conversation_id=conversation_id,
        topics=tuple(kept.topics),
        action_items=tuple(item for item in kept.action_items if discord_id(item.from_.user_id) not in ending.refused),
        follow_ups=tuple(item for item in kept.follow_ups if discord_id(item.from_.user_id) not in ending.refused),
        questions=tuple(item for item in kept.questions if discord_id(item.from_.user_id) not in ending.refused),
        summary=_summary(kept, ending.refused),
        reading=kept.reading,
        page=None if _hidden(kept, ending.refused) else kept.page,
        failure=" ".join(part for part in (ending.failure, kept.failure) if part) or None,
        corrections={
            links[message.id]: message.text.strip()
            for message in kept.messages
            if message.corrected_from is not None and told.get(links[message.id]) not in {None, message.text.strip()}
        },
        links={message_id: key for message_id, key in links.items() if key in known},
    )


def _summary(kept: Kept, refused: Collection[int]) -> Summary | None:
    """One of all conversations, without what rests on the words of people who said no."""
    if not kept.summaries:
        return None
    hidden = _hidden(kept, refused)
    sections = {section.name: section.model_copy(update={"items": []}) for one in kept.summaries for section in one.sections}
    for one in kept.summaries:
        for section in one.sections:
            sections[section.name].items += [
                item for item in section.items if hidden.isdisjoint(ref.id for ref in item.message_refs)
            ]
    return Summary(
        written_by=kept.summaries[-1].written_by,
        summary=[
            item for one in kept.summaries for item in one.summary if hidden.isdisjoint(ref.id for ref in item.message_refs)
        ],
        sections=[section for section in sections.values() if section.items],
    )


def _hidden(kept: Kept, refused: Collection[int]) -> set[str]:
    """The ids of messages that the engine keeps of people who said no; its page would show them."""
    return {message.id for message in kept.messages if discord_id(message.from_.user_id or message.from_.email) in refused}


def _lines(entries: Sequence[Spoken]) -> list[Line]:
    return [entry for entry in entries if isinstance(entry, Line)]
