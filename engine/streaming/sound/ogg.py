"""Packets out of an Ogg stream that is cut anywhere (RFC 3533)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from engine.errors import BadSound

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"OggS\0"
MAX_PACKET: Final = 512 * 1024
"""Bytes; an Opus packet has 61,440 at most, a FLAC frame of speech far less."""

_HEADER: Final = 27
_CONTINUED, _BEGINS = 1, 2
_KNOWN: Final = (b"OpusHead", b"\x7fFLAC")


class OggReader:
    """Gives the packets of the first Opus or FLAC stream in an Ogg stream, their header packets included."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._packet = bytearray()
        self._ready: deque[bytes] = deque()
        self._serial: bytes | None = None

    def push(self, data: bytes) -> Iterator[bytes]:
        """Packets that are complete now.

        Raises:
            BadSound: something is no Ogg. Going on with `push(b"")` gives what can be read behind it.
        """
        self._held += data
        while True:
            while self._ready:
                yield self._ready.popleft()
            if len(self._held) < _HEADER:
                return
            if not self._held.startswith(MAGIC):
                self._seek()
                raise BadSound("Some of the sound is not Ogg: it was left out.")
            segments = self._held[26]
            lengths = bytes(self._held[_HEADER : _HEADER + segments])
            begin = _HEADER + segments
            end = begin + sum(lengths)
            if len(lengths) < segments or len(self._held) < end:
                return
            flags, serial, body = self._held[5], bytes(self._held[14:18]), bytes(self._held[begin:end])
            del self._held[:end]
            if flags & _BEGINS and body.startswith(_KNOWN):
                self._serial = serial
                self._packet.clear()
            if serial == self._serial:
                self._read(flags, lengths, body)

    def _read(self, flags: int, lengths: bytes, body: bytes) -> None:
        """The packets of one page: segments of 255 bytes go on in the next segment (RFC 3533, section 5)."""
        broken = bool(flags & _CONTINUED) != bool(self._packet)
        self._packet = bytearray() if broken else self._packet
        skipping = broken and bool(flags & _CONTINUED)
        at = 0
        for length in lengths:
            if not skipping:
                self._packet += body[at : at + length]
            at += length
            if length < 255:
                if not skipping and self._packet:
                    self._ready.append(bytes(self._packet))
                self._packet.clear()
                skipping = False
        if len(self._packet) > MAX_PACKET:
            self._packet.clear()
            raise BadSound("An Ogg packet is too large to hold speech.")

    def _seek(self) -> None:
        """On to the next page."""
        self._packet.clear()
        at = self._held.find(MAGIC)
        del self._held[: at if at >= 0 else max(1, len(self._held) - len(MAGIC) + 1)]
