"""From the sound that a client sends to the one format inside: 16 kHz mono LINEAR16."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from audio.errors import UnsupportedFormat
from audio.pcm import BYTES_PER_SECOND, SAMPLE_RATE
from engine.errors import BadSound
from engine.streaming.sound.decoders import FlacDecoder, LinearDecoder, OpusStreamDecoder, SoundDecoder

Encoding = Literal["LINEAR16", "MULAW", "FLAC", "OPUS"]

MAX_FAULTS: Final = 100
"""Places in one frame behind which decoding is tried again."""
MAX_SECONDS: Final = 300
"""Sound that one frame may unfold to: silence takes next to no room in FLAC and Opus."""


class _Rates(NamedTuple):
    """Samples a second: the bounds of an encoding, and what it has where none are named."""

    least: int
    most: int
    default: int


RATES: Final[dict[Encoding, _Rates]] = {
    "LINEAR16": _Rates(8_000, 48_000, SAMPLE_RATE),
    "MULAW": _Rates(8_000, 48_000, 8_000),
    "FLAC": _Rates(16_000, 192_000, SAMPLE_RATE),
    "OPUS": _Rates(8_000, 48_000, SAMPLE_RATE),
}
_NAMES: Final = ", ".join(f"{'Opus' if name == 'OPUS' else name} ({one.least} to {one.most} Hz)" for name, one in RATES.items())


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """How the sound is encoded. `rate` in samples a second; FLAC and Opus streams know their own, and that counts."""

    encoding: Encoding = "LINEAR16"
    rate: int = SAMPLE_RATE


DEFAULT_FORMAT: Final = SoundFormat()


def read_format(encoding: str | None, rate: float | None, now: SoundFormat) -> SoundFormat:
    """The format that a request names; what it leaves out stays as it is `now`. Raises `UnsupportedFormat`."""
    named = (encoding or now.encoding).upper()
    found = next((known for known in RATES if known == named), None)
    if found is None:
        raise UnsupportedFormat(f"encoding is not accepted: send {_NAMES}.")
    bounds = RATES[found]
    if rate is None:
        return SoundFormat(found, now.rate if found == now.encoding else bounds.default)
    if not (bounds.least <= rate <= bounds.most and float(rate).is_integer()):
        raise UnsupportedFormat(
            f"sampleRateHertz must be a valid number: {encoding or now.encoding} is taken from {bounds.least} to {bounds.most} Hz."
        )
    return SoundFormat(found, int(rate))


class Taken(NamedTuple):
    """What became of a frame: its sound, 16 kHz mono LINEAR16, and what was wrong with the rest of it (empty: nothing)."""

    sound: bytes
    trouble: str = ""


class Intake:
    """One stream's decoder; whatever is incomplete waits for the next frame."""

    def __init__(self, sound: SoundFormat) -> None:
        self._sound = sound
        self._decoder = _decoder(sound)

    def goes_on(self, sound: SoundFormat) -> bool:
        """Whether sound of this form can be decoded without a new start: FLAC and Opus streams know their own rate."""
        return sound.encoding == self._sound.encoding and sound.encoding in {"FLAC", "OPUS"}

    def process(self, data: bytes) -> Taken:
        """A frame of any length. What cannot be decoded is left out, what stands before and behind it is not."""
        sound = bytearray()
        trouble = ""
        for _ in range(MAX_FAULTS):
            try:
                for piece in self._decoder.decode(data):
                    sound += piece
                    if len(sound) > MAX_SECONDS * BYTES_PER_SECOND:
                        self._decoder = _decoder(self._sound)
                        return Taken(bytes(sound), f"One frame may hold {MAX_SECONDS} s of sound: the rest of it was left out.")
                break
            except BadSound as error:
                trouble, data = str(error), b""
        return Taken(bytes(sound), trouble)

    def flush(self) -> bytes:
        """What is still held, when no more will come; a last frame that is not whole is dropped."""
        sound: list[bytes] = []
        with contextlib.suppress(BadSound):  # nobody is left to be told of it
            sound.extend(self._decoder.flush())
        return b"".join(sound)


def _decoder(sound: SoundFormat) -> SoundDecoder:
    match sound.encoding:
        case "FLAC":
            return FlacDecoder()
        case "OPUS":
            return OpusStreamDecoder()
    return LinearDecoder(sound.rate, mulaw=sound.encoding == "MULAW")
