"""Completes a meeting that was interrupted: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.meetings.entries import Closed, ConversationKnown, Ended, Gap, Line, Note, Opened, Posted, Posting, time_of
from bot.meetings.finish import Ending, fetch, missing_lines, result_of
from bot.meetings.journal import DiskFile, Journal, read

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from bot.clock import Clock
    from bot.errors import StorageError
    from bot.meetings.entries import Entry, Spoken
    from bot.meetings.ports import Directory, Engine, Post, PublisherFactory, Room, Thread

log = logging.getLogger(__name__)

LOOK_BACK = 50
"""Messages of the bot that are looked at for one that was being sent."""
GIVE_UP = 7 * 86_400.0
"""Seconds after which a meeting whose thread cannot be found any more is closed as it is."""
REASON = "the bot was interrupted"
FAILURE = "The bot was interrupted during this meeting, so what was said after that moment is missing."


@dataclass(frozen=True, slots=True)
class Past:
    """What a journal says about a meeting."""

    opened: Opened
    entries: tuple[Entry, ...]

    @property
    def spoken(self) -> list[Spoken]:
        """In the order in which it was said."""
        return sorted((entry for entry in self.entries if isinstance(entry, Line | Gap | Note)), key=time_of)

    @property
    def conversation_ids(self) -> list[str]:
        """Every one, each once."""
        return list(dict.fromkeys(entry.conversation_id for entry in self.entries if isinstance(entry, ConversationKnown)))

    @property
    def posted_keys(self) -> set[str]:
        """Keys of the entries that people can see."""
        return {key for entry in self.entries if isinstance(entry, Posted) for key in entry.keys}

    @property
    def doubtful(self) -> list[Posting]:
        """Messages that were being sent, and nobody knows whether they arrived; the last try of each."""
        arrived = {entry.post_key for entry in self.entries if isinstance(entry, Posted)}
        tries = {entry.post_key: entry for entry in self.entries if isinstance(entry, Posting)}
        return [posting for key, posting in tries.items() if key not in arrived]

    def ending(self, refused: frozenset[int]) -> Ending:
        """As it was noted; else it was cut off after the last thing that was said."""
        for entry in self.entries:
            if isinstance(entry, Ended):
                return Ending(entry.reason, entry.at, None, refused)
        return Ending(REASON, max((_end(entry) for entry in self.spoken), default=0.0), FAILURE, refused)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Past | None:
        """None when the journal does not say what it belongs to."""
        opened = next((entry for entry in entries if isinstance(entry, Opened)), None)
        return cls(opened, tuple(entries)) if opened else None


class Recovery:
    """Completes journals, one after the other."""

    def __init__(self, engine: Engine, publishers: PublisherFactory, directory: Directory, clock: Clock) -> None:
        self._engine = engine
        self._publishers = publishers
        self._directory = directory
        self._clock = clock

    async def complete(self, path: Path, refused: Collection[int]) -> Past | None:
        """Post what was not posted, then the summary, then close the journal. None: it has to wait for the next start.

        Raises a `MinutesError` when the thread cannot be written to now; the next start tries again.
        """
        past = Past.of(await asyncio.to_thread(read, path))
        journal = Journal(DiskFile(path), _only_logged)
        try:
            if past is None:
                log.warning("the journal %s does not say which meeting it belongs to; it is closed as it is", path)
                await journal.append(Closed(at=0.0, reason="nothing is known about this meeting"))
                return None
            room = await self._directory.room(past.opened.guild_id, past.opened.voice_channel_id)
            thread = await self._directory.thread(past.opened.thread_id)
            if room is None or thread is None:
                await self._put_off(path, past, journal)
                return None
            await self._finish(past, journal, room, thread, frozenset(refused))
            return past
        finally:
            await journal.close()

    async def _put_off(self, path: Path, past: Past, journal: Journal) -> None:
        age = (self._clock.now() - datetime.fromisoformat(past.opened.started_at)).total_seconds()
        if age > GIVE_UP:
            log.warning("the channel or thread of %s is gone; the meeting stays in its journal alone", path)
            await journal.append(Closed(at=age, reason="its channel or thread is gone"))
        else:
            log.warning("the channel or thread of %s cannot be found; the next start tries again", path)

    async def _finish(self, past: Past, journal: Journal, room: Room, thread: Thread, refused: frozenset[int]) -> None:
        arrived = await self._arrived(past, thread)
        await journal.append(*arrived)
        past = Past(past.opened, (*past.entries, *arrived))
        kept = await fetch(self._engine, past.conversation_ids)
        found = [_named(line, room) for line in missing_lines(past.opened, past.spoken, kept, refused)]
        await journal.append(*found)
        past = Past(past.opened, (*past.entries, *found))
        publisher = self._publishers(room, thread, journal, past.entries)
        try:
            for entry in past.spoken:
                if entry.key not in past.posted_keys:
                    publisher.add(entry)
            ids, ending = past.conversation_ids, past.ending(refused)
            await publisher.summary(result_of(past.opened, past.spoken, kept, ids[-1] if ids else None, ending))
            await journal.append(Closed(at=ending.seconds, reason=ending.reason))
        finally:
            await publisher.close()

    async def _arrived(self, past: Past, thread: Thread) -> list[Posted]:
        """Of the doubtful messages, those that stand where they were sent to."""
        known = {entry.message_id for entry in past.entries if isinstance(entry, Posted)}
        found: list[Posted] = []
        recent: dict[int | None, list[Post]] = {}
        for posting in past.doubtful:
            place = thread if posting.thread_id is None else await self._directory.thread(posting.thread_id)
            if place is None:
                continue
            if posting.thread_id not in recent:
                recent[posting.thread_id] = await place.recent(LOOK_BACK)
            for post in recent[posting.thread_id]:
                if post.message_id not in known and post.content.strip() == posting.content.strip():
                    known.add(post.message_id)
                    found.append(Posted(post_key=posting.post_key, keys=posting.keys, message_id=post.message_id, url=post.url))
                    break
        return found


def _named(line: Line, room: Room) -> Line:
    return line.model_copy(update={"name": room.name_of(line.user_id)}) if line.user_id is not None else line


def _end(entry: Spoken) -> float:
    match entry:
        case Line():
            return entry.end
        case Gap():
            return entry.start + entry.seconds
        case Note():
            return entry.at


def _only_logged(error: StorageError) -> None:
    log.error("a recovered meeting is not on disk: %s", error)
