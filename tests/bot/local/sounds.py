"""Sound that the scripted recogniser reads, and files of it."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

from tests.engine.fakes import pause, say

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def levels(*numbers: int) -> NDArray[np.int16]:
    """A second each: half of the sentence of that number, half of silence; 0 is a second of silence."""
    return np.frombuffer(b"".join(say(number) + pause() for number in numbers), "<i2").astype(np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = 16_000) -> Path:
    """Samples, or samples by channels."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
