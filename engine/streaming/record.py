"""What is kept of one conversation while it lives: its row, its people, its messages, its insights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.conversations.correcting import correct_message
from engine.conversations.digest import make_summary
from engine.conversations.models import MemberRow, MessageRow
from engine.conversations.store import new_id, new_uuid
from engine.recognition.types import Final
from engine.streaming.contents import Contents, tracker_json
from engine.streaming.findings import Findings, News

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.conversations.models import ConversationRow, EntityRow, TrackerMatchRow
    from engine.conversations.store import Store
    from engine.recognition.reading import Reading
    from engine.streaming.findings import InsightsFactory
    from engine.streaming.options import StreamOptions
    from engine.streaming.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Keeping:
    """How an utterance is kept: its UUID, and whether personal data and entities are looked for."""

    message_id: str
    identify: bool
    entities: bool


class Kept(NamedTuple):
    """An utterance as it may be shown, and its rows."""

    said: Final
    row: MessageRow
    entities: list[EntityRow]


class Record:
    """Everything is in the store when a call returns. Calls must not overlap: the room holds its lock around them."""

    def __init__(self, store: Store, insights: InsightsFactory, conversation: ConversationRow) -> None:
        self.conversation = conversation
        self._store = store
        self._factory = insights
        self._members: dict[str, MemberRow] = {}
        self._findings: Findings | None = None
        self.contents = Contents(conversation)
        self._count = 0
        self._last_word = 0.0

    def restore(self, members: Iterable[MemberRow], resume_until: float) -> None:
        """This conversation was begun before the engine started."""
        self._members = {member.identity: member for member in members}
        self.contents.roster(self._members.values())
        self.conversation.resume_until = resume_until

    async def open(self, outlives: float) -> None:
        """A socket came that allows the conversation to outlive it by `outlives` seconds."""
        row = self.conversation
        longest = max(row.no_connection_timeout, outlives)
        if row.resume_until is not None or longest != row.no_connection_timeout:
            row.resume_until, row.no_connection_timeout = None, longest
            await self._store.keep_until(row.id, None, longest)

    async def watch(self, options: StreamOptions) -> None:
        """The first trackers that anybody names count for the whole conversation, and so does the first wish for redaction."""
        row = self.conversation
        trackers = row.trackers or tracker_json(options.trackers)
        redaction = options.mask if row.redaction is None else row.redaction
        if (trackers, redaction) != (row.trackers, row.redaction):
            row.trackers, row.redaction = trackers, redaction
            await self._store.set_watch(row.id, trackers, redaction)
            self.contents.watch()

    async def hold(self, resume_until: float) -> None:
        """No socket is left: keep the conversation for whoever comes back in time."""
        self.conversation.resume_until = resume_until
        await self._store.keep_until(self.conversation.id, resume_until, self.conversation.no_connection_timeout)

    async def close(self, now: float, *, summary: bool = True) -> None:
        """The conversation is over; sound that came faster than it was spoken ends later than `now`.

        Its summary is made now, unless nobody wants it, so that who asks for it need not wait.
        """
        await self._insights()
        self.conversation.end_time = max(now, self._last_word)
        await self._store.end(self.conversation.id, self.conversation.end_time)
        if summary and self._count:
            await make_summary(self._store, self.conversation.id)

    async def member(self, identity: str, name: str | None, user_id: str | None) -> MemberRow:
        """Who this is: the same person as before, or a new one."""
        member = self._members.get(identity)
        if member is None:
            member = MemberRow(
                id=new_uuid(),
                conversation_id=self.conversation.id,
                identity=identity,
                position=len(self._members),
                name=name,
                user_id=user_id,
            )
            await self._store.add(member)
            self._members[identity] = member
            self.contents.roster(self._members.values())
            await (await self._insights()).roster(self._members.values())
        return member

    async def message(self, member: MemberRow, timeline: Timeline, said: Final, kept: Keeping) -> Kept:
        """Keep a finished utterance, and what it holds."""
        await self._insights()
        said, found = self.contents.heard(said, identify=kept.identify)
        row = MessageRow(
            id=new_id(),
            conversation_id=self.conversation.id,
            realtime_id=kept.message_id,
            member_id=member.id,
            position=self._count,
            text=said.text,
            confidence=said.confidence,
            start_time=timeline.time(said.start),
            end_time=timeline.time(said.end),
            words=[
                {
                    "word": word.text,
                    "start": timeline.time(word.start),
                    "end": timeline.time(word.end),
                    "score": word.confidence,
                }
                for word in said.words
            ],
            sentiment=self.contents.mood(kept.message_id, said.text),
            personal=found,
        )
        entities = self.contents.entity_rows(row) if kept.entities else []
        await self._store.add(row, *entities)
        self._count += 1
        self._last_word = max(self._last_word, row.end_time)
        return Kept(said, row, entities)

    async def correct(self, row: MessageRow, said: Final, again: Reading, kept: Keeping) -> None:
        """A second reading takes the place of the first; the message stays where it was in time."""
        moved = row.start_time - said.start
        final = Final(said.start, said.end, again.text, again.confidence, again.words, again.spoken, again.language)
        shown, found = self.contents.heard(final, identify=kept.identify)
        corrected = MessageRow(
            id=row.id,
            conversation_id=row.conversation_id,
            realtime_id=row.realtime_id,
            start_time=row.start_time,
            text=shown.text,
            confidence=shown.confidence,
            words=[
                {"word": word.text, "start": word.start + moved, "end": word.end + moved, "score": word.confidence}
                for word in shown.words
            ],
            sentiment=self.contents.mood(row.realtime_id, shown.text),
            personal=found,
        )
        entities = self.contents.entity_rows(corrected) if kept.entities else []
        await correct_message(self._store, corrected, [*entities, *self.contents.tracker_rows(corrected, News())])
        self._findings = None

    async def track(self, row: MessageRow, news: News) -> list[TrackerMatchRow]:
        """Keep the tracked phrases of a message."""
        rows = self.contents.tracker_rows(row, news)
        if rows:
            await self._store.add(*rows)
        return rows

    async def grow(self, row: MessageRow, member: MemberRow, language: str) -> News:
        """What a message in a language brought."""
        return await (await self._insights()).add(row, member, language)

    async def settle(self) -> News:
        """All insights and topics as they stand now, ranked again."""
        return await (await self._insights()).settle()

    async def _insights(self) -> Findings:
        """Made when they are first needed; after a restart they go over what was said before it."""
        if self._findings is None:
            findings = Findings(self._factory, self._store, self.conversation, self.contents.masked_insight)
            said = await self._store.messages(self.conversation.id)
            said.sort(key=lambda row: row.position)
            self._count = len(said)
            for row in said:
                self.contents.remember(row.realtime_id, row.sentiment)
            self._last_word = max((row.end_time for row in said), default=0.0)
            await findings.recall(said, {member.id: member for member in self._members.values()})
            self._findings = findings
        return self._findings
