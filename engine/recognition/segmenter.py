"""Where utterances begin and end. Rules only: windows of sound with their speech probabilities go in, decisions come out.

All times are counted in windows of 32 ms since the start of the stream.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE
from engine.recognition.vad import WINDOW, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Endpointing:
    """The rules' numbers, in seconds where nothing else is said.

    Attributes:
        onset: probability from which speech begins.
        offset: probability below which a window counts as silence inside an utterance.
        silence: this much of it ends an utterance, unless `Segmenter.wait` says otherwise.
        hint: this much of it is worth a decode ahead while nobody else is read, in case that the utterance has ended.
        pause: this much of it is worth one in any case.
        preroll: sound kept from before the onset.
        tail: sound kept after the last voiced window.
        shortest: an utterance with less voice is none.
        longest: an utterance is cut at its best pause when it gets this long.
        first_interim: speech this long is worth an interim.
        interim: after which one is offered this often.
        loudest: an utterance whose loudest windows stay below this many dB of full scale is none.
    """

    onset: float = 0.5
    offset: float = 0.35
    silence: float = 0.6
    hint: float = 0.2
    pause: float = 0.3
    preroll: float = 0.5
    tail: float = 0.3
    shortest: float = 0.2
    longest: float = 22.0
    first_interim: float = 0.4
    interim: float = 0.2
    loudest: float = -55.0


@dataclass(frozen=True, slots=True)
class Piece:
    """An utterance, whole or so far.

    Attributes:
        number: how many came before it in this stream.
        start: seconds, of its first sample.
        end: seconds, of the end of its last voiced window.
        samples: 16 kHz, -1 to 1, from `start` to a little after `end`.
        spans: seconds, where there is voice.
        continues: it was cut off from the one before it, with no pause that ends an utterance.
    """

    number: int
    start: float
    end: float
    samples: NDArray[np.float32]
    spans: tuple[tuple[float, float], ...]
    continues: bool = False

    def after(self, time: float) -> Piece:
        """The part of it from a moment on."""
        skipped = max(0, round((time - self.start) * SAMPLE_RATE))
        start = self.start + skipped / SAMPLE_RATE
        spans = tuple((max(begin, start), end) for begin, end in self.spans if end > start)
        return replace(self, start=start, samples=self.samples[skipped:], spans=spans)

    @property
    def onset(self) -> float:
        """Seconds, of the first voice."""
        return self.spans[0][0] if self.spans else self.start

    @property
    def voiced(self) -> float:
        """Seconds of voice."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Growing:
    """An interim is due."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class Paused:
    """The utterance may have ended: if it has, `Ended` will bring the same piece, with a longer tail. Told twice, `early` and then surer."""

    piece: Piece
    early: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """It had not ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An utterance is complete."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class Discarded:
    """What began was no utterance."""

    start: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """Sound that never arrived here."""

    start: float
    end: float


Decision = Growing | Paused | Resumed | Ended | Discarded | Skipped

_TOLD: Final = 2
"""Times that a pause is told."""
_CUT_SMOOTHING: Final = 7
"""Windows over which sound is averaged to find the best place to cut."""
_CUT_SILENCE: Final = 3
"""Windows of silence that are a pause to cut in."""
_LATER: Final = 2.0
"""Windows of silence that lateness is worth at most."""
_FAINT: Final = -60.0
"""Level, in dB of full scale, below which no sound is any fainter."""


@dataclass(slots=True)
class _Window:
    samples: NDArray[np.float32]
    probability: float


class Segmenter:
    """One stream's endpointing."""

    def __init__(self, rules: Endpointing | None = None) -> None:
        self._rules = rules or Endpointing()
        self._preroll: deque[_Window] = deque(maxlen=_windows(self._rules.preroll))
        self._windows: list[_Window] = []
        self._open = False
        self._first = 0
        self._now = 0
        self._number = 0
        self._silent = 0
        self._shown = 0
        self._paused = 0
        self._continues = False
        self._patience = self._rules.silence

    def wait(self, piece: Piece, seconds: float) -> Iterator[Decision]:
        """In the pause that `piece` was announced at, wait so long for the utterance to end, which may have passed; nothing if it has gone on since.

        The result must be consumed.
        """
        if self._paused and (piece.number, piece.end) == (self._number, self._seconds(len(self._windows) - self._silent)):
            self._patience = seconds
            if self._silent >= _windows(seconds):
                yield self._end()

    def push(self, samples: NDArray[np.float32], probability: float) -> Iterator[Decision]:
        """The next window; gives what follows from it. The result must be consumed."""
        self._now += 1
        window = _Window(samples, probability)
        if not self._open:
            if probability < self._rules.onset:
                self._preroll.append(window)
                return
            self._begin([*self._preroll, window])
            return
        self._windows.append(window)
        if probability >= self._rules.offset:
            self._silent = 0
            if self._paused:
                self._paused, self._patience = 0, self._rules.silence
                yield Resumed()
        else:
            self._silent += 1
        yield from self._judge()

    def flush(self) -> Iterator[Decision]:
        """The stream ends: what is open is complete. The result must be consumed."""
        if self._open:
            yield self._end()

    def skip(self, windows: int) -> Iterator[Decision]:
        """Windows that are lost: what is open is complete, and time goes on behind them. The result must be consumed."""
        yield from self.flush()
        self._preroll.clear()
        start = self._now * WINDOW_SECONDS
        self._now += windows
        yield Skipped(start, self._now * WINDOW_SECONDS)

    def _judge(self) -> Iterator[Decision]:
        rules = self._rules
        if self._silent >= _windows(self._patience):
            yield self._end()
        elif len(self._windows) >= _windows(rules.longest):
            yield self._cut()
        elif self._paused < _TOLD and self._silent >= _windows(rules.hint if not self._paused else rules.pause):
            self._paused += 1
            yield Paused(self._piece(len(self._windows)), early=self._paused < _TOLD)
        elif not self._silent and self._now - self._shown >= _windows(rules.interim):
            self._shown = self._now
            yield Growing(self._piece(len(self._windows)))

    def _begin(self, windows: list[_Window], *, continues: bool = False) -> None:
        self._continues = continues
        self._open, self._paused, self._patience = True, 0, self._rules.silence
        self._windows = windows
        self._first = self._now - len(windows)
        self._silent = 0
        self._shown = self._now + _windows(self._rules.first_interim) - _windows(self._rules.interim)
        self._preroll.clear()

    def _end(self) -> Decision:
        """Close the utterance; the silence after its tail is the pre-roll of the next one."""
        decision = self._complete(len(self._windows))
        voiced = len(self._windows) - self._silent
        self._preroll.extend(self._windows[voiced + _windows(self._rules.tail) :])
        self._windows, self._open = [], False
        return decision

    def _cut(self) -> Decision:
        """Close the utterance at its best pause; the rest goes on as the next one."""
        at = self._best_cut()
        decision = self._complete(at)
        silent = self._silent
        self._begin(self._windows[at:], continues=True)
        self._silent = min(silent, len(self._windows))
        return decision

    def _best_cut(self) -> int:
        """In the middle of the longest silence, a later one before an earlier; else where sound is least like speech and faint."""
        probabilities = np.array([window.probability for window in self._windows])
        first, last = len(probabilities) // 3, len(probabilities) - _CUT_SMOOTHING
        silent = probabilities < self._rules.offset
        best, worth, begin = 0, 0.0, first
        for index in range(first, last + 1):
            if index < last and silent[index]:
                continue
            found = index - begin + _LATER * begin / last
            if index > begin and found > worth:
                best, worth = (begin + index) // 2, found
            begin = index + 1
        if worth >= _CUT_SILENCE:
            return best
        levels = np.array([max(_FAINT, _decibels(window.samples)) for window in self._windows])
        doubt = probabilities - levels / _FAINT
        smooth = np.convolve(doubt, np.ones(_CUT_SMOOTHING) / _CUT_SMOOTHING, mode="same")
        half = len(smooth) // 2
        return half + int(np.argmin(smooth[half : -(_CUT_SMOOTHING // 2)]))

    def _complete(self, count: int) -> Decision:
        """The first `count` windows as an utterance, if they are one."""
        piece = self._piece(count)
        self._number += 1
        loudness = [_decibels(w.samples) for w in self._windows[:count] if w.probability >= self._rules.onset]
        loudest = float(np.percentile(loudness, 90)) if loudness else -np.inf
        if piece.voiced < self._rules.shortest or loudest < self._rules.loudest:
            return Discarded(piece.start)
        return Ended(piece)

    def _piece(self, count: int) -> Piece:
        """The first `count` windows without the silence at their end, but for a tail."""
        rules = self._rules
        voiced = [index for index in range(count) if self._windows[index].probability >= rules.offset]
        last = voiced[-1] + 1 if voiced else 0
        keep = min(count, last + _windows(rules.tail))
        samples = np.concatenate([window.samples for window in self._windows[:keep]]) if keep else np.zeros(0, np.float32)
        spans: list[tuple[float, float]] = []
        for index in voiced:
            start, end = self._seconds(index), self._seconds(index + 1)
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return Piece(self._number, self._seconds(0), self._seconds(last), samples, tuple(spans), self._continues)

    def _seconds(self, index: int) -> float:
        return (self._first + index) * WINDOW_SECONDS


def _windows(seconds: float) -> int:
    return max(1, round(seconds / WINDOW_SECONDS))


def _decibels(samples: NDArray[np.float32]) -> float:
    """Level of a window in dB of full scale."""
    power = float(np.dot(samples, samples)) / WINDOW
    return 10 * float(np.log10(power + 1e-12))
