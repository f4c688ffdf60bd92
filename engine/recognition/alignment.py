"""When each word was said. The model does not tell, so the words are laid over the sound.

Every word has an expected length, by its syllables and letters. Boundaries between words are put where the lengths come out best, where
there is little sound, and where a mark of punctuation meets a pause; a word does not reach across a pause. Dynamic programming over steps
of 20 ms.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE
from engine.recognition.phrasing import bare, leading_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.segmenter import Piece

    Values = NDArray[np.float64]

STEP: Final = 0.02
"""Seconds."""

_SAMPLES: Final = round(STEP * SAMPLE_RATE)
_EDGE: Final = 0.1
"""Seconds around voice in which a quiet beginning or end still belongs to it."""
_RANGE: Final = 45.0
"""Decibels below the loudest voice that are looked at."""
_QUIET: Final = 0.35
"""Part of the way from the background to the voice below which there is no voice."""
_DISTINCT: Final = 12.0
"""Decibels between background and voice from which levels tell more than voice activity."""
_CLOSED: Final = 0.08
"""Seconds of silence that are part of a word, as before a `t`."""
_SYLLABLE: Final = 1.0
_LETTER: Final = 0.3
_DRAWN: Final = 1.0
"""What a word gains at the end of a clause, where people draw it out."""
_MARKS: Final = frozenset(".,?!;:")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SPREAD: Final = 0.35
"""Standard deviation of a word's length, in its expected lengths."""
_LOUD_BOUNDARY: Final = 0.5
"""Cost of a boundary in the middle of sound."""
_SILENT_WORD: Final = 25.0
"""Cost of a second of silence inside a word."""
_MARK_PAUSE: Final = 4.0
"""Worth of a second of pause at a mark, up to half a second."""
_LEAD_PAUSE: Final = 3.0
"""The same before a word that leads on to others, such as "and"."""
_PAUSE: Final = 1.0
"""Worth of a second of pause between other words."""
_LONGEST_PAUSE: Final = 0.5
_REACH: Final = 110
"""Steps that a word may take, with the pauses around it."""


def align(words: Sequence[str], piece: Piece) -> list[tuple[float, float]]:
    """(start, end) of each word, in seconds of the stream; in order, inside the utterance."""
    if not words:
        return []
    active = _activity(piece)
    first, last = _ends(active)
    boundaries = _boundaries(words, active, first, last)
    times: list[tuple[float, float]] = []
    for begin, end in itertools.pairwise(boundaries):
        voiced = np.flatnonzero(active[begin:end])
        start, stop = (begin + int(voiced[0]), begin + int(voiced[-1]) + 1) if len(voiced) else (begin, end)
        times.append((piece.start + start * STEP, piece.start + stop * STEP))
    return times


def _activity(piece: Piece) -> NDArray[np.bool_]:
    """For each step, whether there is voice: by voice activity, sharpened by level."""
    count = max(1, -(-len(piece.samples) // _SAMPLES))
    padded = np.zeros(count * _SAMPLES)
    padded[: len(piece.samples)] = piece.samples
    levels = 10 * np.log10(np.mean(padded.reshape(count, _SAMPLES) ** 2, axis=1) + 1e-10)
    near, voiced = np.zeros(count, bool), np.zeros(count, bool)
    for start, end in piece.spans:
        begin, stop = start - piece.start, end - piece.start
        voiced[_step(begin) : _step(stop)] = True
        near[max(0, _step(begin - _EDGE)) : _step(stop + _EDGE)] = True
    if not voiced.any():
        near[:] = voiced[:] = True
    loud = float(np.percentile(levels[voiced], 90))
    background = max(float(np.percentile(levels, 5)), loud - _RANGE)
    if loud - background < _DISTINCT:
        return voiced
    active = near & (levels > background + _QUIET * (loud - background))
    return _closed(active) if active.any() else voiced


def _closed(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Short silences between voice count as voice."""
    result, places = active.copy(), np.flatnonzero(active)
    for one, other in itertools.pairwise(places):
        if 1 < other - one <= round(_CLOSED / STEP):
            result[one:other] = True
    return result


def _ends(active: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(active)
    return int(places[0]), int(places[-1]) + 1


def _boundaries(words: Sequence[str], active: NDArray[np.bool_], first: int, last: int) -> list[int]:
    """The steps at which words begin, and the end: the cheapest way through."""
    sound = np.concatenate([[0.0], np.cumsum(active)])[first : last + 1] * STEP
    pauses = _pauses(active)[first : last + 1]
    size = last - first + 1
    reach = min(size - 1, max(_REACH, math.ceil(3 * size / len(words))))
    begins = np.arange(size)[:, None] - np.arange(1, reach + 1)  # [end, steps back]
    inside = begins >= 0
    begins = np.where(inside, begins, 0)
    spoken = sound[:, None] - sound[begins]
    silence = np.arange(size) * STEP - sound
    inner = silence[:, None] - silence[begins] - pauses[begins] - pauses[:, None]  # what is not trimmed off at its edges
    fixed = np.where(inside, _SILENT_WORD * np.maximum(0.0, inner), np.inf)
    quiet = np.where(pauses > 0, 0.0, _LOUD_BOUNDARY)
    worth = np.minimum(pauses, _LONGEST_PAUSE)
    weights = np.array([_weight(word) for word in words])
    expected = weights * sound[-1] / weights.sum()
    cost: Values = np.full(size, np.inf)
    cost[0] = 0.0
    came: list[NDArray[np.int64]] = []
    for word, following, length in zip(words, [*words[1:], ""], expected, strict=True):
        total = cost[begins] + fixed + _unlikely((spoken - length) / (_SPREAD * length + STEP))
        origin = total.argmin(axis=1)
        came.append(np.arange(size) - 1 - origin)
        cost = total[np.arange(size), origin] + quiet - worth * _pause_worth(word, following)
    path = [size - 1]
    for begin in reversed(came):
        path.append(int(begin[path[-1]]))
    return [first + max(0, place) for place in reversed(path)]


def _pause_worth(word: str, following: str) -> float:
    """What a second of pause between two words is worth: much at a mark, none behind a word that leads on to the next."""
    if word[-1:] in _MARKS:
        return _MARK_PAUSE
    if bare(word) in leading_words():
        return 0.0
    return _LEAD_PAUSE if bare(following) in leading_words() else _PAUSE


def _unlikely(deviation: Values) -> Values:
    """The cost of a length: squared near what is expected, linear beyond, as people do draw out a word."""
    far = np.abs(deviation)
    return np.where(far < 1, far**2, 2 * far - 1)


def _pauses(active: NDArray[np.bool_]) -> Values:
    """Seconds of the silence that each boundary between two steps lies in; 0 in or beside voice on both sides."""
    result = np.zeros(len(active) + 1)
    at = 0
    while at < len(active):
        if active[at]:
            at += 1
            continue
        end = at
        while end < len(active) and not active[end]:
            end += 1
        result[at : end + 1] = (end - at) * STEP
        at = end
    return result


def _weight(word: str) -> float:
    letters = "".join(letter for letter in word.lower() if letter.isalnum())
    drawn = _DRAWN if word[-1:] in _MARKS else 0.0
    return _SYLLABLE * max(1, len(_VOWELS.findall(letters))) + _LETTER * max(1, len(letters)) + drawn


def _step(seconds: float) -> int:
    return round(seconds / STEP)
