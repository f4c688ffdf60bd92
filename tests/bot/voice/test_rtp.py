from __future__ import annotations

import struct

import pytest

from bot.voice.rtp import BadPacket, Header, parse, strip
from bot.voice.transport import TransportCipher
from sandbox.voice.rtp import TransportKey, build

KEY = bytes(range(32))


def packet(first: int = 0x80, kind: int = 120, rest: bytes = bytes(40)) -> bytes:
    return struct.pack(">BBHII", first, kind, 7, 9, 11) + rest


def test_fixed_header() -> None:
    assert parse(packet()) == Header(sequence=7, timestamp=9, ssrc=11, size=12, extension=0, padded=False)


def test_csrcs_belong_to_the_header() -> None:
    header = parse(packet(0x83))
    assert header is not None
    assert header.size == 12 + 3 * 4


def test_extension_begins_in_clear() -> None:
    header = parse(packet(0x90, rest=struct.pack(">HH", 0xBEDE, 3) + bytes(40)))
    assert header is not None
    assert (header.size, header.extension) == (16, 12)


def test_marker_bit_is_not_part_of_the_type() -> None:
    assert parse(packet(kind=0x80 | 120)) is not None


@pytest.mark.parametrize("kind", [72, 73, 76, 101, 103, 200, 201, 204])
def test_rtcp_and_video_are_left_alone(kind: int) -> None:
    assert parse(packet(kind=kind)) is None


@pytest.mark.parametrize("data", [b"", b"\x80", bytes(74), b"\x00\x02" + bytes(72), packet(0x40)])
def test_what_is_not_rtp_is_left_alone(data: bytes) -> None:
    assert parse(data) is None


@pytest.mark.parametrize("data", [packet(rest=b"")[:8], packet(rest=bytes(19)), packet(0x8F, rest=bytes(60)), packet(0x9F)])
def test_packets_that_end_too_early_are_bad(data: bytes) -> None:
    with pytest.raises(BadPacket):
        parse(data)


def header_with(extension: int = 0, *, padded: bool = False) -> Header:
    return Header(0, 0, 0, 12, extension, padded)


def test_padding_and_extension_come_off() -> None:
    assert strip(b"extnpayload\0\0\3", header_with(4, padded=True)) == b"payload"


def test_all_padding_is_empty() -> None:
    assert strip(b"\0\0\3", header_with(padded=True)) == b""


@pytest.mark.parametrize(
    ("plain", "header"),
    [
        (b"", header_with(padded=True)),
        (b"abc\0", header_with(padded=True)),
        (b"abc\5", header_with(padded=True)),
        (b"abc", header_with(4)),
        (b"abcd\2\2", header_with(8, padded=True)),
    ],
)
def test_lengths_that_lie_are_bad(plain: bytes, header: Header) -> None:
    with pytest.raises(BadPacket):
        strip(plain, header)


def sealed(payload: bytes = b"hello") -> bytes:
    return TransportKey(KEY).seal(build(payload, sequence=1, timestamp=2, ssrc=3, extension=bytes(8), padding=3))


def test_transport_opens_what_the_server_sealed() -> None:
    data = sealed()
    header = parse(data)
    assert header is not None
    plain = TransportCipher(lambda: list(KEY)).open(data, header.size)
    assert strip(plain, header) == b"hello"


def test_key_is_asked_for_each_packet() -> None:
    keys: list[bytes | None] = [KEY, bytes(32), None, KEY]
    cipher = TransportCipher(lambda: keys.pop(0))
    data = sealed()
    cipher.open(data, 16)
    for _ in range(2):
        with pytest.raises(BadPacket):
            cipher.open(data, 16)
    assert cipher.open(data, 16)


def test_header_is_authenticated() -> None:
    data = bytearray(sealed())
    data[2] ^= 1
    with pytest.raises(BadPacket, match="transport key"):
        TransportCipher(lambda: KEY).open(bytes(data), 16)
