"""200,000 packets that nobody should send."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sandbox.voice.rtp import RtpPacket, build, junk
from tests.bot.voice.call import ANA, BEN, CAN, Call

if TYPE_CHECKING:
    from collections.abc import Callable

PACKETS = 200_000
SEED = 20_261


def noise(random: Random) -> bytes:
    return random.randbytes(random.choice((0, 1, 11, 12, 31, 32, 60, 200, 1400)))


class Makers:
    """Ways to make a packet; some pass the transport encryption, as the voice server's own would."""

    def __init__(self, call: Call, random: Random) -> None:
        self.call, self.random = call, random
        self.genuine = [call.voice(BEN, 12, 700.0).packet() for _ in range(200)]
        self.opus = [call.voice(BEN, 12, 700.0).opus() for _ in range(50)]
        self.kinds: list[Callable[[], bytes]] = [
            lambda: noise(random),
            self.spoilt,
            self.cut,
            self.replayed,
            self.sealed_noise,
            self.sealed_noise,
            self.sealed_junk,
            self.marked,
            self.lying_header,
        ]

    def spoilt(self) -> bytes:
        data = bytearray(self.random.choice(self.genuine))
        for _ in range(self.random.randint(1, 3)):
            data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    def cut(self) -> bytes:
        data = self.random.choice(self.genuine)
        return data[: self.random.randrange(len(data))]

    def replayed(self) -> bytes:
        return self.random.choice(self.genuine)

    def ssrc(self) -> int:
        return self.random.choice((11, 12, 12, 13, 99, self.random.randrange(1 << 32)))

    def sealed(self, payload: bytes) -> bytes:
        random = self.random
        packet = build(
            payload,
            sequence=random.randrange(1 << 16),
            timestamp=random.randrange(1 << 32),
            ssrc=self.ssrc(),
            payload_type=random.choice((120, 120, 120, 101)),
            extension=random.randbytes(4 * random.randrange(4)),
            padding=random.choice((0, 0, 1, 255)),
        )
        return self.call.key.seal(packet)

    def sealed_noise(self) -> bytes:
        return self.sealed(noise(self.random))

    def sealed_junk(self) -> bytes:
        return self.call.key.seal(junk(self.random, self.ssrc()))

    def marked(self) -> bytes:
        """What looks encrypted end to end and is not."""
        return self.sealed(noise(self.random) + bytes([self.random.randrange(256)]) + b"\xfa\xfa")

    def lying_header(self) -> bytes:
        """Lengths of extension and padding that are not true."""
        random = self.random
        header = bytes([0x80 | random.randrange(64), 120]) + random.randbytes(random.choice((6, 10, 14, 30)))
        return self.call.key.seal(RtpPacket(header, random.randbytes(random.randrange(40))))


def test_200_000_fuzzed_packets_and_everybody_is_still_heard() -> None:
    random = Random(SEED)
    call = Call(ANA, BEN, CAN)
    for user_id, ssrc in ((ANA, 11), (BEN, 12)):
        call.op5(user_id, ssrc)
    makers = Makers(call, random)
    for number in range(PACKETS):
        call.arrive(random.choice(makers.kinds)())
        if number % 100 == 0:
            call.wait(0.02)
    health = call.receiver.health(connected=True, encrypted_ready=True)
    assert health.bad_packets > PACKETS / 10
    assert health.unknown_ssrcs <= 32
    call.wait(3.0)
    call.events.clear()
    voices = [call.voice(ANA, 11, 440.0), call.voice(BEN, 12, 1000.0), call.voice(CAN, 131, 1600.0)]
    for _ in range(100):
        call.arrive(*(voice.packet() for voice in voices))
        call.wait(0.02)
    call.finish()
    for voice in voices:
        assert call.loud_seconds(voice.user_id, voice.frequency) > 1.8
