"""Two ways from Opus to 16 kHz mono, and what the recogniser makes of each: word error rates over recorded speech."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.opus import OpusDecoder, OpusEncoder
from audio.resample import Resampler
from benchmarks.speech import HEADLINE, word_error_rate
from engine.recognition.rumble import HighPass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speech import Clip
    from engine.recognition.types import Recogniser

_FRAME_BYTES: Final = 960 * 2 * 2
_BITRATES: Final = (64_000, 96_000)
"""Discord's default, and the most that a server without boosts may set. Two of them halve the play of chance in a few hundred words."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Headline word error rates, in per cent: libopus at 16 kHz mono, and libopus at 48 kHz stereo with soxr behind it."""

    direct: float
    resampled: float


def compare(recogniser: Recogniser, clips: Sequence[Clip]) -> Paths:
    """Encode each clip as Discord does (48 kHz stereo), decode it both ways, read it both ways."""
    chosen = [clip for clip in clips if clip.kind in HEADLINE]
    cases = list(itertools.product(chosen, _BITRATES))
    with ThreadPoolExecutor() as threads:
        pairs = list(threads.map(lambda case: _both(recogniser, *case), cases))
    texts = [clip.text for clip, _ in cases]
    return Paths(word_error_rate(texts, [one for one, _ in pairs]), word_error_rate(texts, [other for _, other in pairs]))


def _both(recogniser: Recogniser, clip: Clip, bitrate: int) -> tuple[str, str]:
    """What is read after decoding straight, and after decoding and resampling."""
    packets = encode(clip.pcm(), bitrate)
    decoder, stereo, resampler = OpusDecoder(16_000, 1), OpusDecoder(48_000, 2), Resampler(48_000, 2)
    direct = b"".join(decoder.decode(packet) for packet in packets)
    resampled = b"".join(resampler.process(stereo.decode(packet)) for packet in packets) + resampler.flush()
    return _read(recogniser, direct), _read(recogniser, resampled)


def encode(pcm: bytes, bitrate: int) -> list[bytes]:
    """Packets as Discord sends them: 48 kHz stereo. `pcm`: 16 kHz mono LINEAR16; `bitrate` in bits a second."""
    up = Resampler(16_000, 1, 48_000)
    mono = np.frombuffer(up.process(pcm) + up.flush(), "<i2")
    sound = np.repeat(mono, 2).tobytes()
    sound += bytes(-len(sound) % _FRAME_BYTES)
    encoder = OpusEncoder(bitrate=bitrate)
    return [encoder.encode(sound[at : at + _FRAME_BYTES]) for at in range(0, len(sound), _FRAME_BYTES)]


def _read(recogniser: Recogniser, pcm: bytes) -> str:
    """What is read once what lies below any voice is taken out, as the engine does."""
    return recogniser.transcribe(HighPass()(np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768))).text
