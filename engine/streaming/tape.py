"""The latest sound of one stream, in memory alone: what is still being recognised can be cut out of it."""

from __future__ import annotations

from typing import Final

from audio.pcm import BYTES_PER_SECOND, SAMPLE_BYTES, SAMPLE_RATE

MAX_SECONDS: Final = 240.0
"""Longer than the recogniser may be behind."""
AROUND: Final = 0.3
"""Seconds of sound that are cut out before and after an utterance."""


class Tape:
    """16 kHz mono LINEAR16; places are seconds of the stream."""

    def __init__(self) -> None:
        self._sound = bytearray()
        self._dropped = 0

    def append(self, pcm: bytes) -> None:
        """The next sound."""
        self._sound += pcm
        self._drop(len(self._sound) - round(MAX_SECONDS * BYTES_PER_SECOND))

    def cut(self, start: float, end: float) -> tuple[float, bytes]:
        """The sound of an utterance and where it begins; empty if it is gone. Utterances are cut in order: what lies before is dropped."""
        first = max(self._dropped, _place(start - AROUND))
        sound = bytes(self._sound[first - self._dropped : max(0, _place(end + AROUND) - self._dropped)])
        self._drop(_place(end) - self._dropped)
        return first / BYTES_PER_SECOND, sound

    def _drop(self, count: int) -> None:
        if count > 0:
            count = min(count, len(self._sound))
            del self._sound[:count]
            self._dropped += count


def _place(seconds: float) -> int:
    return max(0, round(seconds * SAMPLE_RATE) * SAMPLE_BYTES)
