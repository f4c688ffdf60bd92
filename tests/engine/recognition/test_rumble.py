from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from audio.pcm import SAMPLE_RATE
from benchmarks.speech import load
from engine.recognition.hearing import Hearing
from engine.recognition.rumble import CUTOFF_HERTZ, HighPass
from engine.recognition.segmenter import Ended
from engine.recognition.vad import WINDOW, VoiceActivity

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIPS = {clip.id: clip for clip in load()}


def test_it_is_a_butterworth_filter_however_the_sound_is_cut() -> None:
    sound = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    high_pass = HighPass()
    cut = [high_pass(part) for part in np.split(sound, [0, 1, 500, 512, 9_000])]
    wanted = sosfilt(butter(2, CUTOFF_HERTZ, "highpass", fs=SAMPLE_RATE, output="sos"), sound)
    assert np.concatenate(cut) == pytest.approx(wanted, abs=1e-4)


def test_a_steady_offset_is_gone() -> None:
    found = HighPass()(np.full(SAMPLE_RATE, 0.5, np.float32))
    assert np.abs(found[SAMPLE_RATE // 10 :]).max() < 1e-5


@pytest.mark.parametrize("clip", ["ami_EN2003a_09", "ami_EN2002b_22", "jfk"])
def test_a_voice_is_heard_over_the_sway_of_a_bad_microphone(clip: str) -> None:
    voice = CLIPS[clip].samples() / 32_768 * 0.2
    time = np.arange(len(voice)) / SAMPLE_RATE
    sway = 0.3 * np.sin(2 * np.pi * 1.3 * time) + 0.1 * np.sin(2 * np.pi * 3.1 * time)
    heard = [_voiced(sound) for sound in (voice, voice + sway)]
    assert heard[1] == pytest.approx(heard[0], rel=0.3)
    assert heard[1] > 1.0


def _voiced(sound: NDArray[np.float64]) -> float:
    pcm = (sound[: len(sound) // WINDOW * WINDOW] * 32_767).astype("<i2").tobytes()
    decisions = Hearing(VoiceActivity()).hear(pcm, last=True)
    return sum(decision.piece.voiced for decision in decisions if isinstance(decision, Ended))
