"""The whole path, driven by real packets of people in a real end-to-end group."""

from __future__ import annotations

from random import Random

import pytest

from audio.opus import OpusDecoder
from audio.pcm import BYTES_PER_SECOND
from bot.voice import gateway
from bot.voice.events import Heard, Joined, Left, Lost
from bot.voice.ssrc import PATIENCE
from tests.bot.voice.call import ANA, BEN, BOT, CAN, EXTENSION, SILENCE, Call, is_continuous

A, B = 440.0, 1000.0


def test_people_are_heard_apart_with_extension_and_padding() -> None:
    call = Call(ANA, BEN)
    ana, ben = call.voice(ANA, 11, A), call.voice(BEN, 12, B)
    call.op5(ANA, 11)
    call.op5(BEN, 12)
    for number in range(100):
        call.arrive(ana.packet(extension=EXTENSION, padding=number % 5), ben.packet(padding=number % 3))
        call.wait(0.02)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 1.9
    assert call.loud_seconds(BEN, B) >= 1.9
    assert call.loud_seconds(ANA, B) == call.loud_seconds(BEN, A) == 0
    assert is_continuous(call.heard(ANA))
    health = call.receiver.health(connected=True, encrypted_ready=True)
    assert [(s.received, s.missing, s.undecryptable) for s in health.speakers] == [(100, 0, 0)] * 2
    assert health.bad_packets == 0


def test_packets_of_padding_alone_are_no_sound_and_no_loss() -> None:
    call = Call(ANA)
    ana = call.voice(ANA, 11, A)
    call.op5(ANA, 11)
    for number in range(60):
        if number % 6 == 5:
            ana.timestamp -= 960
            call.arrive(ana.packet(b"", padding=200))
        else:
            call.arrive(ana.packet())
            call.wait(0.02)
    call.finish()
    (speaker,) = call.receiver.health(connected=True, encrypted_ready=True).speakers
    assert (speaker.received, speaker.missing, speaker.concealed) == (50, 0, 0)


def test_what_came_before_op_5_is_not_lost_without_encryption() -> None:
    call = Call(ANA, encrypted=False)
    ana = call.voice(ANA, 11, A)
    call.speak(ana, 20)
    assert call.heard(ANA) == []
    began = call.now
    call.op5(ANA, 11)
    call.speak(ana, 20)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 0.76
    assert call.heard(ANA)[0].at < began - 0.3, "it has the time at which it was said"


def test_without_any_op_5_everybody_is_found_by_their_keys() -> None:
    call = Call(ANA, BEN, CAN)
    voices = [call.voice(ANA, 11, A), call.voice(BEN, 12, B), call.voice(CAN, 13, 1600.0)]
    for _ in range(50):
        call.arrive(*(voice.packet() for voice in voices))
        call.wait(0.02)
    call.finish()
    for voice in voices:
        assert call.loud_seconds(voice.user_id, voice.frequency) >= 0.95
    assert call.receiver.health(connected=True, encrypted_ready=True).unknown_ssrcs == 0


def test_silence_frames_before_speech_prove_nobody_but_are_kept() -> None:
    call = Call(ANA, BEN)
    ana = call.voice(ANA, 11, A)
    for _ in range(5):
        call.arrive(ana.packet(SILENCE))
        call.wait(0.02)
    call.speak(ana, 30)
    call.finish()
    (speaker,) = call.receiver.health(connected=True, encrypted_ready=True).speakers
    assert (speaker.user_id, speaker.received) == (ANA, 35)


def test_somebody_comes_back_with_another_ssrc_and_no_op_5() -> None:
    call = Call(ANA, BEN)
    call.op5(ANA, 11)
    call.speak(call.voice(ANA, 11, A), 30, then_stop=True)
    call.unsealer.left(ANA)
    call.events += call.receiver.left(ANA, call.now)
    call.speak(call.voice(ANA, 99, A, sequence=50_000, timestamp=3), 30, then_stop=True)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 1.15
    assert call.events.count(Left(ANA, call.now)) == 0, "nobody had said that they were there"


def test_another_ssrc_without_anybody_saying_so() -> None:
    call = Call(ANA, BEN)
    call.op5(ANA, 11)
    call.op5(BEN, 12)
    call.speak(call.voice(ANA, 11, A), 30, then_stop=True)
    call.wait(1.5)
    call.speak(call.voice(ANA, 99, A), 30, then_stop=True)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 1.1
    assert call.loud_seconds(BEN, A) == 0


def test_an_ssrc_that_has_gone_over_to_somebody_else() -> None:
    call = Call(ANA, BEN)
    call.op5(ANA, 11)
    call.speak(call.voice(BEN, 11, B), 50)
    call.finish()
    assert call.loud_seconds(BEN, B) >= 0.9
    assert call.pcm(ANA) == b""


def test_a_new_epoch_in_the_middle_of_a_word() -> None:
    call = Call(ANA, BEN)
    ana = call.voice(ANA, 11, A)
    call.speak(ana, 25)
    call.group.add(CAN)
    call.speak(ana, 25)
    call.speak(call.voice(CAN, 13, B), 25, then_stop=True)
    call.group.remove(CAN)
    call.speak(ana, 25)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 1.45
    assert call.loud_seconds(CAN, B) >= 0.45
    assert call.receiver.health(connected=True, encrypted_ready=True).speakers[0].undecryptable == 0


@pytest.mark.parametrize("known", [True, False])
def test_what_comes_before_the_keys_waits_for_them(*, known: bool) -> None:
    call = Call(ANA, BEN)
    session, call.session = call.session, None
    if known:
        call.op5(ANA, 11)
    call.speak(call.voice(ANA, 11, A), 30, then_stop=True)
    assert call.heard(ANA) == []
    call.session = session
    call.finish()
    assert call.loud_seconds(ANA, A) >= 0.55


def test_a_voice_without_owner_is_told_as_loss_of_nobody_known() -> None:
    call = Call(ANA, encrypted=False)
    call.speak(call.voice(ANA, 11, A), 60)
    call.wait(PATIENCE + 1)
    (lost,) = [event for event in call.events if isinstance(event, Lost)]
    assert lost.user_id is None
    assert lost.seconds == pytest.approx(1.2)
    assert lost.at == pytest.approx(10.0)


def test_sequence_and_timestamp_wrap_around() -> None:
    call = Call(ANA)
    call.op5(ANA, 11)
    call.speak(call.voice(ANA, 11, A, sequence=65_520, timestamp=2**32 - 960 * 15), 60)
    call.finish()
    (speaker,) = call.receiver.health(connected=True, encrypted_ready=True).speakers
    assert (speaker.received, speaker.missing) == (60, 0)
    assert is_continuous(call.heard(ANA))


def test_five_per_cent_loss_and_disorder_cost_little() -> None:
    call = Call(ANA)
    call.op5(ANA, 11)
    ana = call.voice(ANA, 11, A)
    random = Random(3)
    packets = [(number * 0.02 + random.random() * 0.04, ana.packet(extension=EXTENSION)) for number in range(300)]
    arriving = sorted((at, packet) for at, packet in packets if random.random() > 0.05)
    for at, packet in arriving:
        call.wait(10.0 + at - call.now)
        call.arrive(packet)
    call.finish()
    (speaker,) = call.receiver.health(connected=True, encrypted_ready=True).speakers
    assert speaker.missing == 300 - len(arriving)
    assert speaker.recovered + speaker.concealed == speaker.missing
    assert is_continuous(call.heard(ANA))
    assert call.loud_seconds(ANA, A) >= 300 * 0.02 * 0.97
    assert not [event for event in call.events if isinstance(event, Lost)]


def test_pauses_of_a_conversation_are_no_loss() -> None:
    call = Call(ANA, BEN)
    ana, ben = call.voice(ANA, 11, A), call.voice(BEN, 12, B)
    call.op5(ANA, 11)
    call.op5(BEN, 12)
    for pause in (0.3, 1.0, 1.9, 4.0, 20.0):
        call.speak(ana, 20, then_stop=True)
        for voice in (ana, ben):
            voice.pause(pause + (0.5 if voice is ben else 0.0))
        call.wait(pause)
        call.speak(ben, 20, then_stop=True)
        ana.pause(0.5)
    call.finish()
    for speaker in call.receiver.health(connected=True, encrypted_ready=True).speakers:
        assert (speaker.received, speaker.missing, speaker.concealed, speaker.recovered) == (125, 0, 0, 0)
    assert not [event for event in call.events if isinstance(event, Lost)]


class CountingDecoder(OpusDecoder):
    made = 0

    def __init__(self) -> None:
        super().__init__()
        CountingDecoder.made += 1


def test_who_said_no_is_never_decoded() -> None:
    CountingDecoder.made = 0
    call = Call(ANA, BEN, decoder=CountingDecoder)
    call.unsealer.refuse(BEN)
    call.receiver.refuse(BEN)
    call.op5(ANA, 11)
    call.op5(BEN, 12)
    for _ in range(30):
        call.arrive(call.voice(ANA, 11, A).packet())
    ana, ben, ben_unknown = call.voice(ANA, 11, A), call.voice(BEN, 12, B), call.voice(BEN, 14, B)
    for _ in range(30):
        call.arrive(ana.packet(), ben.packet())
        call.wait(0.02)
    call.unsealer.left(BEN)
    for _ in range(30):
        call.arrive(ben_unknown.packet())
        call.wait(0.02)
    call.finish()
    assert call.pcm(BEN) == b""
    assert CountingDecoder.made == 1
    call.unsealer.accept(BEN)
    call.receiver.accept(BEN)
    call.speak(ben_unknown, 30)
    call.finish()
    assert call.loud_seconds(BEN, B) >= 0.5


def test_what_is_held_of_somebody_is_dropped_when_they_say_no() -> None:
    call = Call(ANA)
    call.op5(ANA, 11)
    ana = call.voice(ANA, 11, A)
    call.arrive(ana.packet(), ana.packet())
    call.unsealer.refuse(ANA)
    call.receiver.refuse(ANA)
    call.finish()
    assert call.pcm(ANA) == b""


def test_leaving_gives_out_the_rest_first() -> None:
    call = Call(ANA)
    call.events += call.receiver.joined(ANA, call.now)
    call.events += call.receiver.joined(ANA, call.now)
    call.op5(ANA, 11)
    ana = call.voice(ANA, 11, A)
    call.arrive(*(ana.packet() for _ in range(10)))
    call.events += call.receiver.left(ANA, 99.0)
    kinds = [type(event) for event in call.events]
    assert kinds[0] is Joined
    assert kinds.count(Joined) == 1
    assert call.events[-1] == Left(ANA, 99.0)
    assert len(call.pcm(ANA)) == BYTES_PER_SECOND // 50 * 10


def test_bad_packets_never_stop_the_rest() -> None:
    call = Call(ANA, BEN)
    call.op5(ANA, 11)
    call.op5(BEN, 12)
    ana, ben = call.voice(ANA, 11, A), call.voice(BEN, 12, B)
    for number in range(100):
        packet = ben.packet()
        spoilt = bytearray(packet)
        spoilt[call.random.randrange(len(spoilt))] ^= 1 << call.random.randrange(8)
        call.arrive(bytes(spoilt), packet[: number % len(packet)], bytes(number), ana.packet())
        call.arrive(ben.packet(b"\xff\xff\xff\xff"), ben.packet(b"\x03"))
        call.wait(0.02)
    call.finish()
    assert call.loud_seconds(ANA, A) >= 1.9
    assert call.receiver.health(connected=True, encrypted_ready=True).bad_packets > 50


class Panic(BaseException):
    """As PyO3 makes one of a Rust panic: no Exception."""


class PanickingSession:
    """Panics at each third frame."""

    ready = True

    def __init__(self) -> None:
        self.count = 0

    def get_user_ids(self) -> list[str]:
        return [str(BOT), str(ANA)]

    def decrypt(self, user_id: int, media_type: object, packet: bytes) -> bytes:
        self.count += 1
        if self.count % 3 == 0:
            raise Panic("index out of bounds")
        return packet[:-2]


@pytest.mark.parametrize("known", [True, False])
def test_a_panic_in_the_library_is_contained(*, known: bool) -> None:
    call = Call(ANA)
    call.session = PanickingSession()  # type: ignore[assignment] # a stand-in with the same behaviour
    if known:
        call.op5(ANA, 11)
    call.speak(call.voice(ANA, 11, A), 60)
    assert call.receiver.health(connected=True, encrypted_ready=True).bad_packets == 20


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_wish_to_stop_is_not_contained(error: type[BaseException]) -> None:
    call = Call(ANA)

    def stop() -> list[int]:
        raise error

    call.unsealer._transport._key = stop
    with pytest.raises(error):
        call.arrive(call.voice(ANA, 11, A).packet())


def test_gateway_messages_tell_owners() -> None:
    call = Call(ANA, BEN, encrypted=False)

    def say(op: int, **data: object) -> None:
        call.events += call.receiver.hear(gateway.apply(op, data, call.unsealer, call.now))

    say(gateway.SPEAKING, user_id=str(ANA), ssrc=11, speaking=1)
    say(gateway.SPEAKING, user_id=str(ANA), ssrc=77, speaking=2)
    say(gateway.VIDEO, user_id=str(BEN), audio_ssrc=12, video_ssrc=21, rtx_ssrc=22)
    say(gateway.SPEAKING, user_id="nobody", ssrc=13, speaking=1)
    say(gateway.SPEAKING, user_id=None, ssrc=[], speaking={})
    say(gateway.SPEAKING)
    for ssrc, frequency in ((11, A), (12, B), (77, A), (21, A)):
        call.speak(call.voice(ANA, ssrc, frequency), 20)
    assert call.loud_seconds(ANA, A) >= 0.3
    assert call.loud_seconds(BEN, B) >= 0.3
    assert call.receiver.health(connected=True, encrypted_ready=True).unknown_ssrcs == 0, (
        "shared screens and cameras are not held"
    )
    say(gateway.CLIENT_DISCONNECT, user_id=str(ANA))
    call.speak(call.voice(CAN, 11, A), 5)
    assert call.receiver.health(connected=True, encrypted_ready=True).unknown_ssrcs == 1
    say(gateway.READY)
    assert call.receiver.health(connected=True, encrypted_ready=True).unknown_ssrcs == 0


def test_pieces_of_a_person_are_bounded_in_length() -> None:
    call = Call(ANA)
    call.op5(ANA, 11)
    call.speak(call.voice(ANA, 11, A), 50)
    assert max(len(event.pcm) for event in call.events if isinstance(event, Heard)) <= 0.1 * BYTES_PER_SECOND
