"""A job of sound: a file is decoded piece by piece, each channel a stream of its own if so asked, and never held whole."""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING, Final

from audio import pcm
from audio.errors import AudioError
from audio.files import describe, stream_channels, stream_pcm
from engine.errors import Overloaded
from engine.jobs.desk import JobFailed
from engine.recognition.types import Final as Utterance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.clock import Clock
    from engine.conversations.models import MemberRow
    from engine.jobs.desk import Desk
    from engine.recognition.types import Recognition, SpeechStream
    from wire.jobs import SoundWishes

MAX_SECONDS: Final = 4 * 3_600.0
MAX_CHANNELS: Final = 16
PIECE_SECONDS: Final = 1.0
"""Sound that is decoded at once."""
SETTLED_SECONDS: Final = 45.0
"""What began this long before the place that has been heard has been read: channels are put in order behind it."""
WAIT_SECONDS: Final = 2.0
"""Between tries to find room for a stream."""


class _Channel:
    """One stream and whoever speaks on it."""

    def __init__(self, number: int, member: MemberRow, stream: SpeechStream) -> None:
        self.number = number
        self.member = member
        self.stream = stream
        self.said: list[Utterance] = []
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for result in self.stream.results():
            if isinstance(result, Utterance) and result.text.strip():
                self.said.append(result)


class SoundWork:
    """One file."""

    def __init__(self, recognition: Recognition, clock: Clock, desk: Desk, wishes: SoundWishes) -> None:
        self._recognition = recognition
        self._clock = clock
        self._desk = desk
        self._wishes = wishes
        self._channels: list[_Channel] = []
        self._waiting: list[tuple[float, int, int, Utterance]] = []
        self._count = 0

    async def work(self, path: Path) -> float:
        """Recognise the file; its length in seconds. Raises `JobFailed`."""
        try:
            return await self._work(path)
        except AudioError as error:
            raise JobFailed(str(error).replace(str(path), "The file")) from error
        finally:
            for channel in self._channels:
                channel.reader.cancel()
                await channel.stream.abort()
            await asyncio.gather(*(channel.reader for channel in self._channels), return_exceptions=True)

    async def _work(self, path: Path) -> float:
        info = await asyncio.to_thread(describe, path)
        apart = self._wishes.enable_separate_recognition_per_channel and info.channels > 1
        if apart and info.channels > MAX_CHANNELS:
            raise JobFailed(f"The file has {info.channels} channels: at most {MAX_CHANNELS} are recognised apart.")
        for number in range(1, (info.channels if apart else 1) + 1):
            await self._open(number)
        heard = 0.0
        pieces = _pieces(path, apart=apart)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            heard += pcm.seconds(piece[0])
            if heard > MAX_SECONDS:
                raise JobFailed(f"The file is longer than {MAX_SECONDS / 3600:g} hours.")
            for channel, sound in zip(self._channels, piece, strict=False):
                channel.stream.feed(sound)
            for channel in self._channels:
                await channel.stream.caught_up()
            await self._keep(before=heard - SETTLED_SECONDS)
        for channel in self._channels:
            await channel.stream.finish()
            await channel.reader
        await self._keep(before=heard + SETTLED_SECONDS)
        return heard

    async def _open(self, number: int) -> None:
        """A stream for a channel, as soon as there is room."""
        speakers = {one.channel: one.speaker for one in self._wishes.channel_metadata}
        member = await self._desk.member(speakers.get(number), number)
        while True:
            try:
                stream = self._recognition.open(
                    vocabulary=self._wishes.custom_vocabulary, language=self._wishes.language_code or "en-US", interims=False
                )
            except Overloaded:
                await self._clock.sleep(WAIT_SECONDS)
                continue
            self._channels.append(_Channel(number, member, stream))
            return

    async def _keep(self, before: float) -> None:
        """Take in what was said before a place, in the order in which it began."""
        for channel in self._channels:
            if channel.reader.done() and (error := channel.reader.exception()):
                raise error
            for said in channel.said:
                self._count += 1
                heapq.heappush(self._waiting, (said.start, self._count, channel.number, said))
            channel.said.clear()
        while self._waiting and (len(self._channels) == 1 or self._waiting[0][0] < before):
            _, _, number, said = heapq.heappop(self._waiting)
            await self._desk.keep(self._channels[number - 1].member, said)


def _pieces(path: Path, *, apart: bool) -> Iterator[list[bytes]]:
    """About a second of each channel at a time."""
    blocks = stream_channels(path) if apart else ([block] for block in stream_pcm(path))
    held: list[list[bytes]] = []
    seconds = 0.0
    for block in blocks:
        held.append(block)
        seconds += pcm.seconds(block[0])
        if seconds >= PIECE_SECONDS:
            yield _joined(held)
            held, seconds = [], 0.0
    if held:
        yield _joined(held)


def _joined(blocks: list[list[bytes]]) -> list[bytes]:
    return [b"".join(channel) for channel in zip(*blocks, strict=True)]
