from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.files import read_pcm
from engine.recognition.alignment import align
from engine.recognition.segmenter import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

MEETING = Path(__file__).parents[3] / "sandbox" / "meetings" / "weekly-sync"


def piece(*parts: tuple[float, float], start: float = 10.0, hiss: float = 0.0) -> Piece:
    """Sound of (loudness, seconds) one after the other; all that is not silent is voice."""
    rng = np.random.default_rng(1)
    sound, spans, at = [], [], start
    for level, seconds in parts:
        count = round(seconds * 16_000)
        sound.append(level * rng.standard_normal(count) + hiss * rng.standard_normal(count))
        if level:
            spans.append((at, at + seconds))
        at += seconds
    return Piece(0, start, spans[-1][1] if spans else at, np.concatenate(sound).astype(np.float32), tuple(spans))


def flat(times: Sequence[tuple[float, float]]) -> list[float]:
    return [time for pair in times for time in pair]


def test_words_share_the_sound_by_their_length() -> None:
    (first, second) = align(["I", "understand"], piece((0, 0.5), (0.3, 1.2), (0, 0.3)))
    assert first[0] == pytest.approx(10.5, abs=0.03)
    assert 10.6 < first[1] <= second[0] < 10.95
    assert second[1] == pytest.approx(11.7, abs=0.03)


def test_no_word_reaches_across_a_pause() -> None:
    first, second = align(["one", "two"], piece((0.3, 0.9), (0, 0.4), (0.3, 0.3)))
    assert first == pytest.approx((10.0, 10.9), abs=0.03)
    assert second == pytest.approx((11.3, 11.6), abs=0.03)


def test_a_pause_belongs_to_the_mark_rather_than_to_the_length() -> None:
    words = ["Yes,", "that", "is", "right"]
    times = align(words, piece((0.3, 0.55), (0, 0.3), (0.3, 0.75)))
    assert times[0][1] == pytest.approx(10.55, abs=0.03)
    assert times[1][0] == pytest.approx(10.85, abs=0.03)


def test_people_pause_before_and_not_after_it() -> None:
    times = align(["approved", "and", "the", "venue"], piece((0.3, 0.6), (0, 0.3), (0.3, 0.8)))
    assert times[0][1] == pytest.approx(10.6, abs=0.03)
    assert times[1][0] == pytest.approx(10.9, abs=0.03)


def test_voice_activity_that_ends_late_is_cut_back_to_the_sound() -> None:
    sound = piece((0.3, 1.0), (0, 0.5))
    late = Piece(0, sound.start, sound.end + 0.3, sound.samples, ((10.0, 11.3),))
    assert align(["hello"], late)[0] == pytest.approx((10.0, 11.0), abs=0.03)


def test_in_noise_as_loud_as_the_voice_voice_activity_alone_counts() -> None:
    noisy = piece((0.1, 1.0), (0, 0.5), (0.1, 1.0), hiss=0.1)
    first, second = align(["hello.", "hello"], noisy)
    assert first[1] == pytest.approx(11.0, abs=0.1)
    assert second[0] == pytest.approx(11.5, abs=0.1)


@pytest.mark.parametrize("count", [1, 2, 7, 40, 90])
def test_words_are_in_order_inside_the_utterance_however_many(count: int) -> None:
    sound = piece((0.3, 0.6), (0, 0.2), (0.2, 0.1), (0, 0.6), (0.4, 2.7), (0, 0.3))
    times = align([f"word{number}" for number in range(count)], sound)
    assert len(times) == count
    assert flat(times) == sorted(flat(times))
    assert times[0][0] >= sound.start
    assert times[-1][1] <= sound.end + 0.1


def test_nothing_to_align() -> None:
    assert align([], piece((0.3, 1.0))) == []
    silent = Piece(0, 0.0, 1.0, np.zeros(16_000, np.float32), ())
    assert len(align(["what"], silent)) == 1


def test_turns_of_a_meeting_and_the_pauses_in_them_are_met() -> None:
    """Each turn as one utterance; true times are where sound begins and ends, and the longest pauses, at the ends of sentences."""
    script = json.loads((MEETING / "meeting.json").read_text(encoding="utf-8"))
    tracks = {name: (read_pcm(MEETING / f"{name}.flac") / 32_768).astype(np.float32) for name in script["names"]}
    errors: list[float] = []
    for turn in script["turns"]:
        samples = tracks[turn["speaker"]][round(turn["start"] * 16_000) : round(turn["end"] * 16_000)]
        sounds = _sounds(samples, turn["start"])
        words = turn["text"].split()
        whole = Piece(0, turn["start"], sounds[-1][1], samples, tuple(sounds))
        times = align(words, whole)
        errors += [abs(times[0][0] - sounds[0][0]), abs(times[-1][1] - sounds[-1][1])]
        stops = [place for place, word in enumerate(words[:-1]) if word[-1] in ".?"]
        pauses = sorted(sorted(itertools.pairwise(sounds), key=lambda pair: pair[0][1] - pair[1][0])[: len(stops)])
        for place, (before, after) in zip(stops, pauses, strict=True):
            errors += [abs(times[place][1] - before[1]), abs(times[place + 1][0] - after[0])]
    assert len(errors) > 80
    assert np.median(errors) < 0.05
    assert np.percentile(errors, 90) < 0.3


def _sounds(samples: np.ndarray, start: float) -> list[tuple[float, float]]:
    """Where there is sound, short silences apart."""
    levels = np.abs(samples[: len(samples) // 160 * 160]).reshape(-1, 160).max(axis=1)
    places = np.flatnonzero(levels > 0.01)
    cuts = np.flatnonzero(np.diff(places) > 15)
    firsts, lasts = [places[0], *places[cuts + 1]], [*places[cuts], places[-1]]
    return [(start + first * 0.01, start + (last + 1) * 0.01) for first, last in zip(firsts, lasts, strict=True)]
