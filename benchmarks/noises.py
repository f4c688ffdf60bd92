"""Sounds that are no speech, all kinds at one level or one after the other as in a room, and speech that is hard to tell from them; seeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import linalg, signal

from audio.pcm import SAMPLE_RATE
from benchmarks.sounds import SOUNDS, at_level, echoing, linear16, room, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_LEVELS: Final = (-50.0, -14.0)
"""Decibels of full scale that a script's sounds have."""
_LENGTHS: Final = (2.0, 12.0)
"""Seconds of one sound of a script."""
_GAPS: Final = (0.2, 3.0)
_ROOM: Final = (-75.0, -52.0)
"""Decibels of the room tone under everything."""
_ORDER: Final = 18
_FRAME: Final = 400
_HOP: Final = 160


@dataclass(frozen=True, slots=True)
class Event:
    """A sound of a script. `start` and `seconds` in seconds; `decibels` of full scale; `pcm` LINEAR16, with the quiet after the sound."""

    name: str
    start: float
    seconds: float
    decibels: float
    pcm: bytes


def noises(seconds: float, decibels: float, seed: int = 0) -> dict[str, bytes]:
    """LINEAR16 of each kind, at a level in dB of full scale."""
    count = round(SAMPLE_RATE * seconds)
    return {
        name: at_level(make(np.random.default_rng([seed, at]), count), decibels) for at, (name, make) in enumerate(SOUNDS.items())
    }


def script(seconds: float, seed: int = 0) -> Iterator[Event]:
    """Sounds of all kinds in a random order, at random levels, near and far, over a room's tone."""
    random = np.random.default_rng(seed)
    at, names = 0.0, list[str]()
    while at < seconds:
        names = names or [str(name) for name in random.permutation(list(SOUNDS))]
        name = names.pop()
        count, gap = (round(random.uniform(*span) * SAMPLE_RATE) for span in (_LENGTHS, _GAPS))
        decibels, floor = random.uniform(*_LEVELS), random.uniform(*_ROOM)
        sound = SOUNDS[name](random, count)
        if random.random() < 1 / 2:
            sound = echoing(random, sound)
        mixed = scaled(room(random, count + gap), floor)
        mixed[:count] += scaled(sound, decibels)
        yield Event(name, at, count / SAMPLE_RATE, decibels, linear16(mixed))
        at += (count + gap) / SAMPLE_RATE


def whispered(samples: NDArray[np.int16], decibels: float, seed: int = 0) -> bytes:
    """Recorded speech as a whisper: its vocal tract (linear prediction, 10 ms apart) with noise in place of the voice."""
    random = np.random.default_rng(seed)
    speech = signal.lfilter([1.0, -0.95], [1.0], samples.astype(np.float64))
    window = np.hanning(_FRAME)
    whisper = np.zeros(len(speech) + _FRAME)
    for at in range(0, len(speech) - _FRAME, _HOP):
        frame = speech[at : at + _FRAME] * window
        products = np.correlate(frame, frame, "full")[_FRAME - 1 : _FRAME + _ORDER]
        products[0] = products[0] * 1.0001 + 1.0
        tract = linalg.solve_toeplitz(products[:-1], products[1:])
        power = max(0.0, float(products[0] - tract @ products[1:])) / float(np.sum(window**2))
        breath = random.standard_normal(_FRAME) * np.sqrt(power)
        whisper[at : at + _FRAME] += signal.lfilter([1.0], np.concatenate([[1.0], -tract]), breath) * window
    return at_level(signal.lfilter([1.0], [1.0, -0.7], whisper), decibels)  # a whisper has less of the low tones than a voice
