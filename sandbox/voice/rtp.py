"""RTP (RFC 3550) as Discord's media server sends it, and its transport encryption. No I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as _open
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as _seal
from nacl.exceptions import CryptoError

if TYPE_CHECKING:
    from random import Random

MODE = "aead_xchacha20_poly1305_rtpsize"
MODES = ("aead_aes256_gcm_rtpsize", MODE)
"""What the server offers, in Discord's order; the first is not spoken here."""
PAYLOAD_TYPE = 120
SAMPLES_PER_TICK = 960
"""RTP's clock runs at 48 kHz whatever Opus holds (RFC 7587 section 4.1): 20 ms a frame."""
TICK = 0.02
SILENCE = b"\xf8\xff\xfe"
"""The Opus frame of silence; it is never encrypted end to end."""

_EXTENSION_PROFILE = 0xBEDE  # one-byte header extensions (RFC 8285 section 4.2)
_AUDIO_LEVEL_ID, _SEND_TIME_ID = 1, 3
_VIDEO_TYPES = (101, 103, 105)
_RTCP_TYPES = (200, 201, 205, 206)
_PADDED = 0.08
"""Share of the packets that carry padding."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A packet before transport encryption."""

    header: bytes
    """Sent in clear and authenticated: the fixed header, CSRCs, and the first 4 bytes of the header extension."""
    body: bytes
    """Encrypted: the values of the header extension, the payload, the padding."""


class RtpStream:
    """One sender's packets: sequence numbers and timestamps that begin anywhere and wrap around.

    Args:
        ssrc: who sends (a random number, nobody's id).
        rng: chooses where the numbers begin, and which packets are padded.
        freeze: let the timestamp stand still while nothing is sent, as some clients do.
    """

    def __init__(self, ssrc: int, rng: Random, *, freeze: bool = False) -> None:
        self.ssrc = ssrc
        self.sequence = rng.randrange(1 << 16)
        self.timestamp = rng.randrange(1 << 32)
        self._rng = rng
        self._freeze = freeze
        self._tick: int | None = None

    def packet(self, payload: bytes, tick: int) -> RtpPacket:
        """The next packet. `tick` counts 20 ms on the sender's clock and grows with every packet."""
        steps = 1 if self._freeze or self._tick is None else tick - self._tick
        self._tick = tick
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + steps * SAMPLES_PER_TICK & 0xFFFFFFFF
        padding = self._rng.randint(1, 16) if self._rng.random() < _PADDED else 0
        level = 127 if payload == SILENCE else self._rng.randint(20, 60)
        return build(
            payload,
            sequence=self.sequence,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            extension=_extension(level, self.timestamp),
            padding=padding,
        )


def build(
    payload: bytes,
    *,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload_type: int = PAYLOAD_TYPE,
    extension: bytes = b"",
    padding: int = 0,
) -> RtpPacket:
    """One packet (RFC 3550 section 5.1). `extension` is a whole number of 32-bit words; `padding` counts its own length byte."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0)
    header = struct.pack(">BBHII", first, payload_type, sequence, timestamp, ssrc)
    if extension:
        header += struct.pack(">HH", _EXTENSION_PROFILE, len(extension) // 4)
    return RtpPacket(header, extension + payload + (bytes(padding - 1) + bytes([padding]) if padding else b""))


def _extension(level: int, timestamp: int) -> bytes:
    """Audio level (RFC 6464) and send time, filled up to a whole number of words."""
    sent = (timestamp & 0xFFFFFF).to_bytes(3, "big")
    return bytes([_AUDIO_LEVEL_ID << 4, level, _SEND_TIME_ID << 4 | 2]) + sent + bytes(2)


class TransportKey:
    """The transport encryption of one client: XChaCha20-Poly1305 with a counter behind the packet as nonce."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._counter = 0

    def seal(self, packet: RtpPacket) -> bytes:
        """The bytes of one datagram."""
        nonce = struct.pack("<I", self._counter)
        self._counter = self._counter + 1 & 0xFFFFFFFF
        return packet.header + _seal(packet.body, packet.header, nonce + bytes(20), self.secret) + nonce

    def open(self, datagram: bytes) -> tuple[int, bytes] | None:
        """SSRC and payload of a datagram that the client has sent; None if it is not RTP or does not authenticate."""
        if len(datagram) < 12 + 16 + 4 or datagram[0] >> 6 != 2:
            return None
        extended = datagram[0] & 0x10
        begin = 12 + 4 * (datagram[0] & 0x0F) + (4 if extended else 0)
        header, body, nonce = datagram[:begin], datagram[begin:-4], datagram[-4:]
        try:
            payload = _open(body, header, nonce + bytes(20), self.secret)
        except (CryptoError, ValueError):
            return None
        if extended:
            payload = payload[4 * struct.unpack_from(">H", header, begin - 2)[0] :]
        if datagram[0] & 0x20 and payload:
            payload = payload[: -payload[-1]]
        return struct.unpack_from(">I", datagram, 8)[0], payload


def junk(rng: Random, ssrc: int) -> RtpPacket:
    """Something that comes over the same socket and is no speech: a report, video, padding alone, noise, a cut-off header."""
    match rng.randrange(5):
        case 0:  # RTCP, encrypted but for its first 8 bytes (RFC 3550 section 6)
            head = struct.pack(">BBHI", 0x81, rng.choice(_RTCP_TYPES), 7, ssrc)
            return RtpPacket(head, rng.randbytes(24))
        case 1:  # camera or screen, on an SSRC of its own
            return build(
                rng.randbytes(rng.randint(200, 1100)),
                sequence=rng.randrange(1 << 16),
                timestamp=rng.randrange(1 << 32),
                ssrc=ssrc + 1 & 0xFFFFFFFF,
                payload_type=rng.choice(_VIDEO_TYPES),
            )
        case 2:  # nothing but padding, as the bandwidth probes of the media server
            return build(
                b"", sequence=rng.randrange(1 << 16), timestamp=0, ssrc=rng.randrange(1, 1 << 32), padding=rng.randint(1, 255)
            )
        case 3:
            return RtpPacket(rng.randbytes(rng.randint(1, 60)), b"")
        case _:
            return RtpPacket(struct.pack(">BBH", 0x90, PAYLOAD_TYPE, rng.randrange(1 << 16)), b"")


def discovery_reply(request: bytes, host: str, port: int) -> bytes | None:
    """The answer to an IP discovery request (type 1, 70 bytes, SSRC), or None if it is none."""
    if len(request) != 74 or request[:4] != b"\x00\x01\x00\x46":
        return None
    return b"\x00\x02\x00\x46" + request[4:8] + host.encode().ljust(64, b"\0") + struct.pack(">H", port)
