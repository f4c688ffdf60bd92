"""What is made of a whole conversation once it has been said: its summary, its key phrases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.conversations import editing, reading
from engine.conversations.phrases import key_phrases
from engine.insights.sections import Entry, sections
from engine.insights.summary import Said, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.conversations.models import SummaryRow
    from engine.conversations.shapes import People
    from engine.conversations.store import Store
    from engine.insights.sections import Section


async def make_summary(store: Store, conversation_id: str) -> list[SummaryRow]:
    """Choose the summary's sentences, and keep them."""
    topics = await store.topics(conversation_id)
    actions = await reading.actions(store, conversation_id)
    messages = await _messages(store, conversation_id)
    weighed = {topic.text: topic.score for topic in topics}
    pointed = {message_id for _, message_ids in actions for message_id in message_ids}
    chosen = await asyncio.to_thread(summarise, messages, weighed, pointed)
    await editing.set_summary(store, conversation_id, [(item.text, item.message_ids) for item in chosen], len(messages))
    return await reading.summary(store, conversation_id)


async def make_sections(store: Store, conversation_id: str, people: People) -> list[Section]:
    """What was talked about, decided, to do, and left open; `people` are the members as they are called now."""
    topics = [Entry(row.text, tuple(row.message_ids), row.score) for row in await store.topics(conversation_id)]
    insights = await store.insights(conversation_id, None)
    asked, to_do = (
        [Entry(people.text(row), tuple(row.message_ids), row.score) for row in insights if (row.kind == "question") is wanted]
        for wanted in (True, False)
    )
    messages = await _messages(store, conversation_id)
    return await asyncio.to_thread(sections, messages, topics, to_do, asked)


async def _messages(store: Store, conversation_id: str) -> Sequence[Said]:
    people = await store.members([conversation_id])
    names = {member.id: member.name or member.user_id or "" for member in people[conversation_id]}
    return [Said(one.realtime_id, names[one.member_id], one.text) for one in await reading.said(store, conversation_id)]


async def find_phrases(store: Store, conversation_id: str) -> None:
    """Keep the key phrases of every message that an action item, a follow-up or a topic rests on."""
    said = {one.realtime_id: one.text for one in await reading.said(store, conversation_id)}
    actions = await reading.actions(store, conversation_id)
    topics = [(row.text, row.message_ids) for row in await store.topics(conversation_id)]
    await editing.set_phrases(store, conversation_id, await asyncio.to_thread(key_phrases, said, actions, topics))
