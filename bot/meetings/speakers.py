"""One stream for each person who speaks: opened at the first word, kept true in time, closed after a long silence."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from audio.pcm import BYTES_PER_SECOND, silence
from bot.clock import within
from bot.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.clock import Clock
    from bot.meetings.ports import SpeechLine, Voice
    from bot.streaming.events import StreamEvent

    OnEvent = Callable[[Voice, StreamEvent], None]
    OnTrouble = Callable[[Voice, EngineError], None]

log = logging.getLogger(__name__)

FILL = 5.0
"""Seconds: a shorter pause is filled with silence, after a longer one the engine takes its time from the wall clock."""
LEAD = 0.5
"""Seconds of the silence that are sent before the first word after a long pause: recognisers begin a word a little early."""
IDLE = 60.0
"""Seconds without sound after which a stream is closed."""
RETRY = 2.0
"""Seconds between tries to open a stream."""
OPEN_AT_END = 10.0
"""Seconds that a stream which is not open yet is waited for when the meeting ends."""


class SpeakerStream:
    """The stream of one person, with the sound that it waits for. Times are seconds since the meeting began."""

    def __init__(self, voice: Voice, line: SpeechLine, clock: Clock, told: OnEvent, trouble: OnTrouble) -> None:
        self.voice = voice
        self.until = 0.0
        """When the last sound that was fed ends."""
        self._line = line
        self._clock = clock
        self._told = told
        self._trouble = trouble
        self._fed = False
        self._opener = asyncio.create_task(self._open(), name=f"open {voice.user_id}")
        self._reader = asyncio.create_task(self._read(), name=f"read {voice.user_id}")

    @property
    def alive(self) -> bool:
        """The engine listens to this person."""
        return self._line.alive

    def hear(self, pcm: bytes, at: float) -> None:
        """Sound of this person. Pauses that are short enough are filled, so that the engine's times stay true."""
        pause = at - self.until
        if self._fed and pause > 0:
            filled = pause if pause <= FILL else LEAD
            self._line.feed(silence(filled), at - filled)
        elif self._fed:
            at = self.until
        self._fed = True
        self._line.feed(pcm, at)
        self.until = at + len(pcm) / BYTES_PER_SECOND

    def heard_at(self, time: datetime) -> float | None:
        """When held sound was spoken, from the engine's time for it; None for sound that was sent as it was spoken."""
        return self._line.heard_at(time)

    async def finish(self) -> bool:
        """Send what waits and wait for the last words. False: the engine did not confirm."""
        try:
            with suppress(TimeoutError):
                await within(self._clock, OPEN_AT_END, _wait(self._opener))
            self._opener.cancel()
            confirmed = await self._line.stop()
            await self._reader
        except asyncio.CancelledError:
            await self.abort()
            raise
        return confirmed

    async def abort(self) -> None:
        """Hang up at once; nothing more is told."""
        self._opener.cancel()
        self._reader.cancel()
        await self._line.close()
        await asyncio.gather(self._opener, self._reader, return_exceptions=True)

    async def _open(self) -> None:
        told = False
        while True:
            try:
                await self._line.open()
            except EngineError as error:
                if not told:
                    self._trouble(self.voice, error)
                told = True
                await self._clock.sleep(RETRY)
            else:
                return

    async def _read(self) -> None:
        async for event in self._line.events():
            try:
                self._told(self.voice, event)
            except Exception:
                log.exception("a word of the engine could not be used")


class Speakers:
    """Everybody's streams. `open_line` makes a stream for a voice; `name_of` is asked when somebody begins to speak."""

    def __init__(
        self,
        open_line: Callable[[int], tuple[Voice, SpeechLine]],
        clock: Clock,
        told: OnEvent,
        trouble: OnTrouble,
    ) -> None:
        self._open_line = open_line
        self._clock = clock
        self._told = told
        self._trouble = trouble
        self._streams: dict[int, SpeakerStream] = {}
        self._ending: set[asyncio.Task[bool]] = set()
        self._latest: dict[int, SpeakerStream] = {}
        self.last_heard: dict[int, float] = {}
        """When each person's last sound ended."""

    @property
    def alive(self) -> bool:
        """All streams that should be open are open."""
        return all(stream.alive for stream in self._streams.values())

    def hear(self, user_id: int, pcm: bytes, at: float) -> None:
        """Sound of somebody."""
        stream = self._streams.get(user_id)
        if stream is None:
            voice, line = self._open_line(user_id)
            stream = SpeakerStream(voice, line, self._clock, self._told, self._trouble)
            self._streams[user_id] = self._latest[user_id] = stream
        stream.hear(pcm, at)
        self.last_heard[user_id] = stream.until

    def heard_at(self, user_id: int, time: datetime) -> float | None:
        """When somebody's held sound was spoken, from the engine's time for it; None for sound that was sent as it was spoken."""
        stream = self._latest.get(user_id)
        return stream.heard_at(time) if stream is not None else None

    def left(self, user_id: int) -> None:
        """Somebody left: their last words are waited for in the background."""
        stream = self._streams.pop(user_id, None)
        if stream is not None:
            task = asyncio.create_task(stream.finish(), name=f"finish {user_id}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def tick(self, now: float) -> None:
        """Close the streams of those who have been silent for long."""
        for user_id in [user_id for user_id, stream in self._streams.items() if now - stream.until > IDLE]:
            self.left(user_id)

    async def drop(self, user_id: int) -> None:
        """Somebody said no: their stream ends at once, with all that waits in it."""
        stream = self._streams.pop(user_id, None)
        if stream is not None:
            await stream.abort()

    async def finish(self) -> bool:
        """End every stream and wait for the last words. False: some did not confirm."""
        for user_id in list(self._streams):
            self.left(user_id)
        outcomes = await asyncio.gather(*self._ending, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                log.error("a stream did not end well", exc_info=outcome)
        return all(outcome is True for outcome in outcomes)

    async def abort(self) -> None:
        """Hang up everywhere at once."""
        streams, self._streams = list(self._streams.values()), {}
        await asyncio.gather(*(stream.abort() for stream in streams))
        for task in list(self._ending):
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)


async def _wait(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)
