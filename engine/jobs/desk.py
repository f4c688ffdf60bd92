"""Where a job's words go, whatever it hears or reads: into the same record, insights and finds as a stream's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.conversations.digest import find_phrases
from engine.conversations.store import new_uuid
from engine.errors import EngineFault
from engine.jobs.custom import CustomEntities
from engine.streaming.contents import tracker_json
from engine.streaming.options import TrackerWish
from engine.streaming.participant import identity
from engine.streaming.record import Keeping, Record
from engine.streaming.timeline import Timeline

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from engine.conversations.models import ConversationRow, Json, MemberRow
    from engine.conversations.store import Store
    from engine.recognition.types import Final as Utterance
    from engine.streaming.findings import InsightsFactory
    from wire.base import Person
    from wire.jobs import Wishes

DEFAULT_MASK: Final = "****"


class JobFailed(EngineFault):
    """The job cannot be done; the sentence is its reason."""


def trackers_of(wishes: Wishes) -> list[Json]:
    """Trackers as a conversation keeps them."""
    asked = ((wish.name, tuple(phrase.strip() for phrase in wish.vocabulary if phrase.strip())) for wish in wishes.trackers)
    return tracker_json([TrackerWish(name, vocabulary) for name, vocabulary in asked if vocabulary])


def mask_of(wishes: Wishes) -> str | None:
    """What stands in place of personal data; None where it stays."""
    redaction = wishes.redaction
    return (redaction.redaction_string or DEFAULT_MASK) if redaction is not None and redaction.redact_content else None


class Desk:
    """One job's hand in its conversation. Times given are seconds since `base`, which is seconds since the epoch."""

    def __init__(
        self, store: Store, insights: InsightsFactory, conversation: ConversationRow, wishes: Wishes, base: float
    ) -> None:
        self._store = store
        self._insights = insights
        self._conversation = conversation
        self._wishes = wishes
        self._custom = CustomEntities(wishes.entities)
        self._base = base
        self._timeline = Timeline()
        self._timeline.heard(0.0, base)
        self._record = Record(store, insights, conversation)

    async def open(self) -> None:
        """Take up what the conversation has, and look for what the job asks for as well."""
        row = self._conversation
        known = {tracker["name"] for tracker in row.trackers}
        row.trackers = [*row.trackers, *(one for one in trackers_of(self._wishes) if one["name"] not in known)]
        row.redaction = mask_of(self._wishes) if row.redaction is None else row.redaction
        await self._store.set_watch(row.id, row.trackers, row.redaction)
        self._record = Record(self._store, self._insights, row)
        self._record.restore((await self._store.members([row.id]))[row.id], resume_until=0.0)

    async def member(self, who: Person | None, channel: int = 1) -> MemberRow:
        """Somebody who speaks; people without a name are told apart by their channel."""
        if who is None or not (who.user_id or who.email or who.name):
            return await self._record.member(f"nobody {channel - 1}", None, None)
        return await self._record.member(identity(who), who.name, who.user_id or who.email)

    def together(self) -> AbstractAsyncContextManager[None]:
        """What is kept in the block is committed at its end."""
        return self._store.together()

    async def keep(self, member: MemberRow, said: Utterance) -> None:
        """An utterance, and all that it brings."""
        wishes = self._wishes
        identify = wishes.redaction is not None and bool(wishes.redaction.identify_content)
        kept = await self._record.message(member, self._timeline, said, Keeping(new_uuid(), identify, wishes.detect_entities))
        if custom := self._custom.rows(kept.row):
            await self._store.add(*custom)
        await self._record.track(kept.row, await self._record.grow(kept.row, member, said.language))

    async def close(self, end: float) -> None:
        """Everything has been kept: rank insights again, and make what else was asked for. `end` in seconds since `base`."""
        await self._record.settle()
        await self._record.close(self._base + end, summary=self._wishes.enable_summary)
        if self._wishes.detect_phrases:
            await find_phrases(self._store, self._conversation.id)
