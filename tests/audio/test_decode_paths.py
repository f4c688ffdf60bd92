"""Decoding Opus at 16 kHz is as good for recognition as decoding at 48 kHz and resampling, and much cheaper."""

from __future__ import annotations

import pytest

from benchmarks.decode_paths import compare
from benchmarks.speech import load
from engine.recognition import models
from engine.settings import EngineSettings


@pytest.mark.model
@pytest.mark.timeout(600)
def test_both_paths_lead_to_the_same_word_error_rate() -> None:
    paths = compare(models.load(EngineSettings()), load())
    assert paths.direct == pytest.approx(paths.resampled, abs=0.5)
    assert paths.direct < 10
