"""A message gets another text; the one that it had first is kept beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engine.conversations.models import ConversationRow, EntityRow, MessageRow, TrackerMatchRow
from engine.conversations.store import forget_summary
from engine.conversations.words import spell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.conversations.models import Base
    from engine.conversations.store import Store


async def correct_message(store: Store, corrected: MessageRow, found: Sequence[Base]) -> None:
    """Keep the text of `corrected`, with its words, confidence, sentiment and personal data, and what was `found` in it, in place of those before."""
    async with store.writing() as session:
        row = await session.scalar(select(MessageRow).where(MessageRow.id == corrected.id))
        if row is None:
            return
        first_word = await session.scalar(select(ConversationRow.first_word).where(ConversationRow.id == row.conversation_id))
        row.corrected_from = row.corrected_from or row.text
        row.text, row.confidence, row.words = corrected.text, corrected.confidence, corrected.words
        row.sentiment, row.personal = corrected.sentiment, corrected.personal
        row.spelled = spell(row.words, row.start_time if first_word is None else first_word)
        for table in (EntityRow, TrackerMatchRow):
            await session.execute(delete(table).where(table.message_id == row.realtime_id))
        session.add_all(found)
        await forget_summary(session, row.conversation_id)
