"""Voice activity: how likely each 32 ms of sound are speech (Silero VAD 6, straight on ONNX Runtime)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from engine.recognition.graphs import session

if TYPE_CHECKING:
    import onnxruntime as ort
    from numpy.typing import NDArray

WINDOW: Final = 512
"""Samples of one window at 16 kHz."""
WINDOW_SECONDS: Final = WINDOW / 16_000

QUIET_WINDOWS: Final = 31
"""A second of silence, after which the model begins anew: what it keeps of a loud voice would hide a faint one behind it."""
_QUIET: Final = 0.1
"""Probability below which nobody speaks for certain."""
_CONTEXT: Final = 64
"""Samples of the window before, which the model sees too."""
_MODEL: Final = Path(__file__).parent / "data" / "silero_vad.onnx"


class Detector(Protocol):
    """What tells speech from the rest, for one stream."""

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """One probability a window. `samples`: 16 kHz, -1 to 1, a whole number of windows."""


class VoiceActivity:
    """One stream's detector. The model is shared, the state is the stream's; one thread at a time."""

    def __init__(self) -> None:
        self._session = _load()
        self._context = np.zeros(_CONTEXT, np.float32)
        self._hidden = self._cell = np.zeros((1, 1, 128), np.float32)
        self._quiet = 0

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Detector`; the state goes on from the call before."""
        found = [np.zeros(0, np.float32)]
        while len(samples):
            some = self._run(samples[: QUIET_WINDOWS * WINDOW])
            for count, probability in enumerate(some, start=1):
                self._quiet = self._quiet + 1 if probability < _QUIET else 0
                if self._quiet == QUIET_WINDOWS:
                    self._begin_anew()
                    some = some[:count]
                    break
            found.append(some)
            heard, samples = samples[: len(some) * WINDOW], samples[len(some) * WINDOW :]
            self._context = heard[-_CONTEXT:].copy()
        return np.concatenate(found)

    def _run(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        sound = np.concatenate([self._context, samples])
        framed = np.lib.stride_tricks.sliding_window_view(sound, _CONTEXT + WINDOW)[::WINDOW]
        feed = {"input": np.ascontiguousarray(framed), "h": self._hidden, "c": self._cell}
        result, self._hidden, self._cell = self._session.run(None, feed)
        probabilities: NDArray[np.float32] = result.ravel()
        return probabilities

    def _begin_anew(self) -> None:
        self._hidden = self._cell = np.zeros((1, 1, 128), np.float32)
        self._quiet = 0


@functools.cache
def _load() -> ort.InferenceSession:
    return session(_MODEL)
