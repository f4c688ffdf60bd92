"""FLAC frames out of a byte stream that is cut anywhere (RFC 9639)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import BadSound

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER: Final = b"fLaC"
MAX_FRAME: Final = 512 * 1024
"""Bytes that a frame may take; frames of speech have some thousand."""

_SYNC: Final = re.compile(rb"\xff[\xf8\xf9]")
_LONGEST_HEADER: Final = 16
_MAX_CANDIDATES: Final = 64
_BLOCK_SIZES: Final = {1: 192, **{code: 144 << code for code in range(2, 6)}, **{code: 1 << code for code in range(8, 16)}}


@dataclass(frozen=True, slots=True)
class _Header:
    """What a frame header says: `fixed` when frames are numbered, else their first samples are."""

    fixed: bool
    number: int
    samples: int
    depth_and_rate: tuple[int, int]

    def follows(self, other: _Header) -> bool:
        """Whether this is the frame right behind another."""
        step = 1 if other.fixed else other.samples
        return self.depth_and_rate == other.depth_and_rate and self.fixed == other.fixed and self.number == other.number + step


class FlacSplitter:
    """Gives whole frames. A frame ends where the header of the next one stands, so each is given out one frame late.

    Where bytes are missing, two headers that follow each other mark the place from which the stream can be read again.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False
        self._skip = 0
        self._metadata = False
        self._scanned = 0
        self._candidates: list[tuple[int, _Header]] = []

    def push(self, data: bytes) -> Iterator[bytes]:
        """Frames that are complete now.

        Raises:
            BadSound: something is no FLAC. Going on with `push(b"")` gives what can be read behind it.
        """
        if self._begun and data.startswith(MARKER):  # the client's encoder began anew
            yield from self.flush()
        self._held += data
        if not self._ready():
            return
        yield from self._split()
        if len(self._held) > MAX_FRAME:
            self._drop(len(self._held) - _LONGEST_HEADER)
            raise BadSound("This is not FLAC: no frame header comes.")

    def flush(self) -> Iterator[bytes]:
        """The last frame, when no more will come."""
        if self._begun and not self._metadata:
            self._held += bytes(_LONGEST_HEADER)  # a short last frame leaves too little behind its header to look at
            yield from self._split()
            if self._candidates and self._candidates[0][0] == 0 and len(self._held) > _LONGEST_HEADER:
                yield bytes(self._held[:-_LONGEST_HEADER])
        self._held.clear()
        self._candidates.clear()
        self._scanned, self._begun = 0, False

    def _ready(self) -> bool:
        """Past the marker and the metadata blocks, if the stream begins with them."""
        if not self._begun:
            if len(self._held) < len(MARKER) and MARKER.startswith(bytes(self._held)):
                return False
            self._begun = True
            self._metadata = self._held.startswith(MARKER)
            if self._metadata:
                del self._held[: len(MARKER)]
        while self._metadata or self._skip:
            gone = min(self._skip, len(self._held))
            del self._held[:gone]
            self._skip -= gone
            if self._skip or (self._metadata and len(self._held) < 4):
                return False
            if self._metadata:  # a block header: last flag and type, 24 bits of length (RFC 9639, section 8.1)
                self._metadata = not self._held[0] & 0x80
                self._skip = int.from_bytes(self._held[1:4])
                del self._held[:4]
        return True

    def _split(self) -> Iterator[bytes]:
        """Look at every place where a header may stand with all its bytes there."""
        while True:
            until = max(0, len(self._held) - _LONGEST_HEADER)
            match = _SYNC.search(self._held, self._scanned, until + 1)
            if match is None:
                self._scanned = max(self._scanned, until)
                return
            place = match.start()
            self._scanned = place + 1
            header = _read(bytes(self._held[place : place + _LONGEST_HEADER]))
            if header is None:
                continue
            before = next((at for at, other in reversed(self._candidates) if header.follows(other)), None)
            if before is None:
                self._candidates.append((place, header))
                del self._candidates[1:-_MAX_CANDIDATES]
                continue
            frame = bytes(self._held[before:place])
            self._candidates = [(place, header)]
            self._drop(place)
            yield frame
            if before:
                raise BadSound("Some of the sound is not FLAC: it was left out.")

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._scanned = max(0, self._scanned - count)
        self._candidates = [(at - count, header) for at, header in self._candidates if at >= count]


def _read(data: bytes) -> _Header | None:
    """A frame header (RFC 9639, section 9.1), or None where there is none."""
    size_code, rate_code = data[2] >> 4, data[2] & 15
    channels, depth = data[3] >> 4, (data[3] >> 1) & 7
    if size_code == 0 or rate_code == 15 or channels > 10 or depth == 3 or data[3] & 1:
        return None
    number = _coded_number(data[4:])
    if number is None:
        return None
    value, length = number
    at = 4 + length
    samples = _BLOCK_SIZES.get(size_code, 0)
    if size_code in {6, 7}:
        samples = int.from_bytes(data[at : at + size_code - 5]) + 1
        at += size_code - 5
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(data) or _crc8(data[:at]) != data[at]:
        return None
    return _Header(data[1] == 0xF8, value, samples, (depth, rate_code))


def _coded_number(data: bytes) -> tuple[int, int] | None:
    """A number in the extended UTF-8 of RFC 9639, section 9.1.5, and its length in bytes."""
    first = data[0]
    if first < 0x80:
        return first, 1
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 7 or len(data) < length:
        return None
    value = first & (0x7F >> length)
    for byte in data[1:length]:
        if byte & 0xC0 != 0x80:
            return None
        value = value << 6 | byte & 0x3F
    return value, length


def _crc8(data: bytes) -> int:
    """CRC-8 with the polynomial x^8 + x^2 + x + 1 (RFC 9639, section 9.1.8)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
