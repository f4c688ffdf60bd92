from __future__ import annotations

import itertools

import numpy as np
import pytest

from audio.errors import UnsupportedFormat
from audio.resample import Resampler

CUTS = [1, 3, 639, 640, 4_801, 2, 1_000]


def tone(rate: int, frequency: float, seconds: float, channels: int = 1, amplitude: float = 12_000) -> bytes:
    moments = np.arange(round(rate * seconds)) / rate
    mono = np.rint(amplitude * np.sin(2 * np.pi * frequency * moments)).astype("<i2")
    return np.repeat(mono, channels).tobytes()


def noise(samples: int) -> bytes:
    return np.random.default_rng(3).integers(-20_000, 20_000, samples).astype("<i2").tobytes()


def in_cuts(resampler: Resampler, pcm: bytes) -> bytes:
    out: list[bytes] = []
    at = 0
    for size in itertools.cycle(CUTS):
        if at >= len(pcm):
            break
        out.append(resampler.process(pcm[at : at + size]))
        at += size
    return b"".join([*out, resampler.flush()])


def at_once(resampler: Resampler, pcm: bytes) -> bytes:
    return resampler.process(pcm) + resampler.flush()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_cut_of_the_input_gives_the_same_output_of_the_right_length(rate: int, channels: int) -> None:
    frames = rate // 2 + 7
    pcm = noise(frames * channels)
    whole = at_once(Resampler(rate, channels), pcm)
    assert in_cuts(Resampler(rate, channels), pcm) == whole
    assert len(whole) / 2 == pytest.approx(frames * 16_000 / rate, abs=1)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_a_tone_comes_through_clean(rate: int) -> None:
    out = np.frombuffer(at_once(Resampler(rate), tone(rate, 1_000, 2)), "<i2").astype(np.float64)[2_000:-2_000]
    moments = np.arange(len(out)) / 16_000
    basis = np.stack([np.sin(2 * np.pi * 1_000 * moments), np.cos(2 * np.pi * 1_000 * moments)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, out, rcond=None)
    rest = out - basis @ fit
    assert np.hypot(*fit) == pytest.approx(12_000, rel=0.001)
    assert 10 * np.log10(np.mean((basis @ fit) ** 2) / np.mean(rest**2)) > 80


def test_what_16_khz_cannot_hold_is_left_out() -> None:
    out = np.frombuffer(at_once(Resampler(48_000), tone(48_000, 11_000, 1)), "<i2").astype(np.float64)[2_000:-2_000]
    assert np.abs(out).max() <= 2


def test_channels_are_mixed_by_their_mean() -> None:
    left, right = np.full(1_600, 10_000, "<i2"), np.full(1_600, -4_000, "<i2")
    out = np.frombuffer(at_once(Resampler(16_000, 2), np.stack([left, right], axis=1).tobytes()), "<i2")
    assert set(out.tolist()) == {3_000}


def test_full_scale_does_not_wrap_around() -> None:
    square = np.where(np.arange(48_000) % 100 < 50, 32_767, -32_768).astype("<i2")
    out = np.frombuffer(at_once(Resampler(48_000), square.tobytes()), "<i2").astype(np.int64)
    assert out.max() == 32_767
    middle = out[500:-500]
    expected = np.where((np.arange(len(out)) * 3) % 100 < 50, 1, -1)[500:-500]
    plateau = np.abs(middle) > 25_000
    assert plateau.mean() > 0.7
    assert (np.sign(middle[plateau]) == expected[plateau]).all()


def test_flush_makes_ready_for_new_sound() -> None:
    resampler = Resampler(44_100)
    pcm = noise(10_000)
    first = at_once(resampler, pcm + b"\x01")
    assert at_once(resampler, pcm) == first


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (-8_000, 1), (1_000_000, 1), (16_000, 0), (16_000, 99)])
def test_formats_that_are_not_spoken_are_named(rate: int, channels: int) -> None:
    with pytest.raises(UnsupportedFormat):
        Resampler(rate, channels)
