"""Which utterance is read next: finals before guesses at finals, those before interims; in each, speakers take turns.

A speaker's next utterance waits behind what others have asked for when the one before it was begun, so that sound that comes faster
than it was spoken delays nobody.

Everything but the reading itself happens in the event loop, so nothing here is locked.
"""

from __future__ import annotations

import asyncio
import enum
import functools
import itertools
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.recognition.reading import Reading
    from engine.recognition.segmenter import Piece

log = logging.getLogger(__name__)

LOAD_SECONDS: Final = 20.0
"""The time over which load is measured: what is older counts for less than a third."""


class Urgency(enum.IntEnum):
    """What a job is for."""

    FINAL = 0
    AHEAD = 1
    INTERIM = 2


@dataclass(eq=False, slots=True)
class Job:
    """One piece to read.

    Attributes:
        work: reads it, hurriedly or not; called in a worker thread.
        done: gets the job and the reading, or None if reading failed, in the event loop; not called after `Scheduler.cancel`.
        asked: when it was submitted or promoted.
        started: when a worker took it; None while it waits.
        order: its place in the queue.
    """

    piece: Piece
    urgency: Urgency
    owner: object
    work: Callable[[bool], Reading]
    done: Callable[[Job, Reading | None], None]
    asked: float = 0.0
    started: float | None = None
    order: int = 0
    cancelled: bool = False


class Scheduler:
    """Worker threads and the jobs that wait for them.

    Args:
        workers: threads.
        clock: seconds, monotonic.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="recognition")
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._counter = itertools.count()
        self._turns: dict[object, int] = {}
        self._interim_turns: dict[object, int] = {}
        self._work: dict[object, tuple[float, float]] = {}
        self._closed = False

    def submit(self, job: Job) -> None:
        """Have a piece read. An owner has at most one interim waiting: a new one replaces it."""
        if self._closed:
            return
        job.asked = self._clock()
        job.order = next(self._counter)
        if job.urgency is Urgency.INTERIM:
            self._waiting = [
                other for other in self._waiting if other.urgency is not Urgency.INTERIM or other.owner is not job.owner
            ]
        self._waiting.append(job)
        self._start_more()

    def promote(self, job: Job) -> None:
        """A guess at a final has become one."""
        job.urgency = Urgency.FINAL
        job.asked = self._clock()
        self._start_more()

    def cancel(self, job: Job) -> None:
        """Nobody wants it any more; what runs runs on, unheard."""
        job.cancelled = True
        if job in self._waiting:
            self._waiting.remove(job)

    def forget(self, owner: object) -> None:
        """Cancel all that an owner has asked for."""
        for job in [*self._waiting, *self._running]:
            if job.owner is owner:
                self.cancel(job)
        self._work.pop(owner, None)
        self._turns.pop(owner, None)
        self._interim_turns.pop(owner, None)

    @property
    def busy(self) -> bool:
        """Whether somebody waits, or would have to."""
        return bool(self._waiting) or len(self._running) >= self._workers

    @property
    def idle(self) -> bool:
        """Whether nobody's final is read or waits, nor a guess at one."""
        return all(job.urgency is Urgency.INTERIM for job in [*self._waiting, *self._running])

    def lag(self) -> float:
        """Seconds that a final has been waiting for a worker, the longest of those that are the next of their speaker."""
        first: dict[object, float] = {}
        for job in self._waiting:
            if job.urgency is Urgency.FINAL:
                first[job.owner] = min(job.asked, first.get(job.owner, job.asked))
        return max(0.0, self._clock() - min(first.values())) if first else 0.0

    def load(self, owner: object) -> float:
        """Workers that somebody's finals and guesses at them have lately kept busy; interims take what is left and do not count."""
        work, at = self._work.get(owner, (0.0, 0.0))
        return work * math.exp((at - self._clock()) / LOAD_SECONDS) / LOAD_SECONDS

    async def close(self) -> None:
        """Drop what waits and let what runs come to its end."""
        self._closed = True
        for job in [*self._waiting, *self._running]:
            self.cancel(job)
        await asyncio.to_thread(self._threads.shutdown)

    def _start_more(self) -> None:
        while not self._closed and len(self._running) < self._workers and (job := self._choose()) is not None:
            self._waiting.remove(job)
            job.started = self._clock()
            self._running.append(job)
            turns = self._interim_turns if job.urgency is Urgency.INTERIM else self._turns
            turns[job.owner] = next(self._counter)
            future = asyncio.get_running_loop().run_in_executor(self._threads, job.work, self._hurried(job))
            future.add_done_callback(functools.partial(self._finished, job))

    def _hurried(self, job: Job) -> bool:
        """Whether a rough text will do: always for an interim, and for all while more speakers wait to be read than there are workers."""
        waiting = {other.owner for other in self._waiting if other.urgency is not Urgency.INTERIM}
        return job.urgency is Urgency.INTERIM or len(waiting) > self._workers

    def _choose(self) -> Job | None:
        """The most urgent job; interims leave a worker free for finals, and speakers take turns at them."""
        if not self._waiting:
            return None
        job = min(self._waiting, key=lambda job: (job.urgency, self._turn(job), job.order))
        interims = sum(other.urgency is Urgency.INTERIM for other in self._running)
        if job.urgency is Urgency.INTERIM and interims >= max(1, self._workers - 1):
            return None
        return job

    def _turn(self, job: Job) -> int:
        """Where an utterance stands among others: as if it had come when its speaker was last served, if that was later than it came."""
        if job.urgency is Urgency.INTERIM:
            return self._interim_turns.get(job.owner, -1)
        return max(job.order, self._turns.get(job.owner, -1))

    def _finished(self, job: Job, future: asyncio.Future[Reading]) -> None:
        self._running.remove(job)
        if job.urgency is not Urgency.INTERIM and job.started is not None and not job.cancelled:
            now = self._clock()
            self._work[job.owner] = self.load(job.owner) * LOAD_SECONDS + now - job.started, now
        reading: Reading | None = None
        if not future.cancelled():
            error = future.exception()
            if error is None:
                reading = future.result()
            else:
                log.error("The recogniser failed on %.1f s of sound.", job.piece.end - job.piece.start, exc_info=error)
        if not job.cancelled:
            job.done(job, reading)
        self._start_more()
