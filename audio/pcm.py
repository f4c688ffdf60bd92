"""The one format inside the house: 16 kHz mono LINEAR16, 16-bit signed little-endian."""

from __future__ import annotations

SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2
BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_BYTES
FRAME_SECONDS = 0.02
"""The length of one Discord voice frame."""
FRAME_SAMPLES = 320
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES


def seconds(pcm: bytes) -> float:
    """The length of a piece of sound."""
    return len(pcm) / BYTES_PER_SECOND


def silence(duration: float) -> bytes:
    """Digital silence of `duration` seconds, a whole number of samples."""
    return bytes(max(0, round(duration * SAMPLE_RATE)) * SAMPLE_BYTES)
