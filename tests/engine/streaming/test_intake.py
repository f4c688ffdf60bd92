from __future__ import annotations

import random

import numpy as np
import pytest

from engine.streaming.intake import Encoding, Intake, SoundFormat
from tests.engine.streaming.encoders import cut, encoded, flac, is_tone, opus_packets, tone


def take(intake: Intake, pieces: list[bytes]) -> tuple[bytes, list[str]]:
    """All sound of the pieces, the end included, and what was wrong with some of them."""
    taken = [intake.process(piece) for piece in pieces]
    return b"".join(one.sound for one in taken) + intake.flush(), [one.trouble for one in taken if one.trouble]


def test_sound_at_16_khz_passes_unchanged_and_half_samples_wait() -> None:
    sound = bytes(range(200))
    assert take(Intake(SoundFormat()), [sound[:1], sound[1:2], sound[2:7], sound[7:100], sound[100:]]) == (sound, [])


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_other_rates_come_out_at_16_khz(rate: int) -> None:
    sound = tone(rate).tobytes()
    pieces = [sound[at : at + 333] for at in range(0, len(sound), 333)]
    out, trouble = take(Intake(SoundFormat("LINEAR16", rate)), pieces)
    assert trouble == []
    assert abs(len(out) // 2 - 16_000) <= 2
    assert is_tone(out, 1)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_mulaw_is_g711(rate: int) -> None:
    # ITU-T G.711 table 2b, 14-bit values times 4.
    known = {0x00: -32_124, 0x80: 32_124, 0x0F: -16_764, 0x8F: 16_764, 0x7F: 0, 0xFF: 0, 0xFE: 8, 0x7E: -8}
    for code, value in known.items():
        out, _ = take(Intake(SoundFormat("MULAW", rate)), [bytes([code]) * rate])
        samples = np.frombuffer(out, "<i2")
        assert abs(len(samples) - 16_000) <= 2
        assert abs(int(samples[8_000]) - value) <= 1


# FLAC


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("form", ["mono", "stereo", "deep"])
@pytest.mark.parametrize("whole", [True, False])
def test_flac_cut_anywhere(rate: int, form: str, *, whole: bool) -> None:
    sound = flac(tone(rate, 2), rate, channels=2 if form == "stereo" else 1, deep=form == "deep")
    pieces = [sound] if whole else list(cut(sound, random.Random(rate)))
    out, trouble = take(Intake(SoundFormat("FLAC", rate)), pieces)
    assert trouble == []
    assert is_tone(out, 2, slack=0.001)


def test_flac_that_is_said_loses_nothing_bit_for_bit() -> None:
    sound = np.random.default_rng(3).integers(-3_000, 3_000, 40_000).astype("<i2")
    out, _ = take(Intake(SoundFormat("FLAC")), list(cut(flac(sound, 16_000), random.Random(1), most=40)))
    assert out == sound.tobytes()


def test_flac_frames_without_their_head() -> None:
    sound = flac(tone(16_000, 2), 16_000)
    out, trouble = take(Intake(SoundFormat("FLAC")), list(cut(sound[sound.index(b"\xff\xf8") :], random.Random(2))))
    assert trouble == []
    assert is_tone(out, 2)


def test_flac_in_ogg() -> None:
    sound = encoded(tone(16_000, 2), 16_000, "flac", "ogg")
    out, trouble = take(Intake(SoundFormat("FLAC")), list(cut(sound, random.Random(3), most=500)))
    assert trouble == []
    assert is_tone(out, 2)


def test_flac_is_given_out_a_frame_after_it_came() -> None:
    intake = Intake(SoundFormat("FLAC"))
    sound = flac(tone(16_000, 3), 16_000)
    got = sum(len(intake.process(piece).sound) for piece in cut(sound, random.Random(4), most=100))
    assert got >= (3 * 16_000 - 2 * 4_608) * 2


def test_flac_goes_on_behind_a_fault() -> None:
    sound = flac(np.random.default_rng(5).integers(-3_000, 3_000, 160_000).astype(np.int16), 16_000)
    broken = sound[:100_000] + bytes(500) + sound[110_000:]
    out, trouble = take(Intake(SoundFormat("FLAC")), list(cut(broken, random.Random(5))))
    assert len(trouble) == 1
    assert 0.85 * 320_000 < len(out) < 320_000


def test_a_flac_encoder_that_begins_anew() -> None:
    sound = flac(tone(16_000, 1), 16_000)
    out, trouble = take(Intake(SoundFormat("FLAC")), [*cut(sound, random.Random(6)), *cut(sound, random.Random(7))])
    assert trouble == []
    assert len(out) == 64_000


def test_what_is_no_flac_is_said_and_holds_no_memory() -> None:
    intake = Intake(SoundFormat("FLAC"))
    dice = random.Random(8)
    troubles = [intake.process(dice.randbytes(60_000)).trouble for _ in range(20)]
    assert "This is not FLAC: no frame header comes." in troubles


def test_a_frame_does_not_unfold_without_end() -> None:
    sound = flac(np.zeros(16_000 * 400, np.int16), 16_000)
    assert len(sound) < 100_000
    intake = Intake(SoundFormat("FLAC"))
    out, trouble = intake.process(sound)
    assert trouble == "One frame may hold 300 s of sound: the rest of it was left out."
    assert 300 < len(out) / 32_000 < 301
    again, troubles = take(intake, [flac(tone(16_000), 16_000)])
    assert troubles == []
    assert is_tone(again, 1)


# Opus


def test_opus_packet_by_packet() -> None:
    out, trouble = take(Intake(SoundFormat("OPUS", 48_000)), opus_packets(tone(16_000, 2).tobytes()))
    assert trouble == []
    assert is_tone(out, 2)


@pytest.mark.parametrize(("container", "options"), [("ogg", {}), ("webm", {}), ("webm", {"live": "1"}), ("opus", {})])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("most", [20, 4_000])
def test_opus_in_a_container_cut_anywhere(container: str, options: dict[str, str], channels: int, most: int) -> None:
    sound = encoded(tone(48_000, 2), 48_000, "libopus", container, options, channels=channels)
    out, trouble = take(Intake(SoundFormat("OPUS", 48_000)), list(cut(sound, random.Random(9), most)))
    assert trouble == []
    assert is_tone(out, 2)


@pytest.mark.parametrize("container", ["ogg", "webm"])
def test_a_container_goes_on_behind_a_fault(container: str) -> None:
    options = {"cluster_time_limit": "500", "live": "1"} if container == "webm" else {"page_duration": "200000"}
    sound = encoded(tone(48_000, 4), 48_000, "libopus", container, options)
    third = len(sound) // 3
    broken = sound[:third] + b"\0" * 300 + sound[third + 700 :]
    out, trouble = take(Intake(SoundFormat("OPUS")), list(cut(broken, random.Random(10))))
    assert trouble
    assert 2.5 < len(out) / 32_000 < 4


def test_a_packet_that_is_no_opus_leaves_the_next_alone() -> None:
    packets = opus_packets(tone(16_000, 2).tobytes())
    packets[50:50] = [b"\xff\xff\xff", b"\x03"]
    out, trouble = take(Intake(SoundFormat("OPUS")), packets)
    assert trouble == ["A packet is not Opus: it was left out."] * 2
    assert is_tone(out, 2)


@pytest.mark.parametrize(
    ("encoding", "codec", "container", "said"),
    [
        ("OPUS", "flac", "ogg", "This Ogg stream holds FLAC: name FLAC as its encoding."),
        ("FLAC", "libopus", "ogg", "This Ogg stream holds Opus: name Opus as its encoding."),
        ("OPUS", "libvorbis", "webm", "This WebM holds no Opus: record it as audio/webm;codecs=opus."),
    ],
)
def test_another_codec_is_named(encoding: Encoding, codec: str, container: str, said: str) -> None:
    if codec == "libvorbis":
        sound = encoded(tone(48_000), 48_000, "libopus", container).replace(b"A_OPUS", b"A_MORE")
    else:
        sound = encoded(tone(48_000), 48_000, codec, container)
    out, trouble = take(Intake(SoundFormat(encoding)), [sound])
    assert out == b""
    assert set(trouble) == {said}


@pytest.mark.parametrize("encoding", ["FLAC", "OPUS"])
def test_nothing_gets_out_of_a_fuzzed_decoder(encoding: Encoding) -> None:
    dice = random.Random(11)
    containers = [encoded(tone(48_000), 48_000, "libopus", kind) for kind in ("ogg", "webm")]
    seeds = [*containers, flac(tone(16_000), 16_000), encoded(tone(16_000), 16_000, "flac", "ogg"), dice.randbytes(5_000)]
    for _ in range(150):
        broken = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(1, 30)):
            at = dice.randrange(len(broken))
            match dice.randrange(3):
                case 0:
                    broken[at] = dice.randrange(256)
                case 1:
                    del broken[at : at + dice.randrange(100)]
                case _:
                    broken[at:at] = dice.randbytes(dice.randrange(50))
        out, _ = take(Intake(SoundFormat(encoding)), list(cut(bytes(broken), dice)))
        assert len(out) % 2 == 0
