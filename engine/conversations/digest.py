"""What is made of a whole conversation once it has been said: its summary, its key phrases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.conversations import editing, reading
from engine.conversations.phrases import key_phrases
from engine.conversations.shapes import People
from engine.insights.sections import Entry, sections
from engine.insights.summary import Said, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.conversations.models import SummaryRow
    from engine.conversations.store import Store


async def make_summary(store: Store, conversation_id: str) -> list[SummaryRow]:
    """Choose the summary's sentences and fill its sections, and keep both."""
    topics = await store.topics(conversation_id)
    insights = await store.insights(conversation_id, None)
    members = (await store.members([conversation_id]))[conversation_id]
    said = await reading.said(store, conversation_id)

    def make() -> list[tuple[str, str, Sequence[str]]]:
        names = {member.id: member.name or member.user_id or "" for member in members}
        messages = [Said(one.realtime_id, names[one.member_id], one.text) for one in said]
        people = People(members)
        subjects = [Entry(row.text, tuple(row.message_ids), row.score) for row in topics]
        asked, to_do = (
            [Entry(people.text(row), tuple(row.message_ids), row.score) for row in insights if (row.kind == "question") is wanted]
            for wanted in (True, False)
        )
        pointed = {message_id for entry in to_do for message_id in entry.message_ids}
        chosen = summarise(messages, {subject.text: subject.score for subject in subjects}, pointed)
        made = sections(messages, subjects, to_do, asked)
        return [
            *(("", one.text, one.message_ids) for one in chosen),
            *((section.name, entry.text, entry.message_ids) for section in made for entry in section.entries),
        ]

    await editing.set_summary(store, conversation_id, await asyncio.to_thread(make), len(said))
    return await reading.summary(store, conversation_id)


async def find_phrases(store: Store, conversation_id: str) -> None:
    """Keep the key phrases of every message that an action item, a follow-up or a topic rests on."""
    said = {one.realtime_id: one.text for one in await reading.said(store, conversation_id)}
    actions = await reading.actions(store, conversation_id)
    topics = [(row.text, row.message_ids) for row in await store.topics(conversation_id)]
    await editing.set_phrases(store, conversation_id, await asyncio.to_thread(key_phrases, said, actions, topics))
