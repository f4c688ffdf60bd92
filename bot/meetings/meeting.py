"""One meeting, from joining the voice channel to its summary."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import MinutesError, StorageError
from bot.languages import DEFAULT
from bot.meetings.entries import Closed, Ended, Opened
from bot.meetings.finish import Ending, fetch, missing_lines, result_of
from bot.meetings.floor import Floor
from bot.meetings.journal import DiskFile, Journal, journal_path
from bot.meetings.rereading import Rereading
from bot.meetings.scribe import Scribe
from bot.meetings.status import MeetingStatus, SpeakerStatus, State
from bot.meetings.watch import LonelinessWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from bot.clock import Clock
    from bot.meetings.ports import Engine, Listener, Publisher, PublisherFactory, Room, SpeechLine, Thread, Voice
    from bot.meetings.result import MeetingResult

log = logging.getLogger(__name__)

_NEXT: dict[State, frozenset[State]] = {
    State.STARTING: frozenset({State.LISTENING, State.FAILED}),
    State.LISTENING: frozenset({State.STOPPING, State.FAILED}),
    State.STOPPING: frozenset({State.SUMMARISING, State.FAILED}),
    State.SUMMARISING: frozenset({State.ENDED, State.FAILED}),
    State.ENDED: frozenset(),
    State.FAILED: frozenset(),
}
TICK = 1.0
"""Seconds between looks at the clock."""


@dataclass(frozen=True, slots=True)
class MeetingLimits:
    """Seconds."""

    alone: float = 60.0
    """Without people in the channel, after which the meeting ends."""
    longest: float = 8 * 3600.0
    drain: float = 15.0
    """That the listener has to give out what it holds."""


@dataclass(frozen=True, slots=True)
class MeetingTools:
    """What all meetings share."""

    engine: Engine
    publishers: PublisherFactory
    data_dir: Path
    clock: Clock
    random: Random
    notice: Callable[[Thread], str]
    """The line for the voice channel's chat: that the bot listens, what is kept, how to object."""
    limits: MeetingLimits


@dataclass(frozen=True, slots=True)
class _Papers:
    """What a meeting is written down with, from the moment that it has a thread."""

    opened: Opened
    thread: Thread
    journal: Journal
    publisher: Publisher
    scribe: Scribe
    floor: Floor


class Meeting:
    """States: STARTING, LISTENING, STOPPING, SUMMARISING, ENDED; FAILED from any of them."""

    def __init__(self, room: Room, title: str, tools: MeetingTools, refused: frozenset[int], language: str = DEFAULT) -> None:
        self._room = room
        self._tools = tools
        self._clock = tools.clock
        self._refused = set(refused)
        self._began = self._clock.monotonic()
        self.began_at = self._clock.now()
        self.title = title
        self._language = language
        self.meeting_id = f"{self.began_at:%Y%m%d-%H%M%S}-{tools.random.getrandbits(32):08x}"
        self._connection_id = f"{tools.random.getrandbits(128):032x}"
        self.state = State.STARTING
        self.result: MeetingResult | None = None
        self.failure: str | None = None
        """Why it failed, a sentence."""
        self._anchor: SpeechLine = tools.engine.line(self._connection_id, title=title, language=language)
        self._rereading = Rereading(tools.engine, tools.clock)
        self._papers: _Papers | None = None
        self._listener: Listener | None = None
        self._reading: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    @property
    def thread(self) -> Thread | None:
        """Where the transcript is shown, once it is open."""
        return self._papers.thread if self._papers else None

    @property
    def conversation_id(self) -> str | None:
        """The engine's id for it, once it is known."""
        ids = self._papers.scribe.conversation_ids if self._papers else []
        return ids[-1] if ids else None

    async def start(self) -> None:
        """Anchor stream, thread, listener, notice, in this order. Raises a `MinutesError`; nothing is left open then."""
        try:
            await self._anchor.open()
            papers = await self._open_papers()
            listener = await self._listen(papers)
            self._enter(State.LISTENING)
        except BaseException:
            if self.state is not State.FAILED:
                self._enter(State.FAILED)
            await self._let_go()
            raise
        self._hearing = asyncio.create_task(self._hear(papers, listener), name="hearing")
        self._watching = asyncio.create_task(self._watch(papers, listener), name="watch")
        try:
            await self._room.notice(self._tools.notice(papers.thread))
        except MinutesError as error:
            log.warning("the voice channel could not be told: %s", error)
            papers.floor.note(f"I could not say in the voice channel's chat that I listen. {error}")

    async def _open_papers(self) -> _Papers:
        """The thread, the journal, and who writes them."""
        file = DiskFile(journal_path(self._tools.data_dir, self.meeting_id))
        try:
            await asyncio.to_thread(file.write, b"")
        except OSError as error:
            raise StorageError(
                f"The data folder cannot be written ({error.strerror or error}): make room there, or set DATA_DIR to another."
            ) from error
        journal = Journal(file, self._disk_failed)
        try:
            thread = await self._room.open_thread(self.title)
        except BaseException:
            await journal.close()
            raise
        opened = Opened(
            meeting_id=self.meeting_id,
            guild_id=self._room.guild_id,
            voice_channel_id=self._room.channel_id,
            thread_id=thread.thread_id,
            title=self.title,
            started_at=self.began_at.isoformat(),
            connection_id=self._connection_id,
        )
        await journal.append(opened)
        publisher = self._tools.publishers(self._room, thread, journal, [opened])
        scribe = Scribe(journal, publisher)
        floor = Floor(
            self._room, scribe, self._line, self._clock, began_at=self.began_at, began=self._began, refused=self._refused
        )
        self._papers = _Papers(opened, thread, journal, publisher, scribe, floor)
        self._reading = asyncio.create_task(self._read(floor), name="anchor")
        return self._papers

    async def _listen(self, papers: _Papers) -> Listener:
        try:
            self._listener = listener = await self._room.listen(frozenset(self._refused))
        except MinutesError as error:
            papers.floor.note(f"The meeting could not begin. {error}")
            await papers.scribe.drain()
            await papers.publisher.flush()
            await papers.journal.append(Closed(at=papers.floor.now(), reason="it could not begin"))
            raise
        for user_id in self._refused:  # whoever has refused meanwhile
            listener.refuse(user_id)
        return listener

    async def _read(self, floor: Floor) -> None:
        async for event in self._anchor.events():
            try:
                floor.told(None, event)
            except Exception:
                log.exception("a word of the engine could not be used")

    async def _hear(self, papers: _Papers, listener: Listener) -> None:
        async for event in listener.events():
            try:
                papers.floor.heard(event)
            except Exception:
                log.exception("a piece of sound could not be used")
        self.end("the voice connection was lost for good")

    async def _watch(self, papers: _Papers, listener: Listener) -> None:
        loneliness = LonelinessWatch(self._tools.limits.alone)
        longest = self._tools.limits.longest
        while True:
            await self._clock.sleep(TICK)
            health = listener.health()
            papers.floor.tick(health)
            if loneliness.tick(papers.floor.now(), health.people):
                self.end("everybody had left the voice channel")
            elif papers.floor.now() >= longest:
                self.end(f"it had lasted {longest / 3600:g} hours, the longest that a meeting may take")

    async def refuse(self, user_id: int) -> None:
        """Somebody does not want to be heard from now on."""
        self._refused.add(user_id)
        if self._listener is not None:
            self._listener.refuse(user_id)
        if self._papers is not None:
            await self._papers.floor.refuse(user_id)

    def accept(self, user_id: int) -> None:
        """Somebody may be heard again."""
        self._refused.discard(user_id)
        if self._listener is not None:
            self._listener.accept(user_id)

    def status(self) -> MeetingStatus:
        """How it goes."""
        papers, now = self._papers, self._clock.monotonic() - self._began
        health = self._listener.health() if self._listener is not None else None
        frames = [(speaker.received, speaker.missing) for speaker in health.speakers] if health else []
        received, missing = sum(pair[0] for pair in frames), sum(pair[1] for pair in frames)
        last_heard = papers.floor.speakers.last_heard if papers else {}
        lines_of = papers.scribe.lines_of if papers else {}
        return MeetingStatus(
            state=self.state,
            title=self.title,
            seconds=now,
            voice_channel_id=self._room.channel_id,
            thread_url=papers.thread.url if papers else None,
            conversation_id=self.conversation_id,
            speakers=tuple(
                SpeakerStatus(user_id, self._room.name_of(user_id), max(0.0, now - at), lines_of.get(user_id, 0))
                for user_id, at in sorted(last_heard.items())
            ),
            lines=papers.scribe.lines if papers else 0,
            words=papers.scribe.words if papers else 0,
            loss=missing / (received + missing) if missing else 0.0,
            voice_connected=health is not None and health.connected,
            encrypted_ready=health is not None and health.encrypted_ready,
            people=health.people if health else 0,
            engine_alive=self._anchor.alive and (papers is None or papers.floor.speakers.alive),
            engine_lag=papers.floor.lag if papers else None,
            reading=self._rereading.reading,
        )

    def end(self, reason: str) -> None:
        """Begin to stop, for a reason that fits behind "Ended: "; only the first call counts."""
        if self.state is State.LISTENING and self._papers is not None and self._listener is not None:
            self._enter(State.STOPPING)
            self._stopping = asyncio.create_task(self._stop(self._papers, self._listener, reason), name="stop")

    def hurry(self) -> None:
        """Do not wait for what would only make the summary better."""
        self._rereading.hurry()

    async def stop(self, reason: str) -> None:
        """Stop, and return when the summary is out. Many may ask for it."""
        self.end(reason)
        await self.wait()

    async def wait(self) -> None:
        """Returns when the meeting is over: ENDED or FAILED."""
        await self._ended.wait()

    async def abandon(self) -> None:
        """Let go of everything at once; the journal stays open for the recovery at the next start."""
        if self._stopping is not None:
            self._stopping.cancel()
            await asyncio.gather(self._stopping, return_exceptions=True)
        if not self._ended.is_set():
            self._enter(State.FAILED)
            await self._let_go()

    async def _stop(self, papers: _Papers, listener: Listener, reason: str) -> None:
        try:
            await self._finish(papers, listener, reason)
            self._enter(State.ENDED)
        except MinutesError as error:
            log.warning("meeting %s could not be finished: %s", self.meeting_id, error)
            self.failure = str(error)
            self._enter(State.FAILED)
        except Exception:
            log.exception("meeting %s broke at its end", self.meeting_id)
            self.failure = "Something unexpected happened at the end of the meeting: look at the log."
            self._enter(State.FAILED)
        await self._let_go()

    async def _finish(self, papers: _Papers, listener: Listener, reason: str) -> None:
        floor, scribe = papers.floor, papers.scribe
        seconds = floor.now()
        await self._close_ears(listener)
        confirmed = await floor.finish()
        confirmed = await self._anchor.stop() and confirmed
        self._enter(State.SUMMARISING)
        await self._rereading.wait(scribe.conversation_ids, floor.note)
        kept = await fetch(self._tools.engine, scribe.conversation_ids, self._rereading.reading)
        for line in missing_lines(papers.opened, scribe.entries, kept, self._refused):
            floor.add(line)
        await scribe.drain()
        failure = None if confirmed else "The speech engine was gone at the end, so the last words may be missing."
        ending = Ending(reason, seconds, failure, frozenset(self._refused))
        self.result = result_of(papers.opened, scribe.entries, kept, self.conversation_id, ending)
        await papers.journal.append(Ended(at=seconds, reason=reason))
        await papers.publisher.summary(self.result)
        await papers.journal.append(Closed(at=seconds, reason=reason))

    async def _close_ears(self, listener: Listener) -> None:
        """The listener gives out what it holds, and that is still heard."""
        _cancel(self._watching)
        self._listener = None
        await listener.close()
        if self._hearing is None:
            return
        alarm = asyncio.ensure_future(self._clock.sleep(self._tools.limits.drain))
        await asyncio.wait({self._hearing, alarm}, return_when=asyncio.FIRST_COMPLETED)
        alarm.cancel()
        if not self._hearing.done():
            log.warning("the listener of meeting %s did not end in time", self.meeting_id)

    async def _let_go(self) -> None:
        """Close whatever is open; each part may be closed twice."""
        for task in (self._watching, self._hearing, self._reading):
            _cancel(task)
        if self._listener is not None:
            await self._listener.close()
        await self._anchor.close()
        if self._papers is not None:
            await self._papers.floor.speakers.abort()
            await self._papers.scribe.close()
            await self._papers.publisher.close()
            await self._papers.journal.close()
        self._ended.set()

    def _enter(self, state: State) -> None:
        if state not in _NEXT[self.state]:
            raise RuntimeError(f"a meeting that is {self.state.value} cannot become {state.value}")
        log.info("meeting %s: %s", self.meeting_id, state.value)
        self.state = state

    def _line(self, voice: Voice) -> SpeechLine:
        return self._tools.engine.line(self._connection_id, title=self.title, voice=voice, language=self._language)

    def _disk_failed(self, error: StorageError) -> None:
        if self._papers is not None:
            self._papers.floor.note(f"{error} The meeting goes on in memory, and is written as soon as the disk takes it.")


def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
