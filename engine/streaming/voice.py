"""One speaker's sound on its way to the recogniser, and what comes back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from audio import pcm
from engine.streaming.intake import Intake
from engine.streaming.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.recognition.types import Result, SpeechStream
    from engine.streaming.intake import SoundFormat
    from engine.streaming.tape import Tape

_logger = logging.getLogger(__name__)

QUIET_SECONDS: Final = 0.6
"""A client that sends nothing for this long leaves silence out: the recogniser is given some, so that it hears the end."""
AHEAD_SECONDS: Final = 5.0
"""The most that is added to that for a client that is ahead of the clock: a file that comes faster than it was spoken pauses when
its reader does, and not because nobody speaks."""
FILL_SECONDS: Final = 1.5
"""How much silence it is given: longer than the pause that ends an utterance."""


class Voice:
    """Feeds one `SpeechStream` and hands its results on in order, each done with before the next."""

    def __init__(
        self,
        stream: SpeechStream,
        sound: SoundFormat,
        on_result: Callable[[Voice, Result], Awaitable[None]],
        tape: Tape | None = None,
    ) -> None:
        self.timeline = Timeline()
        self.tape = tape
        """What was heard, where somebody will listen to it again."""
        self._stream = stream
        self._intake = Intake(sound)
        self._on_result = on_result
        self._last = 0.0
        self._waiting = False
        self._held = False
        self._over = False
        self._troubled = False
        self._reader = asyncio.create_task(self._read())

    def feed(self, data: bytes, now: float) -> str:
        """A frame as the client sent it; `now` in seconds since the epoch. What is wrong with its sound, said once until it is mended."""
        if self._over:
            return ""
        sound, trouble = self._intake.process(data)
        if sound:
            self.timeline.heard(pcm.seconds(sound), now)
            self._hand_over(sound)
        self._last, self._waiting = now, True
        fresh = trouble and not self._troubled
        self._troubled = bool(trouble) or (self._troubled and not sound)
        return trouble if fresh else ""

    async def caught_up(self) -> None:
        """Wait while the recogniser is behind: the socket of a client that sends faster than people speak is read more slowly."""
        if not self._over:
            self._held = True
            await self._stream.caught_up()
            self._held = False

    def change(self, sound: SoundFormat, now: float) -> None:
        """From here on the sound has another form."""
        if not self._intake.goes_on(sound):
            self._drain(now)
            self._intake = Intake(sound)

    def _drain(self, now: float) -> None:
        rest = self._intake.flush()
        if rest:
            self.timeline.heard(pcm.seconds(rest), now)
            self._hand_over(rest)

    def tick(self, now: float) -> None:
        """Stand in for silence that the client left out."""
        if self._held:  # nothing comes because nothing is taken
            self._last = now
        patience = QUIET_SECONDS + min(max(0.0, self.timeline.ahead(now)), AHEAD_SECONDS)
        if self._waiting and not self._reader.done() and now - self._last >= patience:
            self._waiting = False
            self._hand_over(pcm.silence(FILL_SECONDS))
            self.timeline.filled(FILL_SECONDS)

    def _hand_over(self, sound: bytes) -> None:
        if self.tape is not None:
            self.tape.append(sound)
        self._stream.feed(sound)

    async def finish(self, now: float) -> None:
        """No more will come: returns once everything that was fed has been recognised and handed on."""
        if not self._over:
            self._over = True
            self._drain(now)
            await self._stream.finish()
        await asyncio.wait({self._reader})

    async def abort(self) -> None:
        """Drop what is left."""
        self._over = True
        await self._stream.abort()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for result in self._stream.results():
                await self._hand_on(result)
        except Exception:
            _logger.exception("A recogniser's stream broke off: what was said afterwards is lost.")

    async def _hand_on(self, result: Result) -> None:
        try:
            await self._on_result(self, result)
        except Exception:
            _logger.exception("A result of the recogniser was lost.")
