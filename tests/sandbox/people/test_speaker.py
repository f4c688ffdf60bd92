from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.opus import OpusDecoder
from sandbox.people.speaker import Kind, PauseGate, Speaker, levels
from sandbox.voice.rtp import SILENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000


def tone(seconds: float, *, rate: int = RATE, amplitude: int = 8000) -> NDArray[np.int16]:
    return (amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * RATE), np.int16)


def runs(plan: tuple[Kind, ...]) -> list[tuple[Kind, int]]:
    return [(kind, len(list(group))) for kind, group in groupby(plan)]


def test_levels() -> None:
    sound = np.concatenate([np.zeros(960, np.int16), np.full(960, 32767, np.int16), np.full(960, 3277, np.int16)])
    assert levels(sound, 960).tolist() == [-np.inf, pytest.approx(0, abs=0.01), pytest.approx(-20, abs=0.01)]


def test_gate_sends_nothing_before_the_first_word() -> None:
    gate = PauseGate()
    assert {gate.decide(-90.0) for _ in range(100)} == {Kind.NOTHING}
    assert gate.decide(-20.0) is Kind.VOICE


def test_gate_says_silence_five_times_after_200_ms_of_quiet() -> None:
    gate = PauseGate()
    gate.decide(-20.0)
    said = [gate.decide(-90.0) for _ in range(30)]
    assert said == [Kind.VOICE] * 10 + [Kind.SILENCE] * 5 + [Kind.NOTHING] * 15


def test_a_short_pause_is_sent_as_it_is() -> None:
    gate = PauseGate()
    said = [gate.decide(level) for level in [-20.0, *[-90.0] * 10, -20.0, *[-90.0] * 10]]
    assert set(said) == {Kind.VOICE}


def test_an_utterance_with_a_long_pause() -> None:
    sound = np.concatenate([tone(1.0), silence(1.0), tone(0.5)])
    utterance = Speaker().utter(sound, RATE)
    assert runs(utterance.plan) == [
        (Kind.VOICE, 60),
        (Kind.SILENCE, 5),
        (Kind.NOTHING, 35),
        (Kind.VOICE, 35),
        (Kind.SILENCE, 5),
    ]
    assert (utterance.first_voiced, utterance.last_voiced) == (0, 124)


def test_frames_are_the_plan_in_opus() -> None:
    utterance = Speaker().utter(np.concatenate([tone(0.5), silence(1.0)]), RATE)
    frames = utterance.frames(0, 20) + utterance.frames(20, 1000)
    ticks = [tick for tick, _ in frames]
    assert ticks == [tick for tick, kind in enumerate(utterance.plan) if kind is not Kind.NOTHING]
    assert [frame for _, frame in frames[-5:]] == [SILENCE] * 5
    assert SILENCE not in [frame for _, frame in frames[:-5]]


def test_what_is_said_can_be_heard() -> None:
    utterance = Speaker().utter(tone(1.0, rate=24_000), 24_000)
    decoder = OpusDecoder(16_000, 1)
    heard = np.frombuffer(b"".join(decoder.decode(frame) for _, frame in utterance.frames(0, 50)), "<i2")
    spectrum = np.abs(np.fft.rfft(heard[1600:] * np.hanning(len(heard) - 1600)))
    assert spectrum.argmax() * 16_000 / (len(heard) - 1600) == pytest.approx(440, abs=2)


def test_a_lost_frame_is_in_the_next_one() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(RATE) / RATE
    vowel = np.sum([np.sin(2 * np.pi * 120 * n * time + rng.random()) / n for n in range(1, 25)], axis=0)
    utterance = Speaker().utter((4000 * vowel).astype(np.int16), RATE)
    frames = [frame for _, frame in utterance.frames(0, 50)]
    whole, holed = OpusDecoder(), OpusDecoder()
    right = [whole.decode(frame) for frame in frames]
    for frame in frames[:30]:
        holed.decode(frame)
    recovered = np.frombuffer(holed.recover(frames[31], 320), "<i2").astype(float)
    wanted = np.frombuffer(right[30], "<i2").astype(float)
    assert np.corrcoef(recovered, wanted)[0, 1] > 0.9


def test_silence_alone_is_not_voice() -> None:
    utterance = Speaker().utter(silence(1.0), RATE)
    assert set(utterance.plan) == {Kind.NOTHING}
    assert utterance.last_voiced is None
    assert utterance.frames(0, 1000) == []


def test_nothing_at_all() -> None:
    assert Speaker().utter(silence(0), RATE).last_voiced is None
