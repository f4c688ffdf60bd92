"""Opus packets out of a WebM stream that is cut anywhere, as a browser's MediaRecorder makes it (RFC 8794, RFC 9559)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import BadSound

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x1a\x45\xdf\xa3"
MAX_ELEMENT: Final = 128 * 1024
"""Bytes of a block or a name; an Opus packet has 61,440 at most."""

_SEGMENT, _CLUSTER, _TRACKS, _TRACK, _GROUP = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xA0
_NUMBER, _CODEC, _SIMPLE_BLOCK, _BLOCK = 0xD7, 0x86, 0xA3, 0xA1
_PARENTS: Final = frozenset({_SEGMENT, _CLUSTER, _TRACKS, _TRACK, _GROUP})
_WANTED: Final = frozenset({_NUMBER, _CODEC, _SIMPLE_BLOCK, _BLOCK})
_CLUSTER_ID: Final = _CLUSTER.to_bytes(4)
_LACED: Final = 0x06


class WebmReader:
    """Gives the packets of the first Opus track. Elements that nobody needs are passed over without being held."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skip = 0
        self._opus: int | None = None
        self._number: int | None = None
        self._codec = ""

    def push(self, data: bytes) -> Iterator[bytes]:
        """Packets that are complete now.

        Raises:
            BadSound: something is no WebM, or the sound in it is not Opus. Going on with `push(b"")` gives what can be read behind it.
        """
        self._held += data
        while True:
            gone = min(self._skip, len(self._held))
            del self._held[:gone]
            self._skip -= gone
            head = None if self._skip else self._head()
            if head is None:
                return
            kind, size, begin = head
            if kind in _PARENTS:  # its children follow; where it ends does not matter
                del self._held[:begin]
            elif size is None or (kind in _WANTED and size > MAX_ELEMENT):
                self._seek()
                raise BadSound("Some of the sound is not WebM: it was left out.")
            elif kind not in _WANTED:
                self._skip = begin + size
            elif len(self._held) < begin + size:
                return
            else:
                body = bytes(self._held[begin : begin + size])
                del self._held[: begin + size]
                if packet := self._element(kind, body):
                    yield packet

    def _head(self) -> tuple[int, int | None, int] | None:
        """Id, size (None: not known) and header length of the element at the front; None while too little is there."""
        if not self._held:
            return None
        id_length = 9 - self._held[0].bit_length()
        if id_length > 4:
            self._seek()
            raise BadSound("Some of the sound is not WebM: it was left out.")
        if len(self._held) <= id_length:
            return None
        size_length = 9 - self._held[id_length].bit_length()
        end = id_length + size_length
        if size_length > 8:
            self._seek()
            raise BadSound("Some of the sound is not WebM: it was left out.")
        if len(self._held) < end:
            return None
        ones = (1 << 7 * size_length) - 1
        size = int.from_bytes(self._held[id_length:end]) & ones
        return int.from_bytes(self._held[:id_length]), None if size == ones else size, end

    def _element(self, kind: int, body: bytes) -> bytes | None:
        if kind in {_SIMPLE_BLOCK, _BLOCK}:
            return self._block(body)
        if kind == _NUMBER:
            self._number = int.from_bytes(body)
        else:
            self._codec = body.rstrip(b"\0").decode("ascii", "replace")
        if self._number is not None and self._codec:  # one track has been described
            if self._codec == "A_OPUS" and self._opus is None:
                self._opus = self._number
            self._number, self._codec = None, ""
        return None

    def _block(self, body: bytes) -> bytes | None:
        """Track number, 16 bits of time, flags, then the packet (RFC 9559, section 10.1)."""
        if self._opus is None:
            raise BadSound("This WebM holds no Opus: record it as audio/webm;codecs=opus.")
        length = 9 - body[0].bit_length() if body else 9
        if length > 8 or len(body) < length + 3:
            raise BadSound("A WebM block is cut short.")
        if int.from_bytes(body[:length]) & ((1 << 7 * length) - 1) != self._opus:
            return None
        if body[length + 2] & _LACED:
            raise BadSound("This WebM puts several packets into a block: record it without lacing.")
        return body[length + 3 :]

    def _seek(self) -> None:
        """On to the next cluster."""
        at = self._held.find(_CLUSTER_ID, 1)
        del self._held[: at if at >= 0 else max(1, len(self._held) - len(_CLUSTER_ID) + 1)]
