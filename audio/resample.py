"""Any rate and channel count to one rate and one channel, block by block, with the filter's state carried over (soxr)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

from audio.errors import UnsupportedFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_RATE: Final = 4_000
MAX_RATE: Final = 384_000
MAX_CHANNELS: Final = 32

_QUALITY: Final = "HQ"
"""20 bits, linear phase: beyond what 16 bits can hold."""


class Resampler:
    """Interleaved s16le in, mono s16le at `target` Hz out. Any cut of the input gives the same output.

    Args:
        rate: samples a second of the input, 4,000 to 384,000.
        channels: 1 to 32; they are mixed down by their mean.
        target: samples a second of the output.
    """

    def __init__(self, rate: int, channels: int = 1, target: int = 16_000) -> None:
        for name, value in (("input", rate), ("output", target)):
            if not MIN_RATE <= value <= MAX_RATE:
                raise UnsupportedFormat(
                    f"Sound between {MIN_RATE} and {MAX_RATE} Hz can be resampled; {value} Hz of {name} cannot."
                )
        if not 1 <= channels <= MAX_CHANNELS:
            raise UnsupportedFormat(f"Sound of 1 to {MAX_CHANNELS} channels can be mixed down; {channels} channels cannot.")
        self._channels = channels
        self._frame_bytes = 2 * channels
        self._rest = b""
        self._stream = None if rate == target else soxr.ResampleStream(rate, target, 1, dtype="float32", quality=_QUALITY)

    def process(self, pcm: bytes) -> bytes:
        """What can be given out so far; bytes of an unfinished sample wait for the next call."""
        if self._rest:
            pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % self._frame_bytes
        self._rest = pcm[whole:]
        if self._stream is None and self._channels == 1:
            return pcm[:whole]
        return self._run(np.frombuffer(pcm, "<i2", whole // 2), last=False)

    def flush(self) -> bytes:
        """What the filter still holds. An unfinished sample is dropped; afterwards new sound can begin."""
        self._rest = b""
        if self._stream is None:
            return b""
        tail = self._run(np.empty(0, np.int16), last=True)
        self._stream.clear()
        return tail

    def _run(self, samples: NDArray[np.int16], *, last: bool) -> bytes:
        mono = (
            samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
            if self._channels > 1
            else samples.astype(np.float32)
        )
        if self._stream is not None:
            mono = self._stream.resample_chunk(mono, last=last)
        output: NDArray[np.int16] = np.rint(mono).clip(-32768, 32767).astype("<i2")
        return output.tobytes()
