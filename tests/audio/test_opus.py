from __future__ import annotations

import random

import numpy as np
import pytest

from audio import libopus
from audio.errors import OpusError, UnsupportedFormat
from audio.opus import OpusDecoder, OpusEncoder, packet_samples
from audio.pcm import FRAME_BYTES, FRAME_SAMPLES
from benchmarks.speech import load

SILENT_FRAME = b"\xf8\xff\xfe"


def speech() -> bytes:
    return next(clip for clip in load() if clip.id == "jfk").pcm()


def packets(pcm: bytes, bitrate: int = 64_000, expected_loss: int = 5) -> list[bytes]:
    encoder = OpusEncoder(16_000, 1, bitrate=bitrate, expected_loss=expected_loss)
    return [encoder.encode(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def level(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2)))


def likeness(one: bytes, other: bytes, most_delay: int = 400) -> float:
    """The best correlation of two pieces of sound over a range of delays."""
    a, b = (np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in (one, other))
    size = min(len(a), len(b)) - most_delay
    return max(float(np.corrcoef(a[:size], b[delay : delay + size])[0, 1]) for delay in range(most_delay))


def test_libopus_is_the_copy_that_comes_with_pyav() -> None:
    assert "av" in libopus.path()
    assert libopus.version().startswith("libopus 1.")


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (16_000, 2), (24_000, 1), (48_000, 2)])
def test_a_packet_decodes_to_twenty_milliseconds_at_any_rate(rate: int, channels: int) -> None:
    packet = OpusEncoder(48_000, 2).encode(bytes(960 * 4))
    assert len(OpusDecoder(rate, channels).decode(packet)) == rate // 50 * channels * 2
    assert packet_samples(packet, rate) == rate // 50


def test_speech_survives_the_round_trip() -> None:
    pcm = speech()
    decoder = OpusDecoder()
    decoded = b"".join(decoder.decode(packet) for packet in packets(pcm))
    assert likeness(pcm[64_000:96_000], decoded[64_000:96_000]) > 0.9


def test_stereo_at_48_khz_decodes_straight_to_16_khz_mono() -> None:
    moments = np.arange(48_000) / 48_000
    tone = (8_000 * np.sin(2 * np.pi * 440 * moments)).astype("<i2")
    stereo = np.repeat(tone, 2).tobytes()
    encoder, decoder = OpusEncoder(), OpusDecoder()
    decoded = b"".join(decoder.decode(encoder.encode(stereo[at : at + 3_840])) for at in range(0, len(stereo), 3_840))
    samples = np.frombuffer(decoded, "<i2")[8_000:]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert len(decoded) == 32_000
    assert spectrum.argmax() * 16_000 / len(samples) == pytest.approx(440, abs=3)
    assert level(samples.tobytes()) == pytest.approx(8_000 / np.sqrt(2), rel=0.05)


def test_a_lost_frame_comes_back_from_the_next_packet() -> None:
    pcm = speech()
    sent = packets(pcm, bitrate=32_000, expected_loss=20)
    whole, recovering, concealing = OpusDecoder(), OpusDecoder(), OpusDecoder()
    recovered: list[float] = []
    concealed: list[float] = []
    for number, packet in enumerate(sent):
        frame = whole.decode(packet)
        if number % 10 == 5 and number + 1 < len(sent):
            fec = recovering.recover(sent[number + 1], FRAME_SAMPLES)
            plc = concealing.conceal(FRAME_SAMPLES)
            assert len(fec) == len(plc) == FRAME_BYTES
            if level(frame) > 1_000:
                recovered.append(_error(frame, fec))
                concealed.append(_error(frame, plc))
        else:
            recovering.decode(packet)
            concealing.decode(packet)
    assert len(recovered) > 10
    assert np.median(recovered) < 0.6 * np.median(concealed)


def _error(frame: bytes, other: bytes) -> float:
    a, b = (np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in (frame, other))
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def test_concealment_goes_on_and_then_fades_to_the_background() -> None:
    sent = packets(speech())
    decoder = OpusDecoder()
    loud = max(range(100, 200), key=lambda number: len(sent[number]))
    frame = [decoder.decode(packet) for packet in sent[: loud + 1]][-1]
    first = decoder.conceal(FRAME_SAMPLES)
    later = [decoder.conceal(FRAME_SAMPLES) for _ in range(50)][-1]
    assert level(first) > 0.2 * level(frame)
    assert level(later) < 0.4 * level(frame)


def test_reset_forgets_the_past() -> None:
    sent = packets(speech())
    used, fresh = OpusDecoder(), OpusDecoder()
    for packet in sent[:120]:
        used.decode(packet)
    used.reset()
    assert used.decode(sent[120]) == fresh.decode(sent[120])


def test_dtx_makes_packets_that_need_not_be_sent() -> None:
    encoder = OpusEncoder(16_000, 1, dtx=True)
    sizes = [len(encoder.encode(bytes(FRAME_BYTES))) for _ in range(60)]
    assert min(sizes) <= 2


def test_discords_silent_frame_is_silence() -> None:
    assert level(OpusDecoder().decode(SILENT_FRAME)) < 1


FRAME_MS = [10, 20, 40, 60] * 3 + [10, 20] * 2 + [2.5, 5, 10, 20] * 4


@pytest.mark.parametrize("config", range(32))
def test_packet_samples_for_every_configuration(config: int) -> None:
    samples = int(FRAME_MS[config] * 16)
    for code, frames in ((0, 1), (1, 2), (2, 2)):
        assert packet_samples(bytes([config << 3 | code, 0]), 16_000) == samples * frames
    for frames in range(64):
        packet = bytes([config << 3 | 3, frames | 0xC0])
        if 0 < frames * FRAME_MS[config] <= 120:
            assert packet_samples(packet, 16_000) == samples * frames
        else:
            with pytest.raises(OpusError):
                packet_samples(packet, 16_000)


def test_packet_samples_agrees_with_the_decoder_on_made_up_packets() -> None:
    seeded = random.Random(7)
    decoder = OpusDecoder()
    agreed = 0
    for _ in range(3_000):
        packet = seeded.randbytes(seeded.randint(1, 60))
        try:
            pcm = decoder.decode(packet)
        except OpusError:
            continue
        agreed += 1
        assert len(pcm) == packet_samples(packet, 16_000) * 2
    assert agreed > 1_000


@pytest.mark.parametrize("packet", [b"", b"\x03", b"\xff\x00", b"\xfb\x3f\x01\x02", b"\xfa\xff", b"\x01\x01"])
def test_a_packet_that_is_not_opus_is_refused_and_the_decoder_goes_on(packet: bytes) -> None:
    sent = packets(speech())
    decoder = OpusDecoder()
    decoder.decode(sent[0])
    with pytest.raises(OpusError):
        decoder.decode(packet)
    assert len(decoder.decode(sent[1])) == FRAME_BYTES
    with pytest.raises(OpusError):
        decoder.recover(packet, FRAME_SAMPLES)


@pytest.mark.parametrize("samples", [0, -1, 7, 1_921, 1_000_000])
def test_a_length_that_opus_does_not_have_is_refused(samples: int) -> None:
    with pytest.raises(OpusError):
        OpusDecoder().conceal(samples)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(UnsupportedFormat, match="44100"):
        OpusDecoder(44_100)
    with pytest.raises(UnsupportedFormat, match="3"):
        OpusEncoder(48_000, 3)
    with pytest.raises(OpusError, match="3840"):
        OpusEncoder().encode(b"\0\0")
    with pytest.raises(OpusError):
        OpusEncoder(expected_loss=400)
