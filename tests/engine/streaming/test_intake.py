from __future__ import annotations

import numpy as np
import pytest

from engine.streaming.intake import Intake, SoundFormat


def test_sound_at_16_khz_passes_unchanged_and_half_samples_wait() -> None:
    intake = Intake(SoundFormat())
    sound = bytes(range(200))
    pieces = [sound[:1], sound[1:2], sound[2:7], sound[7:100], sound[100:]]
    assert b"".join(intake.process(piece) for piece in pieces) == sound


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_other_rates_come_out_at_16_khz(rate: int) -> None:
    tone = (np.sin(2 * np.pi * 440 * np.arange(rate) / rate) * 10_000).astype("<i2").tobytes()
    intake = Intake(SoundFormat("LINEAR16", rate))
    out = b"".join(intake.process(tone[at : at + 333]) for at in range(0, len(tone), 333)) + intake.flush()
    samples = np.frombuffer(out, "<i2")
    assert abs(len(samples) - 16_000) <= 2
    spectrum = np.abs(np.fft.rfft(samples[:16_000]))
    assert int(np.argmax(spectrum)) == 440


def test_mulaw_is_g711() -> None:
    # ITU-T G.711 table 2b, 14-bit values times 4.
    known = {0x00: -32_124, 0x80: 32_124, 0x0F: -16_764, 0x8F: 16_764, 0x7F: 0, 0xFF: 0, 0xFE: 8, 0x7E: -8}
    for code, value in known.items():
        intake = Intake(SoundFormat("MULAW", 8_000))
        out = np.frombuffer(intake.process(bytes([code]) * 8_000) + intake.flush(), "<i2")
        assert abs(len(out) - 16_000) <= 2
        assert abs(int(out[8_000]) - value) <= 1
