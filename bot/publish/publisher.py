"""From the journal to the thread: one queue, one sender, nothing lost and nothing said twice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from bot.errors import MinutesError, PlaceGone, PostError, PostRefused, StorageError
from bot.meetings.entries import Note, Posted, Spoken
from bot.meetings.ports import Attachment
from bot.publish.delivery import Delivery
from bot.publish.exports import markdown
from bot.publish.lines import Draft, drafts, post_key
from bot.publish.markup import MESSAGE_LIMIT
from bot.publish.menus import ROOM
from bot.publish.summary import summary_messages, team_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.clock import Clock
    from bot.meetings.entries import Entry
    from bot.meetings.ports import JournalWriter, Menu, Room, Thread
    from bot.meetings.result import MeetingResult
    from bot.publish.archive import Archive

log = logging.getLogger(__name__)

GATHER = 0.06
"""Seconds that an entry waits for others that were said before it."""
BATCH = 200
"""The most entries looked at for one message."""
WAITING = 20_000
"""The most entries that wait for Discord: more than a whole day of talk. The transcript file has what goes beyond."""
GIVE_UP = 300.0
"""Seconds without success after which the end of a meeting no longer waits for Discord."""


class Menus(Protocol):
    """Makes what stands below the summary's messages."""

    async def below(self, result: MeetingResult, urls: Mapping[str, str], texts: Sequence[str]) -> list[Menu | None]:
        """A menu for each text, where there is something to choose in it."""


class ThreadPublisher:
    """Shows one meeting in its thread; implements `bot.meetings.ports.Publisher`.

    `trouble` is None, or a sentence that says why the thread gets no more lines.
    """

    def __init__(
        self,
        room: Room,
        thread: Thread,
        journal: JournalWriter,
        history: Sequence[Entry],
        *,
        clock: Clock,
        archive: Archive,
        menus: Menus,
    ) -> None:
        self._room = room
        self._thread = thread
        self._journal = journal
        self._clock = clock
        self._archive = archive
        self._menus = menus
        self._delivery = Delivery(thread, journal, clock=clock)
        posted = [entry for entry in history if isinstance(entry, Posted)]
        self._posted = {entry.post_key for entry in posted}
        self._urls = {key: entry.url for entry in posted for key in entry.keys}
        self._waiting: deque[tuple[float, Spoken]] = deque()
        self._skipped = 0
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._progress = clock.monotonic()
        self._task: asyncio.Task[None] | None = None
        self.trouble: str | None = None

    @property
    def backlog_age(self) -> float:
        """Seconds that the oldest entry has been waiting, 0 when nothing waits."""
        return self._clock.monotonic() - self._waiting[0][0] if self._waiting else 0.0

    def add(self, entry: Spoken) -> None:
        """The next entry to show. Never blocks."""
        if self.trouble is not None:
            return
        now = self._clock.monotonic()
        if len(self._waiting) >= WAITING:
            self._skipped += 1
            return
        if not self._waiting:
            self._progress = now
        self._waiting.append((now, entry))
        self._idle.clear()
        self._more.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="publisher")

    async def flush(self) -> None:
        """Returns when all that was added has been sent, or given up with a logged reason."""
        while not self._idle.is_set():
            left = self._progress + GIVE_UP - self._clock.monotonic()
            if left <= 0:
                log.warning("%d lines could not be posted in time; they stay in the journal", len(self._waiting))
                return
            waits = [asyncio.ensure_future(self._clock.sleep(left)), asyncio.ensure_future(self._idle.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def summary(self, result: MeetingResult) -> None:
        """Write the transcript file, flush, then send the summary with the file, and tell the team channel.

        Raises `PostError` when Discord cannot be reached: the next start of the bot tries again.
        """
        transcript = markdown(result).encode()
        await self._write(result, transcript)
        await self.flush()
        await self.close()
        texts = summary_messages(result, self._urls, limit=MESSAGE_LIMIT - ROOM)
        menus = await self._menus.below(result, self._urls, texts)
        files = [Attachment("transcript.md", transcript)]
        try:
            for index, (text, menu) in enumerate(zip(texts, menus, strict=True)):
                key = post_key("summary", result.opened.meeting_id, str(index))
                await self._announce(self._delivery, key, text, files if text is texts[-1] else [], menu)
        except PlaceGone as error:
            await self._end(error)
        await self._tell_team(result)

    async def close(self) -> None:
        """Stop; what was not sent yet is left to the recovery at the next start."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            try:
                await self._gather()
                for draft in self._next():
                    await self._show(draft)
            except PlaceGone as error:
                await self._end(error)
                return
            except Exception as error:
                log.exception("the sender of lines broke")
                await self._end(error)
                return
            if not self._waiting:
                self._rest()

    async def _gather(self) -> None:
        """Wait until a message may go out, and until what was said earlier had its chance to come."""
        ready = self._waiting[0][0] + GATHER - self._clock.monotonic()
        await self._clock.sleep(max(0.0, ready, self._delivery.wait()))

    def _next(self) -> list[Draft]:
        """The next message; several only where an entry is longer than a message."""
        made = drafts([entry for _, entry in islice(self._waiting, BATCH)])
        last = next(index for index, draft in enumerate(made) if draft.ends)
        return made[: last + 1]

    async def _show(self, draft: Draft) -> None:
        try:
            post = await self._delivery.send(draft)
        except PostRefused as error:
            log.error("a message is only in the transcript file: %s", error)  # noqa: TRY400 - the sentence says it all
        else:
            self._urls.update(dict.fromkeys(draft.keys, post.url))
        keys = set(draft.keys)
        self._waiting = deque(item for item in self._waiting if item[1].key not in keys)
        self._progress = self._clock.monotonic()

    def _rest(self) -> None:
        """Nothing waits: say what was skipped, then sleep until there is more."""
        if self._skipped:
            text = f"{self._skipped} lines are only in the transcript file: Discord could not be reached for too long."
            self.add(Note(key=post_key("skipped", str(self._clock.monotonic())), at=0.0, text=text))
            self._skipped = 0
        else:
            self._more.clear()
            self._idle.set()

    async def _end(self, error: Exception) -> None:
        """The thread takes no more: say it once, where people may still read it."""
        self._waiting.clear()
        self._idle.set()
        if self.trouble is not None:
            return
        self.trouble = f"No more lines can be posted to the transcript thread: {error} The transcript goes on in its file."
        log.warning("%s", self.trouble)
        try:
            await self._room.notice(self.trouble)
        except MinutesError as failure:
            log.warning("the voice channel could not be told: %s", failure)

    async def _write(self, result: MeetingResult, transcript: bytes) -> None:
        try:
            path = await self._archive.write(result.opened.meeting_id, "transcript.md", transcript)
        except StorageError as error:
            log.error("the transcript file is missing: %s", error)  # noqa: TRY400 - the sentence says it all
        else:
            log.info("transcript written to %s", path)

    async def _tell_team(self, result: MeetingResult) -> None:
        team = await self._room.team_channel()
        if team is None:
            return
        delivery = Delivery(team, self._journal, clock=self._clock, own_thread=False)
        try:
            for index, text in enumerate(team_messages(result, self._thread.url, self._urls)):
                await self._announce(delivery, post_key("team", result.opened.meeting_id, str(index)), text)
        except PostError as error:
            log.warning("the team channel could not be told: %s", error)

    async def _announce(
        self, delivery: Delivery, key: str, text: str, files: Sequence[Attachment] = (), menu: Menu | None = None
    ) -> None:
        """Send one message of the summary, unless it stands there since before a crash; without its file if that is too large."""
        if key in self._posted:
            return
        try:
            await delivery.send(Draft(key, text, (), ends=True), files=files, menu=menu, give_up=GIVE_UP)
        except PostRefused as error:
            log.error("a message of the summary was refused: %s", error)  # noqa: TRY400 - the sentence says it all
            if files:
                await self._announce(delivery, post_key(key, "no file"), text, menu=menu)
