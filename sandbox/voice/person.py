"""A simulated person in a voice channel: their voice, their RTP stream, their end-to-end keys."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from sandbox.people.speaker import Speaker
from sandbox.voice.rtp import SILENCE, TICK, RtpPacket, RtpStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    import numpy as np
    from numpy.typing import NDArray

    from sandbox.people.speaker import Utterance
    from sandbox.voice.member import DaveMember

_AHEAD = 25
"""Ticks that are encoded ahead, in a thread, while the ones before are being sent."""
_BREATH = 0.0005
"""Seconds between two frames in which the encoding thread leaves the interpreter to the event loop, so that packets go out on time."""
_LONG_PAUSE = 0.1


class Person:
    """Somebody in a channel. `born` is when they came, on the event loop's clock; `encoding` runs their encoder."""

    def __init__(
        self, user_id: int, channel_id: int, stream: RtpStream, dave: DaveMember | None, *, born: float, encoding: Executor
    ) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.stream = stream
        self.dave = dave
        self.first_spoke: float | None = None
        """When they first sent something, on the event loop's clock."""
        self.gone = asyncio.Event()
        self.turn = asyncio.Lock()
        """Held while they speak: nobody says two things at once."""
        self._speaker = Speaker()
        self._born = born
        self._encoding = encoding
        self._tick = -1

    def packet(self, payload: bytes, tick: int, *, clear: bool = False) -> RtpPacket | None:
        """One frame as RTP, encrypted end to end unless it is silence or sent in `clear`; None while there are no keys yet."""
        if self.dave is not None and payload != SILENCE and not clear:
            if not self.dave.ready:
                return None
            payload = self.dave.session.encrypt_opus(payload)
        return self.stream.packet(payload, tick)

    async def speak(
        self, pcm: NDArray[np.int16], rate: int, *, start: float | None, send: Callable[[bytes, int], bool], said: Voiced
    ) -> None:
        """Send sound in real time from `start` on (the event loop's clock; at once if None or past), each frame at its own moment.

        `send` takes an Opus frame and its tick and says whether it went out. `said` is told of the voice's beginning and end.
        """
        loop = asyncio.get_running_loop()
        utterance = await loop.run_in_executor(self._encoding, self._speaker.utter, pcm, rate)
        frames = await loop.run_in_executor(self._encoding, _encode, utterance, 0)
        begin = max(loop.time(), start or 0.0)
        base = max(round((begin - self._born) / TICK), self._tick + 1)
        for block in range(_AHEAD, len(utterance.plan) + _AHEAD, _AHEAD):
            ahead = loop.run_in_executor(self._encoding, _encode, utterance, block)
            try:
                await self._send_block(frames, begin, base, send, said, utterance)
            finally:
                await asyncio.wait({ahead})  # the encoder serves one thread at a time, also when this is cancelled
            if self.gone.is_set():
                break
            frames = ahead.result()
        said.finish(loop.time(), cut=self.gone.is_set())

    async def _send_block(
        self,
        frames: list[tuple[int, bytes]],
        begin: float,
        base: int,
        send: Callable[[bytes, int], bool],
        said: Voiced,
        utterance: Utterance,
    ) -> None:
        loop = asyncio.get_running_loop()
        for tick, frame in frames:
            due = begin + tick * TICK
            await self._until(due)
            if self.gone.is_set():
                return
            self._tick = base + tick
            if self.first_spoke is None:
                self.first_spoke = loop.time()
            sent = send(frame, self._tick)
            said.count(sent=sent)
            if tick == utterance.first_voiced:
                said.begin(loop.time())
            if tick == utterance.last_voiced:
                said.finish(loop.time(), cut=False)

    async def _until(self, due: float) -> None:
        """Sleep up to a moment, or until the person has gone if that is some time ahead."""
        delay = due - asyncio.get_running_loop().time()
        if delay > _LONG_PAUSE:
            with contextlib.suppress(TimeoutError):  # nobody has gone
                async with asyncio.timeout(delay):
                    await self.gone.wait()
        elif delay > 0:
            await asyncio.sleep(delay)


def _encode(utterance: Utterance, begin: int) -> list[tuple[int, bytes]]:
    """The frames of the next ticks, one at a time."""
    frames: list[tuple[int, bytes]] = []
    for tick in range(begin, begin + _AHEAD):
        encoded = utterance.frames(tick, tick + 1)
        if encoded:
            frames += encoded
            time.sleep(_BREATH)
    return frames


class Voiced:
    """When the voice of one utterance began and ended, on the event loop's clock, and how many frames went out."""

    def __init__(self, report: Callable[[Voiced], object]) -> None:
        self.done = asyncio.Event()
        self._report = report
        self.began: float | None = None
        self.ended: float | None = None
        self.cut = False
        """The person left before the end."""
        self.frames = 0
        self.unsent = 0
        """Frames that could not be sent: there were no end-to-end keys yet."""

    def begin(self, at: float) -> None:
        """The first voiced sample has been sent."""
        self.began = at

    def count(self, *, sent: bool) -> None:
        """One frame is through."""
        self.frames += sent
        self.unsent += not sent

    def finish(self, at: float, *, cut: bool) -> None:
        """The last voiced sample has been sent, or nothing more will be; only the first call counts."""
        if self.done.is_set():
            return
        self.ended = at if self.began is not None else None
        self.cut = cut
        self.done.set()
        self._report(self)
