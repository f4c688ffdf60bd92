"""RTP as Discord's voice server sends it: RFC 3550, with header extensions (RFC 8285) and padding."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

OPUS_PAYLOAD_TYPE: Final = 120
"""What Discord gives to people's microphones. Cameras and shared screens have other types."""
CLOCK_RATE: Final = 48_000
"""Ticks of the RTP timestamp a second, whatever rate the sound has (RFC 7587, section 4.1)."""
NONCE_BYTES: Final = 4
TAG_BYTES: Final = 16

_FIXED = Struct(">BBHII")
_EXTENSION_LENGTH = Struct(">H")
_VERSION_2 = 0x80
_SHORTEST = _FIXED.size + TAG_BYTES + NONCE_BYTES


class BadPacket(Exception):
    """A datagram that is no voice packet of ours, or a damaged one."""


class Header(NamedTuple):
    """What stands in clear before the encrypted part of a packet."""

    sequence: int
    """16 bits, one more for each packet."""
    timestamp: int
    """32 bits, in ticks of `CLOCK_RATE`."""
    ssrc: int
    size: int
    """Bytes before the encrypted part: fixed header, CSRCs and the first four bytes of an extension. They are the associated data."""
    extension: int
    """Bytes of extension at the beginning of the decrypted part."""
    padded: bool


def parse(data: bytes) -> Header | None:
    """The header of a microphone's packet; None for RTCP and for what is not Opus (cameras, shared screens, IP discovery).

    Raises:
        BadPacket: the packet ends before its own header says.
    """
    if len(data) < _SHORTEST:
        if len(data) > 1 and data[0] & 0xC0 == _VERSION_2 and data[1] & 0x7F == OPUS_PAYLOAD_TYPE:
            raise BadPacket("the packet is shorter than a header and a tag")
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first & 0xC0 != _VERSION_2 or second & 0x7F != OPUS_PAYLOAD_TYPE:  # RTCP's types 200-204 read as 72-76 here
        return None
    size = 12 + 4 * (first & 0x0F)
    extension = 0
    if first & 0x10:
        size += 4
        if len(data) < size + TAG_BYTES + NONCE_BYTES:
            raise BadPacket("the packet ends within its header")
        extension = 4 * _EXTENSION_LENGTH.unpack_from(data, size - 2)[0]
    elif len(data) < size + TAG_BYTES + NONCE_BYTES:
        raise BadPacket("the packet ends within its header")
    return Header(sequence, timestamp, ssrc, size, extension, bool(first & 0x20))


def strip(plain: bytes, header: Header) -> bytes:
    """The payload of a decrypted packet, without extension and padding; empty if the packet is all padding.

    Raises:
        BadPacket: extension or padding are longer than the packet.
    """
    end = len(plain)
    if header.padded:
        count = plain[-1] if plain else 0
        if not 0 < count <= end:
            raise BadPacket("the padding is longer than the packet")
        end -= count
    if header.extension > end:
        raise BadPacket("the header extension is longer than the packet")
    return plain[header.extension : end]
