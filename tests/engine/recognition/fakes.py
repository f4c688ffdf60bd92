"""A recogniser and a detector that do what a test says."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np

from engine.recognition.types import Capabilities, Transcript
from engine.recognition.vad import WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SPEECH_LEVEL = 0.1


def sound(*parts: tuple[float, float]) -> bytes:
    """PCM of (loudness, seconds) one after the other; loudness of a scripted word marks who speaks it."""
    levels = np.concatenate([np.full(round(seconds * 16_000 / WINDOW) * WINDOW, level * 32_767) for level, seconds in parts])
    levels[1::2] *= -1
    return levels.astype("<i2").tobytes()


class LoudnessDetector:
    """Speech is what is loud."""

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        loudest: NDArray[np.float32] = np.abs(samples).reshape(-1, WINDOW).max(axis=1)
        return np.where(loudest > SPEECH_LEVEL / 2, np.float32(1), np.float32(0))


class BrokenDetector:
    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        raise RuntimeError("The detector is broken.")


class ScriptedRecogniser:
    """Says how loud a piece is, in per cent. Workers wait at the gate of its loudness while a test keeps that closed."""

    name = "Scripted"
    capabilities = Capabilities(frozenset({"en"}), detects=False)

    def __init__(self) -> None:
        self.heard: list[tuple[int, float]] = []
        """(loudness in per cent, seconds) of all that was read."""
        self.hurried: list[bool] = []
        """Whether that was to be quick."""
        self.broken_at: int | None = None
        self._gates: dict[int, threading.Event] = {}
        self._taken = threading.Semaphore(0)

    def close(self, level: int) -> None:
        self._gates[level] = threading.Event()

    def open_all(self) -> None:
        for gate in self._gates.values():
            gate.set()

    def open(self, level: int) -> None:
        self._gates[level].set()

    async def taken(self) -> None:
        """A worker has taken one more piece."""
        assert await asyncio.to_thread(self._taken.acquire, timeout=20)

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        level = 5 * round(float(np.abs(samples).max()) * 20)  # what the filter before it adds at an edge is less
        self.hurried.append(hurried)
        self.heard.append((level, len(samples) / 16_000))
        self._taken.release()
        if level in self._gates:
            assert self._gates[level].wait(20)
        if level == self.broken_at:
            raise RuntimeError("The model is broken.")
        return Transcript(text=f"level {level}", logprob=-0.1, tokens=2)
