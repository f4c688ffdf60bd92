"""A voice call in memory: people with DAVE sessions who send real packets, and the receiver of a bot that is in the call with them."""

from __future__ import annotations

import math
import struct
from array import array
from random import Random
from typing import TYPE_CHECKING

import davey

from audio.opus import OpusDecoder, OpusEncoder
from audio.pcm import BYTES_PER_SECOND, SAMPLE_RATE
from bot.voice.dave import FrameCipher
from bot.voice.events import Heard
from bot.voice.receiver import Receiver, Speakers
from bot.voice.transport import TransportCipher
from bot.voice.unseal import Unsealer
from sandbox.voice.dave import DeliveryService, append_payload
from sandbox.voice.rtp import TransportKey, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.voice.events import VoiceEvent

CHANNEL = 4_000_000_000_000_000_001
BOT = 1_000_000_000_000_000_001
ANA = 2_000_000_000_000_000_001
BEN = 2_000_000_000_000_000_002
CAN = 2_000_000_000_000_000_003
FRAME = 0.02
SILENCE = b"\xf8\xff\xfe"
EXTENSION = bytes.fromhex("10553012abcdef00")


class Group:
    """An MLS group of davey sessions, without a network."""

    def __init__(self, *user_ids: int) -> None:
        self.service = DeliveryService(CHANNEL)
        self.sessions = {user_id: self._session(user_id) for user_id in user_ids}
        founder, *others = user_ids
        self._commit(founder, [self.service.propose_add(user_id) for user_id in user_ids if user_id != founder])
        assert all(self.sessions[user_id].ready for user_id in others)

    def add(self, user_id: int) -> None:
        """Somebody joins: a new epoch."""
        self.sessions[user_id] = self._session(user_id)
        self._commit(self.service.members[0], [self.service.propose_add(user_id)])

    def remove(self, user_id: int) -> None:
        """Somebody leaves: a new epoch."""
        del self.sessions[user_id]
        committer = next(member for member in self.service.members if member != user_id)
        self._commit(committer, [self.service.propose_remove(user_id)])

    def _session(self, user_id: int) -> davey.DaveSession:
        session = davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, user_id, CHANNEL)
        session.set_external_sender(self.service.external_sender())
        self.service.add_key_package(user_id, session.get_serialized_key_package())
        return session

    def _commit(self, committer: int, proposals: list) -> None:  # type: ignore[type-arg]
        payload = append_payload(proposals)[1:]
        founding = self.service.epoch == 0
        members = [committer] if founding else [u for u in self.service.members if u in self.sessions]
        offers = {u: self.sessions[u].process_proposals(davey.ProposalsOperationType.append, payload) for u in members}
        offer = offers[committer]
        assert offer is not None
        accepted = self.service.accept_commit(committer, offer.commit + (offer.welcome or b""))
        assert accepted is not None
        for user_id in members:
            self.sessions[user_id].process_commit(accepted.commit)
        for user_id, welcome in accepted.welcomes.items():
            self.sessions[user_id].process_welcome(welcome)


def tone(frequency: float, seconds: float, rate: int = 48_000) -> bytes:
    """A loud sine in stereo, s16le."""
    count = round(seconds * rate)
    samples = array("h", bytes(4 * count))
    for i in range(count):
        samples[2 * i] = samples[2 * i + 1] = round(12_000 * math.sin(2 * math.pi * frequency * i / rate))
    return samples.tobytes()


class Voice:
    """One person's client: encodes, encrypts, numbers and dates packets."""

    def __init__(
        self, call: Call, user_id: int, ssrc: int, frequency: float, *, sequence: int = 1000, timestamp: int = 5000
    ) -> None:
        self.call, self.user_id, self.ssrc, self.frequency = call, user_id, ssrc, frequency
        self.sequence, self.timestamp = sequence, timestamp
        self._encoder = OpusEncoder(expected_loss=10, bitrate=32_000)
        self._sound = tone(frequency, 1.0)
        self._at = 0

    def opus(self) -> bytes:
        """The next 20 ms of this person's tone."""
        size = 960 * 4
        piece = self._sound[self._at : self._at + size]
        self._at = (self._at + size) % len(self._sound)
        return self._encoder.encode(piece)

    def packet(self, opus: bytes | None = None, *, extension: bytes = b"", padding: int = 0, frozen: bool = False) -> bytes:
        """The next packet of 20 ms."""
        opus = self.opus() if opus is None else opus
        frame = opus
        if self.call.encrypted and opus and opus != SILENCE:
            frame = self.call.group.sessions[self.user_id].encrypt_opus(opus)
        packet = build(
            frame, sequence=self.sequence, timestamp=self.timestamp, ssrc=self.ssrc, extension=extension, padding=padding
        )
        self.sequence = (self.sequence + 1) & 0xFFFF
        if not frozen:
            self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        return self.call.key.seal(packet)

    def pause(self, seconds: float) -> None:
        """The timestamp runs on while nothing is sent."""
        self.timestamp = (self.timestamp + round(seconds * 48_000)) & 0xFFFFFFFF


class Call:
    """The people, the bot's receiver, and a clock that moves when it is told to."""

    def __init__(self, *user_ids: int, encrypted: bool = True, decoder: Callable[[], OpusDecoder] = OpusDecoder) -> None:
        self.encrypted = encrypted
        self.group = Group(BOT, *user_ids)
        self.session: davey.DaveSession | None = self.group.sessions[BOT]
        self.key = TransportKey(bytes(range(32)))
        self.secret: list[int] | None = list(range(32))
        self.random = Random(7)
        self.now = 10.0
        self.events: list[VoiceEvent] = []
        self.unsealer = Unsealer(
            TransportCipher(lambda: self.secret), FrameCipher(lambda: self.session, lambda: self.encrypted), BOT
        )
        self.receiver = Receiver(self.unsealer, Speakers(decoder))
        self._ticked = self.now

    def voice(self, user_id: int, ssrc: int, frequency: float = 440.0, **numbers: int) -> Voice:
        return Voice(self, user_id, ssrc, frequency, **numbers)

    def op5(self, user_id: int, ssrc: int) -> None:
        """The voice gateway says whose SSRC it is."""
        self.events += self.receiver.hear(self.unsealer.speaking(user_id, ssrc, self.now))

    def arrive(self, *packets: bytes) -> None:
        """Packets come now."""
        for packet in packets:
            self.events += self.receiver.receive(packet, self.now)

    def wait(self, seconds: float) -> None:
        """Time passes; the receiver is ticked every 20 ms, its first half twice a second."""
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(until, self.now + FRAME)
            self.events += self.receiver.tick(self.now)
            if self.now - self._ticked >= 0.5:
                self._ticked = self.now
                self.events += self.receiver.hear(self.unsealer.tick(self.now))

    def speak(self, voice: Voice, frames: int, *, drop: Iterable[int] = (), then_stop: bool = False) -> None:
        """Somebody speaks in real time; the frames with these numbers are lost. At the end of speech five silence frames go out."""
        lost = set(drop)
        for number in range(frames + 5 * then_stop):
            packet = voice.packet(None if number < frames else SILENCE, extension=EXTENSION, padding=number % 4)
            if number not in lost:
                self.arrive(packet)
            self.wait(FRAME)

    def heard(self, user_id: int) -> list[Heard]:
        return [event for event in self.events if isinstance(event, Heard) and event.user_id == user_id]

    def pcm(self, user_id: int) -> bytes:
        return b"".join(event.pcm for event in self.heard(user_id))

    def finish(self) -> None:
        """Nothing more comes."""
        self.wait(3.0)
        self.events += self.receiver.flush()

    def loud_seconds(self, user_id: int, frequency: float) -> float:
        """How much of this tone was heard from this person."""
        return loud_seconds(self.pcm(user_id), frequency)


def loud_seconds(pcm: bytes, frequency: float) -> float:
    """Seconds of 20 ms blocks whose energy is mostly at `frequency` (Goertzel)."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    turn = 2 * math.cos(2 * math.pi * frequency / SAMPLE_RATE)
    blocks = 0
    for begin in range(0, len(samples) - 319, 320):
        one = two = energy = 0.0
        for sample in samples[begin : begin + 320]:
            one, two = sample + turn * one - two, one
            energy += sample * sample
        power = one * one + two * two - turn * one * two
        blocks += energy > 320 * 1000.0**2 and power * 2 > 0.7 * energy * 320
    return blocks * FRAME


def is_continuous(events: Sequence[Heard]) -> bool:
    """Each piece begins where the one before it ended."""
    ends = [event.at + len(event.pcm) / BYTES_PER_SECOND for event in events]
    return all(abs(begin.at - end) < 1e-6 for begin, end in zip(events[1:], ends, strict=False))
