"""One speaker's stream: sound in, interims and finals out, in order. Lives in the event loop; hearing and reading happen in threads."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from audio.pcm import BYTES_PER_SECOND, SAMPLE_BYTES
from engine.recognition import types
from engine.recognition.endpointing import patience
from engine.recognition.hearing import Hearing
from engine.recognition.phrasing import continued
from engine.recognition.scheduler import Job, Urgency
from engine.recognition.segmenter import Discarded, Ended, Growing, Paused, Resumed
from engine.recognition.unfolding import Unfolding
from engine.recognition.vad import WINDOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from concurrent.futures import Executor

    from engine.recognition.hearing import Patience
    from engine.recognition.reading import Reading
    from engine.recognition.scheduler import Scheduler
    from engine.recognition.segmenter import Decision, Piece
    from engine.recognition.vad import Detector

MAX_WAITING_SECONDS: Final = 30.0
"""Sound that may wait to be heard."""
MAX_UNREAD_SECONDS: Final = 180.0
"""Utterances that may wait to be read."""
CAUGHT_UP_SECONDS: Final = 10.0
"""With less than this waiting, more sound is welcome at once."""
MAX_RESULTS: Final = 1_000
"""Results that may wait to be fetched; beyond it no sound is heard."""
INTERIM_SECONDS: Final = 0.35
"""From the beginning of one interim's reading to that of the next, at least."""
INTERIM_SHARE: Final = 0.5
"""The most of one core that a speaker's interims take while nobody waits."""
INTERIM_SHARE_BUSY: Final = 0.15
"""The same while somebody waits."""

_WINDOW_BYTES: Final = WINDOW * SAMPLE_BYTES


class Read(Protocol):
    """Reads a piece."""

    def __call__(self, piece: Piece, *, hurried: bool) -> Reading:
        """`hurried` as in `Recogniser`."""


@dataclass(eq=False, slots=True)
class _Slot:
    """An utterance's place in the order of results. `outcome` is None if it says nothing; `continues` as in `Piece`."""

    start: float
    seconds: float
    outcome: types.Final | types.Lost | None = None
    ready: bool = False
    continues: bool = False


@dataclass(eq=False, slots=True)
class _Guess:
    """A piece that is read ahead, in case that the utterance has ended."""

    job: Job
    reading: Reading | None = None
    read: bool = False
    slot: _Slot | None = None


class Stream:
    """A `SpeechStream`.

    Args:
        detector: voice activity for this stream alone.
        read: reads a piece; called in worker threads.
        ears: a thread that runs detectors.
        scheduler: the workers.
        closed: called once, when the stream has ended.
        clock: seconds, monotonic.
        interims: somebody wants to see an utterance while it is being said.
    """

    def __init__(
        self,
        detector: Detector,
        read: Read,
        ears: Executor,
        scheduler: Scheduler,
        closed: Callable[[Stream], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        interims: bool = True,
    ) -> None:
        self._interims = interims
        self._hearing = Hearing(detector)
        self._read = read
        self._ears = ears
        self._scheduler = scheduler
        self._closed = closed
        self._clock = clock
        self._inbox = bytearray()
        self._skip = 0
        self._listening = False
        self._finishing = False
        self._all_heard = False
        self._slots: deque[_Slot] = deque()
        self._results: deque[types.Result] = deque()
        self._news = asyncio.Event()
        self._progress = asyncio.Event()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._guess: _Guess | None = None
        self._patience: Patience | None = None
        self._number = 0
        self._unfolding = Unfolding()
        self._said = ""
        self._interim_shown = ""
        self._shown_end = 0.0
        self._interim: Job | None = None
        self._next_interim = 0.0

    def feed(self, pcm: bytes) -> None:
        """Take sound; see `SpeechStream`. If too much waits, what waits becomes a gap.

        Raises:
            RuntimeError: the stream has been finished or aborted.
        """
        if self._finishing or self._ended.is_set():
            raise RuntimeError("The stream has been finished: open another one.")
        if len(self._inbox) > MAX_WAITING_SECONDS * BYTES_PER_SECOND:
            lost = len(self._inbox) // _WINDOW_BYTES
            del self._inbox[: lost * _WINDOW_BYTES]
            self._skip += lost
        self._inbox += pcm
        self._listen()

    async def caught_up(self) -> None:
        """Wait until little is waiting; for sound that comes faster than it was spoken. See `SpeechStream`."""
        while self._behind() > CAUGHT_UP_SECONDS and not self._ended.is_set():
            self._progress.clear()
            await self._progress.wait()

    @property
    def waiting(self) -> float:
        """Seconds of sound that nobody has heard yet."""
        return len(self._inbox) / BYTES_PER_SECOND

    def _behind(self) -> float:
        """Seconds of sound that are neither heard nor read."""
        return self.waiting + self._unread()

    def _unread(self) -> float:
        return sum(slot.seconds for slot in self._slots if not slot.ready)

    async def results(self) -> AsyncIterator[types.Result]:
        """Interims and finals; see `SpeechStream`. For one reader."""
        while True:
            while self._results:
                yield self._results.popleft()
                self._listen()
            if self._failure is not None:
                raise self._failure
            if self._ended.is_set():
                return
            self._news.clear()
            await self._news.wait()

    async def finish(self) -> None:
        """Recognise what was fed, then end; see `SpeechStream`."""
        self._finishing = True
        self._listen()
        await self._ended.wait()

    async def abort(self) -> None:
        """Drop what is left at once."""
        self.drop()

    def drop(self) -> None:
        """`abort` for callers that cannot wait."""
        self._inbox.clear()
        self._slots.clear()
        self._results.clear()
        self._end()

    def _end(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._scheduler.forget(self)
            self._news.set()
            self._progress.set()
            self._closed(self)

    def _listen(self) -> None:
        """Give the ears what has come, unless they are busy or nobody fetches results."""
        if self._listening or self._all_heard or self._ended.is_set() or len(self._results) >= MAX_RESULTS:
            return
        whole = len(self._inbox) - len(self._inbox) % _WINDOW_BYTES
        if not whole and not self._finishing and self._patience is None:
            return
        pcm = bytes(self._inbox if self._finishing else self._inbox[:whole])
        del self._inbox[: len(pcm)]
        skip, self._skip = self._skip, 0
        wait, self._patience = self._patience, None
        self._listening = True
        work = functools.partial(self._hearing.hear, pcm, skip=skip, patience=wait, last=self._finishing)
        last = self._finishing
        future = asyncio.get_running_loop().run_in_executor(self._ears, work)
        future.add_done_callback(lambda future: self._heard(future, last=last))

    def _heard(self, future: asyncio.Future[list[Decision]], *, last: bool) -> None:
        self._listening = False
        if self._ended.is_set() or future.cancelled():
            return
        self._failure = future.exception()
        if self._failure is not None:
            self.drop()
            return
        for decision in future.result():
            self._follow(decision)
        self._progress.set()
        if last:
            self._all_heard = True
            self._deliver()
        else:
            self._listen()

    def _follow(self, decision: Decision) -> None:
        match decision:
            case Growing(piece):
                idle = self._interim is None or self._interim.started is None
                if self._interims and idle and self._clock() >= self._next_interim:
                    self._ask_interim(piece)
            case Paused(piece, early):
                if self._guess is None and (self._scheduler.idle or not early):
                    self._guess = _Guess(self._submit(piece, Urgency.AHEAD, self._guess_read))
            case Resumed():
                self._forget_guess()
            case Ended(piece):
                self._utterance(piece)
            case Discarded(start):
                self._number += 1
                self._forget_guess()
                self._add(_Slot(start, 0.0, ready=True))
            case _:
                self._add(_gap(decision.start, decision.end))

    def _ask_interim(self, piece: Piece) -> None:
        unread = self._unfolding.unread(piece)
        if unread is not None:
            self._interim = self._submit(unread, Urgency.INTERIM, functools.partial(self._interim_read, piece))

    def _submit(self, piece: Piece, urgency: Urgency, done: Callable[[Job, Reading | None], None]) -> Job:
        job = Job(piece, urgency, self, lambda hurried: self._read(piece, hurried=hurried), done)
        self._scheduler.submit(job)
        return job

    def _utterance(self, piece: Piece) -> None:
        """An utterance has ended: take the guess at it, or have it read."""
        self._number = piece.number + 1
        if self._unread() > MAX_UNREAD_SECONDS:
            self._forget_guess()
            self._add(_gap(piece.start, piece.end))
            return
        slot = _Slot(piece.start, piece.end - piece.start, continues=piece.continues)
        guess = self._guess
        if guess is not None and (guess.job.piece.start, guess.job.piece.end) == (piece.start, piece.end):
            self._guess = None
            guess.slot = slot
            if guess.read:
                _fill(slot, piece, guess.reading)
            else:
                self._scheduler.promote(guess.job)
                guess.job.done = functools.partial(self._final_read, slot)
        else:
            self._forget_guess()
            self._submit(piece, Urgency.FINAL, functools.partial(self._final_read, slot))
        self._add(slot)

    def _forget_guess(self) -> None:
        """The utterance went on: a guess that waits is dropped, one that is being read still makes an interim."""
        if self._guess is not None and self._guess.job.started is None:
            self._scheduler.cancel(self._guess.job)
        self._guess = None

    def _guess_read(self, job: Job, reading: Reading | None) -> None:
        if self._guess is not None and self._guess.job is job:
            self._guess.reading, self._guess.read = reading, True
            seconds = patience(job.piece, reading) if reading is not None else None
            if seconds is not None:
                self._patience = job.piece, seconds
                self._listen()
        if reading is not None and reading.text and job.piece.number == self._number:
            self._show(job.piece, self._unfolding.settle(job.piece, reading))

    def _interim_read(self, piece: Piece, job: Job, reading: Reading | None) -> None:
        now, started = self._clock(), job.started or self._clock()
        share = INTERIM_SHARE_BUSY if self._scheduler.busy else INTERIM_SHARE
        self._interim = None
        self._next_interim = max(started + INTERIM_SECONDS, now + (now - started) * (1 / share - 1))
        if reading is not None and reading.text and piece.number == self._number:
            self._show(piece, self._unfolding.show(job.piece, reading))

    def _final_read(self, slot: _Slot, job: Job, reading: Reading | None) -> None:
        _fill(slot, job.piece, reading)
        self._progress.set()
        self._deliver()

    def _show(self, piece: Piece, text: str) -> None:
        """Give out an interim, unless it is stale, or a final before it is still missing."""
        if not self._interims or piece.end <= self._shown_end or self._slots or text in {"", self._interim_shown}:
            return
        self._interim_shown, self._shown_end = text, piece.end
        self._emit(types.Interim(piece.onset, text))

    def _add(self, slot: _Slot) -> None:
        self._slots.append(slot)
        self._deliver()

    def _deliver(self) -> None:
        """Give out what is ready, in order."""
        while self._slots and self._slots[0].ready:
            slot = self._slots.popleft()
            if isinstance(slot.outcome, types.Final):
                final = _continued(self._said, slot.outcome) if slot.continues else slot.outcome
                self._said = final.text
                self._emit(final)
            elif self._interim_shown:
                self._emit(types.Interim(slot.start, ""))
            if isinstance(slot.outcome, types.Lost):
                self._emit(slot.outcome)
            self._interim_shown = ""
        if self._all_heard and not self._slots:
            self._end()

    def _emit(self, result: types.Result) -> None:
        """Queue a result; an interim that nobody has fetched is replaced."""
        if self._results and isinstance(self._results[-1], types.Interim):
            self._results.pop()
        self._results.append(result)
        self._news.set()


def _fill(slot: _Slot, piece: Piece, reading: Reading | None) -> None:
    if reading is None:
        slot.outcome = types.Lost(piece.start, piece.end)
    elif reading.text:
        start, end = reading.words[0].start, reading.words[-1].end
        slot.outcome = types.Final(start, end, reading.text, reading.confidence, reading.words, reading.spoken, reading.language)
    slot.ready = True


def _continued(before: str, final: types.Final) -> types.Final:
    """A final as the rest of the sentence that `before` began."""
    if not final.words:
        return final
    first, *rest = final.words
    word = continued(before, first.text)
    text = word + final.text.removeprefix(first.text)
    return replace(final, text=text, words=(replace(first, text=word), *rest))


def _gap(start: float, end: float) -> _Slot:
    """The place of sound that could not be recognised."""
    return _Slot(start, end - start, types.Lost(start, end), ready=True)
