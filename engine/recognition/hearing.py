"""PCM to decisions: windows, voice activity, endpointing of one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recognition.segmenter import Segmenter
from engine.recognition.vad import WINDOW

if TYPE_CHECKING:
    from engine.recognition.segmenter import Decision
    from engine.recognition.vad import Detector

_FULL_SCALE: Final = np.float32(1 / 32_768)


class Hearing:
    """One stream's ear. One thread at a time."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._segmenter = Segmenter()

    def hear(self, pcm: bytes, *, skip: int = 0, last: bool = False) -> list[Decision]:
        """What follows from more sound.

        Args:
            pcm: 16 kHz mono LINEAR16, a whole number of windows, or any number of samples if it is the last sound.
            skip: windows that were lost before it.
            last: nothing will follow.
        """
        decisions: list[Decision] = []
        if skip:
            decisions.extend(self._segmenter.skip(skip))
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) * _FULL_SCALE
        if last and len(samples) % WINDOW:
            samples = np.concatenate([samples, np.zeros(-len(samples) % WINDOW, np.float32)])
        probabilities = self._detector.probabilities(samples)
        for window, probability in zip(samples.reshape(-1, WINDOW), probabilities, strict=True):
            decisions.extend(self._segmenter.push(window, float(probability)))
        if last:
            decisions.extend(self._segmenter.flush())
        return decisions
