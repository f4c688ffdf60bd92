from __future__ import annotations

import struct
from random import Random

import pytest

from sandbox.voice.rtp import SILENCE, RtpStream, TransportKey, build, discovery_reply, junk

KEY = bytes(range(32))
OPUS = b"\x48" + bytes(range(1, 120))


def fields(header: bytes) -> tuple[int, int, int]:
    sequence, timestamp, ssrc = struct.unpack_from(">HII", header, 2)
    return sequence, timestamp, ssrc


def test_header_and_padding() -> None:
    packet = build(OPUS, sequence=1, timestamp=2, ssrc=3, extension=bytes(8), padding=5)
    assert packet.header == bytes.fromhex("b078 0001 00000002 00000003 bede 0002")
    assert packet.body == bytes(8) + OPUS + bytes(4) + b"\x05"
    plain = build(OPUS, sequence=1, timestamp=2, ssrc=3)
    assert (plain.header[0], plain.body) == (0x80, OPUS)


@pytest.mark.parametrize(("extension", "padding"), [(b"", 0), (b"", 1), (bytes(8), 0), (bytes(4), 255)])
def test_what_is_sealed_can_be_opened(extension: bytes, padding: int) -> None:
    packet = build(OPUS, sequence=65535, timestamp=2**32 - 1, ssrc=77, extension=extension, padding=padding)
    assert TransportKey(KEY).open(TransportKey(KEY).seal(packet)) == (77, OPUS)


def test_nothing_else_can_be_opened() -> None:
    sealed = TransportKey(KEY).seal(build(OPUS, sequence=1, timestamp=2, ssrc=3, extension=bytes(8)))
    other = TransportKey(bytes(32))
    assert other.open(sealed) is None
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 0x40
        assert TransportKey(KEY).open(bytes(changed)) is None
    for length in range(len(sealed)):
        assert TransportKey(KEY).open(sealed[:length]) is None


def test_each_packet_has_its_own_nonce() -> None:
    key, packet = TransportKey(KEY), build(OPUS, sequence=1, timestamp=2, ssrc=3)
    assert len({key.seal(packet)[-4:] for _ in range(1000)}) == 1000


def test_numbers_begin_anywhere_and_wrap_around() -> None:
    stream = RtpStream(5, Random(3))
    stream.sequence, stream.timestamp = 65534, 2**32 - 960
    seen = [fields(stream.packet(OPUS, tick).header) for tick in range(4)]
    assert [s for s, _, _ in seen] == [65535, 0, 1, 2]
    assert [t for _, t, _ in seen] == [0, 960, 1920, 2880]
    assert len({RtpStream(5, Random(n)).sequence for n in range(50)}) > 40


@pytest.mark.parametrize(("freeze", "step"), [(False, 100 * 960), (True, 960)])
def test_timestamp_in_a_pause(*, freeze: bool, step: int) -> None:
    stream = RtpStream(5, Random(3), freeze=freeze)
    _, before, _ = fields(stream.packet(SILENCE, 10).header)
    _, after, _ = fields(stream.packet(OPUS, 110).header)
    assert (after - before) % 2**32 == step
    assert stream.sequence == fields(stream.packet(OPUS, 111).header)[0] - 1


def test_extension_and_padding_on_a_stream() -> None:
    stream = RtpStream(5, Random(3))
    packets = [stream.packet(OPUS, tick) for tick in range(2000)]
    assert all(p.header[0] & 0x10 and p.header[12:14] == b"\xbe\xde" for p in packets)
    padded = [p.body[-1] for p in packets if p.header[0] & 0x20]
    assert 100 < len(padded) < 250
    assert set(padded) == set(range(1, 17))


def test_junk_is_never_speech() -> None:
    rng, opened = Random(1), 0
    key = TransportKey(KEY)
    for _ in range(2000):
        packet = junk(rng, 77)
        datagram = key.seal(packet) if packet.body else packet.header
        if len(datagram) >= 32 and datagram[0] >> 6 == 2 and datagram[1] & 0x7F == 120:
            result = key.open(datagram)
            assert result is None or result[1] == b""
            opened += 1
    assert opened > 100


def test_discovery() -> None:
    request = struct.pack(">HHI", 1, 70, 99) + bytes(66)
    reply = discovery_reply(request, "127.0.0.1", 50000)
    assert reply is not None
    assert struct.unpack(">HHI64sH", reply) == (2, 70, 99, b"127.0.0.1".ljust(64, b"\0"), 50000)
    assert discovery_reply(request[:-1], "127.0.0.1", 1) is None
    assert discovery_reply(b"\0\2" + request[2:], "127.0.0.1", 1) is None
