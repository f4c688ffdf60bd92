"""All the recognition of one machine: streams, the thread that hears them, the threads that read them, and how many fit."""

from __future__ import annotations

import asyncio
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from engine.errors import Overloaded
from engine.recognition import choice, models, reading
from engine.recognition.language import DETECT, Settling, check_language, primary
from engine.recognition.scheduler import Scheduler
from engine.recognition.stream import Stream
from engine.recognition.vad import VoiceActivity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.recognition.types import Recogniser
    from engine.recognition.vad import Detector
    from engine.settings import EngineSettings

MAX_LAG_SECONDS: Final = 10.0
"""A machine this far behind takes no new stream."""

NEWCOMER_SECONDS: Final = 30.0
"""A stream counts as one of constant talk when it is new, and for what it really takes once it has been open for so long."""
_HEARING_COST: Final = 0.006
"""Share of a core that a stream takes even in silence."""
_READ_TWICE: Final = 1.15
"""Utterances are read ahead at pauses that turn out to be none."""
_LEAST_ROOM: Final = 4
_IN_USE: Final = 0.9
"""Share of the cores that recognition may take."""


class RecognitionPool:
    """A `Recognition`.

    Args:
        recogniser: the model, shared by all workers.
        room: how many streams of constant talk the machine carries.
        detectors: makes the voice activity detector of a stream.
        workers: threads that read.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        *,
        room: int,
        detectors: Callable[[], Detector] = VoiceActivity,
        workers: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recogniser = recogniser
        self._room = room
        self._detectors = detectors
        self._clock = clock
        self._workers = workers or cores()
        self._scheduler = Scheduler(self._workers, clock)
        self._ears = ThreadPoolExecutor(1, thread_name_prefix="hearing")
        self._streams: dict[Stream, float] = {}
        self._closed = False

    @property
    def recogniser(self) -> Recogniser:
        """The model."""
        return self._recogniser

    @property
    def room(self) -> int:
        """How many streams of constant talk the machine carries; more may be open where people take turns."""
        return self._room

    def taken(self) -> float:
        """How much of `room` is taken: what each stream has lately needed, a newcomer as if it talked all the time.

        Sound that comes faster than it was spoken takes what others leave, so that no stream counts for more than one.
        """
        now, each = self._clock(), self._workers * _IN_USE / self._room
        return sum(
            min(1.0, max(1 - (now - opened) / NEWCOMER_SECONDS, (self._scheduler.load(stream) + _HEARING_COST) / each))
            for stream, opened in self._streams.items()
        )

    def check_language(self, language: str) -> None:
        """Raises `BadRequest` if no model here understands it."""
        check_language(language, self._recogniser.name, self._recogniser.capabilities)

    def open(self, *, vocabulary: Sequence[str] = (), language: str = "en-US", interims: bool = True) -> Stream:
        """A new stream; see `Recognition`.

        Raises:
            Overloaded: the machine has no room for one more, or is behind.
            BadRequest: the language is not understood.
        """
        self.check_language(language)
        if self._closed:
            raise Overloaded("The engine is shutting down.")
        if self.taken() > self._room - 1:
            raise Overloaded(
                f"This machine recognises {self._room} people who talk all the time, and that much is taken: try again when somebody has left."
            )
        if self.lag() > MAX_LAG_SECONDS:
            raise Overloaded(f"Recognition is {self.lag():.0f} s behind: try again in a moment.")
        spoken = primary(language)
        recogniser = Settling(self._recogniser) if spoken == DETECT else self._recogniser
        read = functools.partial(reading.read, recogniser, vocabulary=tuple(vocabulary), language=spoken)
        stream = Stream(self._detectors(), read, self._ears, self._scheduler, self._left, self._clock, interims=interims)
        self._streams[stream] = self._clock()
        return stream

    def _left(self, stream: Stream) -> None:
        self._streams.pop(stream, None)

    def lag(self) -> float:
        """Seconds by which the oldest waiting utterance is late."""
        return self._scheduler.lag()

    async def close(self) -> None:
        """Abort what is open and stop the threads."""
        self._closed = True
        for stream in list(self._streams):
            stream.drop()
        await self._scheduler.close()
        await asyncio.to_thread(self._ears.shutdown)


async def start(settings: EngineSettings) -> RecognitionPool:
    """Load the model, see how fast it is here, and open for as many streams as fit.

    Raises:
        ModelMissing: no model is prepared.
    """
    recogniser = await asyncio.to_thread(choice.load, settings, settings.model)
    _, share = await asyncio.to_thread(models.calibrate, recogniser, 2, hurried=True)
    return RecognitionPool(recogniser, room=room_for(share, cores()))


def room_for(share: float, workers: int) -> int:
    """How many streams of constant talk `workers` cores carry if reading a second takes `share` of one; at least 4."""
    return max(_LEAST_ROOM, int(workers * _IN_USE / (_HEARING_COST + share * _READ_TWICE)))


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
