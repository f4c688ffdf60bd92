"""Takes out what lies below any voice: the offset and the slow sway of a bad microphone, rumble, part of a mains hum.

They can be far louder than the voice, which the voice activity detector then no longer hears.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUTOFF_HERTZ: Final = 100.0
_DECAYED: Final = 0.022
"""Seconds after which the filter's response to a click is below -80 dB."""


class HighPass:
    """One stream's filter: second order, Butterworth, without delay. One thread at a time."""

    def __init__(self) -> None:
        self._before = np.zeros(len(_TAPS) - 1, np.float32)

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is left of the next samples of the stream; as many as are given."""
        if not len(samples):
            return samples
        sound = np.concatenate([self._before, samples])
        self._before = sound[len(sound) - len(self._before) :]
        return np.convolve(sound, _TAPS, mode="valid")


def _response() -> NDArray[np.float32]:
    """The filter's response to a click, up to where it has decayed, and with no gain at all for a steady offset.

    Source: Robert Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients (W3C note, 2021).
    """
    angle = 2 * math.pi * CUTOFF_HERTZ / SAMPLE_RATE
    alpha = math.sin(angle) / math.sqrt(2)
    scale = (1 + math.cos(angle)) / 2 / (1 + alpha)
    back = (-2 * math.cos(angle) / (1 + alpha), (1 - alpha) / (1 + alpha))
    taps: list[float] = []
    for index in range(round(_DECAYED * SAMPLE_RATE)):
        forward = scale * (1, -2, 1)[index] if index < 3 else 0.0
        taps.append(forward - sum(weight * taps[index - 1 - lag] for lag, weight in enumerate(back) if index > lag))
    offset = math.fsum(taps) / len(taps)
    return np.array([tap - offset for tap in taps], np.float32)


_TAPS: Final = _response()
