"""The insights of one conversation: grown message by message, kept in the store, told when they are new or have changed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.insights.types import Insight, Speaker, Topic, Utterance
from engine.recognition.language import DETECT, ENGLISH, primary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.conversations.models import ConversationRow, MemberRow, MessageRow
    from engine.conversations.store import Store
    from engine.insights.types import Changes, MeetingInsights

_logger = logging.getLogger(__name__)

NAMELESS = "Speaker"
"""What a person is called in an insight's text who gave no name."""


class InsightsFactory(Protocol):
    """Makes the insights of one new meeting."""

    def __call__(self, *, threshold: float) -> MeetingInsights:
        """Nobody is in it yet; `threshold` is the score, 0 to 1, from which an insight is told."""


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told, and the stream's UUIDs of it by key."""

    insights: tuple[Insight, ...] = ()
    topics: tuple[Topic, ...] = ()
    insight_ids: Mapping[str, str] = field(default_factory=dict)
    topic_ids: Mapping[str, str] = field(default_factory=dict)


_Item = TypeVar("_Item", Insight, Topic)
_Answer = TypeVar("_Answer")


class Findings:
    """Calls must not overlap: the room holds its lock around them. A fault in the insights never stops the transcript.

    Topics are told apart by English words, so there are none while most of what is said is in another language.

    `shown` turns an insight into what may be shown of it.
    """

    def __init__(
        self, factory: InsightsFactory, store: Store, conversation: ConversationRow, shown: Callable[[Insight], Insight]
    ) -> None:
        self._meeting = factory(threshold=conversation.confidence_threshold)
        self._store = store
        self._conversation_id = conversation.id
        self._zone = timezone(-timedelta(minutes=conversation.timezone_offset))
        self._shown = shown
        self._told: dict[tuple[type[Insight | Topic], str], Insight | Topic] = {}
        self._english = primary(conversation.language) in {ENGLISH, DETECT}
        self._balance = 0

    async def roster(self, members: Iterable[MemberRow]) -> None:
        """Who is known to be in the meeting."""
        speakers = [speaker_of(member) for member in members]
        await self._ask(lambda: self._meeting.roster(speakers))

    async def recall(self, messages: Sequence[MessageRow], members: Mapping[str, MemberRow]) -> None:
        """Go over what was said before a restart; nothing of it is told again."""
        await self.roster(members.values())
        self._balance = len(messages) if self._english else -len(messages)
        for row in messages:
            if changes := await self._ask(self._pushing(row, members[row.member_id])):
                self._untold(tuple(self._shown(item) for item in changes.insights))
                self._untold(changes.topics)

    async def add(self, row: MessageRow, member: MemberRow, language: str) -> News:
        """Take in the next message, in a language by its code."""
        self._balance += 1 if language == ENGLISH else -1
        return await self._keep(await self._ask(self._pushing(row, member)), whole=False)

    async def settle(self) -> News:
        """All that stands now, ranked again, and stored in place of what stood before."""
        changes = await self._ask(self._meeting.finish)
        return await self._keep(changes, whole=True)

    def _pushing(self, row: MessageRow, member: MemberRow) -> Callable[[], Changes]:
        utterance = Utterance(
            id=row.realtime_id,
            speaker=speaker_of(member),
            text=row.text,
            start=datetime.fromtimestamp(row.start_time, self._zone),
            end=datetime.fromtimestamp(row.end_time, self._zone),
        )
        return lambda: self._meeting.push(utterance)

    async def _ask(self, work: Callable[[], _Answer]) -> _Answer | None:
        try:
            return await asyncio.to_thread(work)
        except Exception:
            _logger.exception("The insights of conversation %s failed; its transcript goes on.", self._conversation_id)
            return None

    async def _keep(self, changes: Changes | None, *, whole: bool) -> News:
        if changes is None:
            return News()
        topics = changes.topics if self._balance >= 0 else ()
        changes = replace(changes, insights=tuple(self._shown(item) for item in changes.insights), topics=topics)
        if not (whole or changes.insights or changes.topics):
            return News()
        ids = await self._store.save(self._conversation_id, changes, whole=whole)
        return News(self._untold(changes.insights), self._untold(changes.topics), ids.insights, ids.topics)

    def _untold(self, items: tuple[_Item, ...]) -> tuple[_Item, ...]:
        fresh = tuple(item for item in items if self._told.get((type(item), item.key)) != item)
        self._told.update({(type(item), item.key): item for item in fresh})
        return fresh


def speaker_of(member: MemberRow) -> Speaker:
    """A member as insights and texts know them."""
    return Speaker(id=member.id, name=member.name or member.user_id or NAMELESS, user_id=member.user_id or "")
