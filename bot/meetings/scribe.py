"""Takes down what is said, in order: first the journal, then the publisher."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from bot.meetings.entries import ConversationKnown, Gap, Line, Note, time_of

if TYPE_CHECKING:
    from bot.meetings.entries import Entry, Spoken
    from bot.meetings.ports import JournalWriter, Publisher


class Scribe:
    """All entries of one meeting. Each `key` is taken down once, however often it comes."""

    def __init__(self, journal: JournalWriter, publisher: Publisher) -> None:
        self._journal = journal
        self._publisher = publisher
        self._entries: list[Spoken] = []
        self._keys: set[str] = set()
        self._queue: asyncio.Queue[Entry] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="scribe")
        self._notes = 0
        self.lines_of: Counter[int | None] = Counter()
        self.lines = 0
        self.words = 0
        self.conversation_ids: list[str] = []

    @property
    def entries(self) -> tuple[Spoken, ...]:
        """In the order in which it was said."""
        return tuple(sorted(self._entries, key=time_of))

    def say(self, entry: Spoken) -> bool:
        """Take down an entry; False when its key is known. Never blocks."""
        if entry.key in self._keys:
            return False
        self._keys.add(entry.key)
        self._entries.append(entry)
        if isinstance(entry, Line):
            self.lines_of[entry.user_id] += 1
            self.lines += 1
            self.words += len(entry.text.split())
        self._queue.put_nowait(entry)
        return True

    def note(self, at: float, text: str) -> None:
        """Take down a note."""
        self._notes += 1
        self.say(Note(key=f"note-{self._notes}", at=max(0.0, at), text=text))

    def conversation(self, conversation_id: str) -> None:
        """The engine has said, or changed, the conversation's id."""
        if conversation_id not in self.conversation_ids:
            self.conversation_ids.append(conversation_id)
            self._queue.put_nowait(ConversationKnown(conversation_id=conversation_id))

    async def drain(self) -> None:
        """Returns when all that was said is in the journal and with the publisher."""
        await self._queue.join()

    async def close(self) -> None:
        """Stop taking down."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._journal.append(*batch)
            for entry in batch:
                if isinstance(entry, Line | Gap | Note):
                    self._publisher.add(entry)
                self._queue.task_done()
