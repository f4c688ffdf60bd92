"""The real model and the real voice activity detector, on recorded speech and on noise."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.pcm import silence
from benchmarks.noises import noises, script, whispered
from benchmarks.recognition import transcribe
from benchmarks.sounds import SOUNDS, at_level
from benchmarks.speech import load, rates, word_error_rate
from engine.recognition import pool as recognition
from engine.recognition.types import Final
from engine.recognition.vad import WINDOW, VoiceActivity
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.recognition.pool import RecognitionPool

CLIPS = {clip.id: clip for clip in load()}


@pytest.fixture
async def pool() -> AsyncIterator[RecognitionPool]:
    made = await recognition.start(EngineSettings())
    yield made
    await made.close()


def loudness(pcm: bytes) -> list[float]:
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
    return [float(value) for value in VoiceActivity().probabilities(samples[: len(samples) // WINDOW * WINDOW])]


def test_speech_is_told_from_silence() -> None:
    probabilities = loudness(silence(1) + CLIPS["jfk"].pcm())
    assert max(probabilities[:25]) < 0.3
    assert np.mean(np.array(probabilities[31:]) > 0.5) > 0.5


def test_voice_activity_does_not_depend_on_how_the_sound_is_cut() -> None:
    samples = (CLIPS["jfk"].samples()[: WINDOW * 200] / 32_768).astype(np.float32)
    whole, cut = VoiceActivity(), VoiceActivity()
    pieces = [cut.probabilities(samples[at : at + WINDOW * size]) for at, size in ((0, 1), (WINDOW, 50), (WINDOW * 51, 149))]
    assert np.concatenate(pieces) == pytest.approx(whole.probabilities(samples), abs=1e-4)


def test_a_faint_voice_is_heard_after_a_loud_one() -> None:
    loud, faint = CLIPS["jfk"].pcm(), at_level(CLIPS["vctk_p261_001"].samples(), -60.0)
    after = loudness(loud + silence(2) + faint)[-len(faint) // (2 * WINDOW) :]
    assert np.mean(np.array(after) > 0.5) > 0.5


@pytest.mark.model
@pytest.mark.timeout(600)
async def test_recorded_speech_is_read_with_few_errors(pool: RecognitionPool) -> None:
    clips = [clip for number, clip in enumerate(CLIPS.values()) if number % 2 == 0 or clip.kind == "meeting"]
    found = rates(clips, [await transcribe(pool, clip.pcm()) for clip in clips])
    assert found["read"] < 5
    assert found["meeting"] < 32
    assert found["headline"] < 13


@pytest.mark.model
@pytest.mark.parametrize("decibels", [-45.0, -30.0, -15.0])
async def test_noise_has_no_words(pool: RecognitionPool, decibels: float) -> None:
    heard = {name: await transcribe(pool, pcm) for name, pcm in noises(5, decibels).items()}
    assert heard.keys() == SOUNDS.keys()
    assert {name: text for name, text in heard.items() if text} == {}


@pytest.mark.model
async def test_quiet_speech_is_heard(pool: RecognitionPool) -> None:
    for name in ("jfk", "vctk_p261_001", "lj_LJ001-0004"):
        clip = CLIPS[name]
        text = await transcribe(pool, at_level(clip.samples(), -35))
        assert word_error_rate([clip.text], [text]) < 15, text


@pytest.mark.model
async def test_whispered_speech_is_heard(pool: RecognitionPool) -> None:
    for name in ("vctk_p261_001", "lj_LJ001-0004", "lj_LJ001-0008"):
        clip = CLIPS[name]
        text = await transcribe(pool, whispered(clip.samples(), -35))
        assert word_error_rate([clip.text], [text]) < 30, text


def test_a_script_of_sounds_is_the_same_for_the_same_seed_and_leaves_none_out() -> None:
    one, again, other = (list(script(240, seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert {event.name for event in one} == SOUNDS.keys()
    assert sum(len(event.pcm) for event in one) >= 240 * 32_000
    assert [event.start for event in one] == sorted(event.start for event in one)


@pytest.mark.model
async def test_names_of_the_vocabulary_come_out_right_and_strangers_do_not(pool: RecognitionPool) -> None:
    strangers = ["Kubernetes", "Priyanka", "Siobhan", "Terraform", "Okonkwo", "Grace", "Will", "Project Falcon"]
    spoken = {"ami_EN2004a_11": "Maarika", "libri_61-70970-0024": "Warrenton", "lj_LJ001-0003": "woodcutters"}
    for clip, name in spoken.items():
        pcm = CLIPS[clip].pcm()
        text = await transcribe(pool, pcm, vocabulary=[*strangers, *spoken.values()])
        assert name in text
        assert await transcribe(pool, pcm, vocabulary=strangers) == await transcribe(pool, pcm)


@pytest.mark.model
async def test_several_people_at_once_keep_their_words(pool: RecognitionPool) -> None:
    names = ("jfk", "vctk_p261_001", "lj_LJ001-0004", "lj_LJ001-0008")
    texts = await asyncio.gather(*(transcribe(pool, CLIPS[name].pcm()) for name in names))
    for name, text in zip(names, texts, strict=True):
        assert word_error_rate([CLIPS[name].text], [text]) < 25, (name, text)


@pytest.mark.model
async def test_finals_have_times_confidence_and_words(pool: RecognitionPool) -> None:
    stream = pool.open()
    stream.feed(silence(2) + CLIPS["lj_LJ001-0008"].pcm() + silence(1))
    await stream.finish()
    (final,) = [result async for result in stream.results() if isinstance(result, Final)]
    assert 1.4 < final.start < 2.2
    assert 3.3 < final.end < 3.9
    assert 0.7 < final.confidence <= 1
    assert [word.text for word in final.words] == final.text.split()
    assert final.start <= final.words[0].start < final.words[-1].end <= final.end + 0.001
