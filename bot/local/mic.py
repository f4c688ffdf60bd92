"""`minutes mic`: a meeting that this computer's microphone hears."""

from __future__ import annotations

import asyncio
import getpass
import math
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from rich.text import Text

from audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from audio.resample import Resampler
from bot.languages import DEFAULT
from bot.local.engine import open_engine
from bot.local.report import print_outcome, print_way_back, settled_outcome
from bot.local.screen import Lines, LiveScreen
from bot.local.talk import Said, Saying, Talk, Trouble
from bot.publish.markup import clock as brief
from bot.signals import stop_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from audio.microphone import SoundSource
    from bot.clock import Clock
    from bot.local.engine import UsedEngine
    from bot.local.screen import Screen
    from bot.local.talk import TalkEvent
    from bot.settings import Settings

SILENT = -120.0
"""Decibels: what a level of nothing is called."""
REPORTED = 1.0
"""Seconds of sound that must be missing before it is said."""


@dataclass(frozen=True, slots=True)
class MeetingWish:
    """What the person asked for. `exit_on_silence`: seconds without a word after which the meeting ends; None never."""

    speaker: str = ""
    title: str = ""
    exit_on_silence: float | None = None
    language: str = DEFAULT


class Taker(Protocol):
    """Takes a speaker's sound, 16 kHz mono LINEAR16."""

    def feed(self, speaker: int, pcm: bytes, at: float) -> None:
        """Sound that begins `at` seconds."""


class MicrophoneMeeting:
    """Sound from a source to a talk, until somebody or silence ends it.

    Args:
        talk: takes the sound of its one speaker.
        source: what is heard.
        screen: where the level is shown.
        exit_on_silence: see `MeetingWish`.
        clock: whose seconds silence is measured in.
    """

    def __init__(self, talk: Taker, source: SoundSource, screen: Screen, *, exit_on_silence: float | None, clock: Clock) -> None:
        self._talk = talk
        self._source = source
        self._screen = screen
        self._limit = exit_on_silence
        self._clock = clock
        self._resampler = Resampler(source.rate, source.channels)
        self._last_word = clock.monotonic()
        self._lost = 0.0
        self._samples = 0

    @property
    def seconds(self) -> float:
        """How long the meeting lasts."""
        return self._samples / SAMPLE_RATE

    def word(self) -> None:
        """Somebody speaks: silence begins anew."""
        self._last_word = self._clock.monotonic()

    async def run(self, stop: asyncio.Event) -> str:
        """Feed until `stop`, silence, or the end of the source; returns why it ended. What was heard until then is fed."""
        ended = asyncio.create_task(self._end_at(stop))
        reason = f"{self._source.name} gives no more sound"
        try:
            async for block in self._source.blocks():
                self._hear(block)
                if self._limit is not None and self._clock.monotonic() - self._last_word >= self._limit:
                    reason = f"nobody spoke for {self._limit:g} s"
                    break
            self._feed(self._resampler.flush())
        finally:
            ended.cancel()
            await asyncio.wait({ended})
            self._source.close()
        return "you ended it" if stop.is_set() else reason

    async def _end_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._source.close()

    def _hear(self, block: bytes) -> None:
        pcm = self._resampler.process(block)
        self._feed(pcm)
        self._screen.heard(self.seconds, level(pcm))
        if self._source.lost - self._lost >= REPORTED:
            self._screen.tell(Trouble(f"{self._source.lost - self._lost:.1f} s were lost: this computer is too busy."))
            self._lost = self._source.lost

    def _feed(self, pcm: bytes) -> None:
        self._talk.feed(0, pcm, self.seconds)
        self._samples += len(pcm) // SAMPLE_BYTES


async def hold(
    settings: Settings, wish: MeetingWish, source: Callable[[], SoundSource], *, console: Console, clock: Clock
) -> None:
    """A whole meeting: from the engine to the last line. `source` is called when the engine listens. Raises `MinutesError`, `AudioError`."""

    def say(text: str) -> None:
        console.print(Text(text, style="dim"), soft_wrap=True)

    with stop_event() as stop:
        async with AsyncExitStack() as stack:
            engine = await stack.enter_async_context(open_engine(settings, say=say))
            await _hold(engine, wish, source, stop, console=console, clock=clock)


async def _hold(
    engine: UsedEngine,
    wish: MeetingWish,
    source: Callable[[], SoundSource],
    stop: asyncio.Event,
    *,
    console: Console,
    clock: Clock,
) -> None:
    listeners: list[Callable[[TalkEvent], None]] = []

    def tell(event: TalkEvent) -> None:
        for listener in listeners:
            listener(event)

    title = wish.title or f"Microphone {clock.now().astimezone():%Y-%m-%d %H:%M}"
    talk = Talk(engine.client, title, [wish.speaker or _user()], tell, wish.language)
    heard = source()
    try:
        await talk.open()
    except BaseException:
        heard.close()
        raise
    screen = LiveScreen(console, heard.name) if console.is_terminal else Lines(console)
    meeting = MicrophoneMeeting(talk, heard, screen, exit_on_silence=wish.exit_on_silence, clock=clock)

    def words(event: TalkEvent) -> None:
        if isinstance(event, Said) or (isinstance(event, Saying) and event.text):
            meeting.word()

    listeners += [screen.tell, words]
    try:
        with screen.shown() if isinstance(screen, LiveScreen) else nullcontext():
            if not isinstance(screen, LiveScreen):
                console.print(Text(f"listening to {heard.name}; Ctrl-C ends the meeting", style="dim"), soft_wrap=True)
            reason = await meeting.run(stop)
            await talk.end()
    finally:
        await talk.close()
    console.print(Text(f"The meeting lasted {brief(meeting.seconds)}: {reason}.", style="dim"))
    conversation_id = talk.conversation_id or ""
    print_outcome(console, await settled_outcome(engine.client, conversation_id, console))
    print_way_back(console, engine, conversation_id)


def level(pcm: bytes) -> float:
    """Loudness of 16-bit sound: decibels below full scale of its root mean square."""
    if not pcm:
        return SILENT
    power = float(np.square(np.frombuffer(pcm, "<i2").astype(np.float64)).mean())
    return 10 * math.log10(power / 32768**2) if power else SILENT


def _user() -> str:
    """Who sits at this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "Speaker 1"
