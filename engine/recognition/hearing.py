"""PCM to decisions: windows without rumble, voice activity, endpointing of one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from engine.recognition.rumble import HighPass
from engine.recognition.segmenter import Segmenter
from engine.recognition.vad import WINDOW

if TYPE_CHECKING:
    from engine.recognition.segmenter import Decision, Piece
    from engine.recognition.vad import Detector

Patience: TypeAlias = "tuple[Piece, float]"
"""A piece that was announced at a pause, and the seconds of silence that end it."""

_FULL_SCALE: Final = np.float32(1 / 32_768)


class Hearing:
    """One stream's ear. One thread at a time."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._segmenter = Segmenter()
        self._high_pass = HighPass()

    def hear(self, pcm: bytes, *, skip: int = 0, patience: Patience | None = None, last: bool = False) -> list[Decision]:
        """What follows from more sound.

        Args:
            pcm: 16 kHz mono LINEAR16, a whole number of windows, none at all, or any number of samples if it is the last sound.
            skip: windows that were lost before it.
            patience: how long to wait in a pause, once that is known.
            last: nothing will follow.
        """
        decisions: list[Decision] = []
        if patience is not None:
            decisions.extend(self._segmenter.wait(*patience))
        if skip:
            decisions.extend(self._segmenter.skip(skip))
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) * _FULL_SCALE
        if last and len(samples) % WINDOW:
            samples = np.concatenate([samples, np.zeros(-len(samples) % WINDOW, np.float32)])
        samples = self._high_pass(samples)
        probabilities = self._detector.probabilities(samples)
        for window, probability in zip(samples.reshape(-1, WINDOW), probabilities, strict=True):
            decisions.extend(self._segmenter.push(window, float(probability)))
        if last:
            decisions.extend(self._segmenter.flush())
        return decisions
