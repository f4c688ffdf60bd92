"""From the sound that a client sends to the one format inside: 16 kHz mono LINEAR16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from audio.errors import UnsupportedFormat
from audio.pcm import SAMPLE_RATE
from audio.resample import Resampler

Encoding = Literal["LINEAR16", "MULAW"]

MIN_RATE: Final = 8_000
MAX_RATE: Final = 48_000
MULAW_RATE: Final = 8_000
ACCEPTED: Final = "LINEAR16 (8000 to 48000 Hz) or MULAW (8000 Hz)"


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """How the sound is encoded; always mono. `rate` in samples a second."""

    encoding: Encoding = "LINEAR16"
    rate: int = SAMPLE_RATE


DEFAULT_FORMAT: Final = SoundFormat()


def read_format(encoding: str | None, rate: float | None, now: SoundFormat) -> SoundFormat:
    """The format that a request names; what it leaves out stays as it is `now`. Raises `UnsupportedFormat`."""
    match (encoding or now.encoding).upper():
        case "LINEAR16":
            wanted = now.rate if rate is None else rate
            if not (MIN_RATE <= wanted <= MAX_RATE and float(wanted).is_integer()):
                raise UnsupportedFormat(
                    f"sampleRateHertz must be a valid number: LINEAR16 is taken from {MIN_RATE} to {MAX_RATE} Hz."
                )
            return SoundFormat("LINEAR16", int(wanted))
        case "MULAW":
            if rate not in {None, MULAW_RATE}:
                raise UnsupportedFormat(f"sampleRateHertz must be a valid number: MULAW is taken at {MULAW_RATE} Hz.")
            return SoundFormat("MULAW", MULAW_RATE)
    raise UnsupportedFormat(f"encoding is not accepted: send {ACCEPTED}.")


class Intake:
    """One stream's decoder; state and half samples are carried over from frame to frame."""

    def __init__(self, sound: SoundFormat) -> None:
        self._mulaw = sound.encoding == "MULAW"
        self._resampler = Resampler(sound.rate)

    def process(self, data: bytes) -> bytes:
        """A frame of any length as 16 kHz mono LINEAR16."""
        if self._mulaw:
            data = _MULAW[np.frombuffer(data, np.uint8)].tobytes()
        return self._resampler.process(data)

    def flush(self) -> bytes:
        """What the resampler still holds."""
        return self._resampler.flush()


def _mulaw_table() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """ITU-T G.711 mu-law, byte to 16-bit sample: inverted bits, sign, 3-bit exponent, 4-bit mantissa, bias 132."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


_MULAW: Final = _mulaw_table()
