"""One person's sound, with a decoder whose output shows what it was asked: each frame's samples hold the number in its packet."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from audio.errors import OpusError
from audio.opus import OpusEncoder
from audio.pcm import BYTES_PER_SECOND, FRAME_SAMPLES
from bot.voice.decode import FILL_LIMIT, Speaker, carries_fec
from bot.voice.events import Heard, Lost
from bot.voice.unseal import Frame
from tests.bot.voice.call import SILENCE, is_continuous, tone

if TYPE_CHECKING:
    from bot.voice.events import VoiceEvent

USER = 5
RECOVERED, CONCEALED = -1, -2


def block(value: int, samples: int = FRAME_SAMPLES) -> bytes:
    return struct.pack("<h", value) * samples


class NumberDecoder:
    """A packet `b"\\x78" + number` sounds as its number, recovered and concealed sound as theirs, a silence frame as zeros."""

    def __init__(self) -> None:
        self.resets = 0

    def decode(self, packet: bytes) -> bytes:
        if packet == b"\x78bad!":
            raise OpusError("not Opus")
        return block(struct.unpack(">h", packet[1:3])[0] if packet != SILENCE else 0)

    def recover(self, next_packet: bytes, samples: int) -> bytes:
        return block(RECOVERED, samples)

    def conceal(self, samples: int) -> bytes:
        return block(CONCEALED, samples)

    def reset(self) -> None:
        self.resets += 1


class Sender:
    """Sends one person's packets to a `Speaker` on a clock of its own."""

    def __init__(self) -> None:
        self.decoder = NumberDecoder()
        self.speaker = Speaker(USER, self.decoder)
        self.events: list[VoiceEvent] = []
        self.now = 100.0
        self.number = 0
        self.sequence = 65_530
        self.timestamp = 2**32 - 3 * 960
        self.ssrc = 1

    def send(self, opus: bytes | None = None, *, at: float | None = None, lose: bool = False, sealed: bool = False) -> None:
        """One packet of 20 ms, which arrives now (or `at`) unless it is lost; time moves on by 20 ms."""
        self.number += 1
        packet = b"\x78" + struct.pack(">hh", self.number, 0) if opus is None else opus
        frame = Frame(USER, self.ssrc, self.sequence, self.timestamp, at or self.now, None if sealed else packet)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        if not lose:
            self.speaker.hear(frame, self.events)
        self.wait(0.02)

    def speak(self, frames: int) -> None:
        for _ in range(frames):
            self.send()

    def stop(self, frames: int = 5) -> None:
        for _ in range(frames):
            self.send(SILENCE)

    def wait(self, seconds: float, *, tick: bool = True) -> None:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(until, self.now + 0.02)
            if tick:
                self.speaker.tick(self.now, self.events)

    def pause(self, seconds: float, *, frozen: bool = False) -> None:
        if not frozen:
            self.timestamp = (self.timestamp + round(seconds * 48_000)) & 0xFFFFFFFF
        self.wait(seconds)

    def end(self) -> None:
        self.speaker.flush(self.events)

    @property
    def heard(self) -> list[Heard]:
        return [event for event in self.events if isinstance(event, Heard)]

    @property
    def lost(self) -> list[Lost]:
        return [event for event in self.events if isinstance(event, Lost)]

    def frames(self) -> list[int]:
        """What was heard, a number for each 20 ms; all pieces as one."""
        pcm = b"".join(event.pcm for event in self.heard)
        return [struct.unpack_from("<h", pcm, at)[0] for at in range(0, len(pcm), 2 * FRAME_SAMPLES)]


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_speech_comes_out_in_pieces_on_one_timeline(sender: Sender) -> None:
    sender.speak(10)
    sender.end()
    assert sender.frames() == list(range(1, 11))
    assert [len(event.pcm) for event in sender.heard] == [1920, 1920, 1920, 640]
    assert sender.heard[0].at == pytest.approx(100.0 - 0.02)
    assert is_continuous(sender.heard)


def test_the_end_of_speech_is_heard_as_silence_while_it_lasts(sender: Sender) -> None:
    sender.speak(10)
    sender.stop()
    spoken = sender.now
    sender.wait(0.7)
    silent = len(b"".join(event.pcm for event in sender.heard)) / BYTES_PER_SECOND - 10 * 0.02
    assert silent > 0.6, "the recogniser hears the pause without waiting for the next packet"
    last = sender.heard[-1]
    assert last.at + len(last.pcm) / BYTES_PER_SECOND <= sender.now, "never ahead of the clock"
    sender.wait(30)
    assert len(sender.frames()) == 10 + FILL_LIMIT // FRAME_SAMPLES + 5
    assert not sender.speaker.active
    assert spoken < sender.heard[-1].at < spoken + 2.1


def test_a_short_pause_is_filled_and_is_no_loss(sender: Sender) -> None:
    sender.speak(5)
    sender.stop()
    sender.pause(1.0)
    sender.speak(5)
    sender.end()
    assert is_continuous(sender.heard)
    assert sender.frames() == [1, 2, 3, 4, 5, *[0] * 55, 11, 12, 13, 14, 15]
    health = sender.speaker.health()
    assert (health.missing, health.concealed, health.recovered, sender.lost) == (0, 0, 0, [])


def test_after_a_long_pause_speech_has_its_own_time(sender: Sender) -> None:
    sender.speak(5)
    sender.stop()
    sender.pause(10.0)
    again = sender.now
    sender.speak(6)
    sender.end()
    assert sender.frames()[-6:] == [11, 12, 13, 14, 15, 16]
    assert sender.heard[-2].at == pytest.approx(again - 0.02, abs=0.03)
    assert sender.decoder.resets == 1
    assert sender.lost == []


def test_frozen_timestamps_are_not_believed(sender: Sender) -> None:
    sender.speak(5)
    sender.stop()
    sender.pause(1.0, frozen=True)
    sender.speak(5)
    sender.end()
    assert is_continuous(sender.heard)
    assert sender.frames() == [1, 2, 3, 4, 5, *[0] * 55, 11, 12, 13, 14, 15]


def test_a_late_network_puts_no_silence_between_words(sender: Sender) -> None:
    sender.speak(5)
    arrival = sender.now + 0.2
    for _ in range(10):
        sender.send(at=arrival)
    sender.end()
    assert sender.frames() == list(range(1, 16))


def test_a_stall_in_mid_word_is_filled_only_after_a_while(sender: Sender) -> None:
    sender.speak(6)
    sender.wait(0.2)
    assert len(sender.frames()) == 6
    sender.wait(0.3)
    assert sender.frames()[6:] == [0] * len(sender.frames()[6:])
    assert len(sender.frames()) > 20


def test_one_lost_frame_comes_back_from_the_next_packet(sender: Sender) -> None:
    sender.speak(3)
    sender.send(lose=True)
    sender.send(b"\x78\x00\x63\x40\x00")
    sender.speak(4)
    sender.end()
    assert sender.frames()[:5] == [1, 2, 3, RECOVERED, 0x63]
    assert sender.speaker.health().missing == 1


def test_a_few_lost_frames_are_guessed_more_are_silence(sender: Sender) -> None:
    sender.speak(3)
    for _ in range(10):
        sender.send(lose=True)
    sender.speak(6)
    sender.end()
    assert sender.frames() == [1, 2, 3, *[CONCEALED] * 4, *[0] * 5, RECOVERED, 14, 15, 16, 17, 18, 19]
    assert sender.speaker.health().missing == 10
    assert sender.lost == [], "0.2 s are mended in silence"
    assert is_continuous(sender.heard)


def test_half_a_second_of_loss_is_told(sender: Sender) -> None:
    sender.speak(3)
    at = sender.now
    for _ in range(30):
        sender.send(lose=True)
    sender.speak(6)
    sender.end()
    (lost,) = sender.lost
    assert lost.seconds == pytest.approx(0.6)
    assert lost.at == pytest.approx(at - 0.02, abs=0.01)
    assert "lost" in lost.reason
    assert sender.frames()[-6:] == [34, 35, 36, 37, 38, 39]
    assert sender.decoder.resets == 1


def test_loss_and_pause_together_are_told_apart(sender: Sender) -> None:
    sender.speak(3)
    for _ in range(2):
        sender.send(lose=True)
    sender.pause(1.0)
    sender.speak(6)
    sender.end()
    health = sender.speaker.health()
    assert health.missing == 2
    assert sender.lost == []
    assert len(sender.frames()) == 3 + 2 + 50 + 6


def test_frames_that_cannot_be_decrypted_are_loss(sender: Sender) -> None:
    sender.speak(3)
    for _ in range(40):
        sender.send(sealed=True)
    sender.speak(6)
    sender.end()
    (lost,) = sender.lost
    assert lost.seconds == pytest.approx(0.8)
    assert "decrypted" in lost.reason
    assert sender.speaker.health().undecryptable == 40


def test_endless_undecryptable_sound_is_told_while_it_lasts(sender: Sender) -> None:
    for _ in range(600):
        sender.send(sealed=True)
    assert sum(lost.seconds for lost in sender.lost) >= 10.0
    assert sender.heard == []
    sender.speak(3)
    sender.end()
    assert sum(lost.seconds for lost in sender.lost) == pytest.approx(12.0)


def test_what_is_not_opus_is_loss_and_the_rest_goes_on(sender: Sender) -> None:
    sender.speak(3)
    sender.send(b"\x78bad!")
    sender.speak(3)
    sender.end()
    assert sender.frames() == [1, 2, 3, RECOVERED, 5, 6, 7]
    assert sender.speaker.health().undecryptable == 1


def test_packets_of_padding_are_no_loss(sender: Sender) -> None:
    sender.speak(3)
    sender.timestamp -= 960
    sender.send(b"")
    sender.speak(3)
    sender.end()
    assert sender.frames() == [1, 2, 3, 5, 6, 7]
    assert sender.speaker.health().missing == 0


def test_disorder_is_put_right(sender: Sender) -> None:
    sender.speak(3)
    held = Frame(USER, 1, sender.sequence, sender.timestamp, sender.now + 0.02, b"\x78\x00\x04\x00\x00")
    sender.send(lose=True)
    sender.send()
    sender.speaker.hear(held, sender.events)
    sender.speak(3)
    sender.end()
    assert sender.frames() == list(range(1, 9))
    assert sender.speaker.health().missing == 0


def test_a_new_ssrc_goes_on_where_the_old_one_stopped(sender: Sender) -> None:
    sender.speak(3)
    sender.stop()
    sender.pause(0.5)
    sender.ssrc, sender.sequence, sender.timestamp = 2, 7, 123
    sender.speak(3)
    sender.end()
    assert is_continuous(sender.heard)
    assert sender.frames()[-3:] == [9, 10, 11]
    assert sender.lost == []
    assert sender.decoder.resets == 1


def test_a_sender_who_begins_anew_has_lost_nothing(sender: Sender) -> None:
    sender.speak(3)
    sender.sequence, sender.timestamp = (sender.sequence + 20_000) & 0xFFFF, 77
    sender.speak(3)
    sender.end()
    assert sender.lost == []
    assert sender.speaker.health().missing == 0
    assert [n for n in sender.frames() if n] == [1, 2, 3, 4, 5, 6]


def test_an_outage_of_many_packets_is_told(sender: Sender) -> None:
    sender.speak(3)
    for _ in range(150):
        sender.send(lose=True)
    sender.speak(3)
    sender.end()
    assert [round(lost.seconds, 2) for lost in sender.lost] == [3.0]
    assert sender.heard[-1].at == pytest.approx(100.0 + 153 * 0.02 - 0.02, abs=0.03)


def test_who_sends_faster_than_time_passes_is_cut_off(sender: Sender) -> None:
    for _ in range(1000):
        sender.send(at=100.0)
    sender.end()
    heard = sum(len(event.pcm) for event in sender.heard) / BYTES_PER_SECOND
    assert heard < 5
    assert sender.lost
    assert "faster" in sender.lost[0].reason


def test_fec_is_seen_in_real_packets() -> None:
    encoder = OpusEncoder(bitrate=24_000, expected_loss=20, fec=True)
    without = OpusEncoder(bitrate=24_000, expected_loss=0, fec=False)
    sound = tone(200, 1.0)
    pieces = [sound[at : at + 3840] for at in range(0, len(sound), 3840)]
    assert any(carries_fec(encoder.encode(piece)) for piece in pieces)
    assert not any(carries_fec(without.encode(piece)) for piece in pieces)
    assert not carries_fec(SILENCE)
