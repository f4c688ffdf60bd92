from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.recognition.segmenter import Decision, Discarded, Ended, Endpointing, Growing, Paused, Resumed, Segmenter, Skipped
from engine.recognition.vad import WINDOW, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES = Endpointing()


class Driver:
    """Pushes probabilities, each window's samples holding its own number; collects what is decided, and when."""

    def __init__(self, rules: Endpointing = RULES, level: float = 0.1) -> None:
        self.segmenter = Segmenter(rules)
        self.level = level
        self.count = 0
        self.seen: list[tuple[int, Decision]] = []

    def push(self, probabilities: Iterable[float]) -> None:
        for probability in probabilities:
            sign = 1 if self.count % 2 else -1
            samples = np.full(WINDOW, sign * self.level, np.float32)
            self.count += 1
            self.seen.extend((self.count, decision) for decision in self.segmenter.push(samples, probability))

    def flush(self) -> None:
        self.seen.extend((self.count, decision) for decision in self.segmenter.flush())

    def of(self, kind: type[Decision]) -> list[Decision]:
        return [decision for _, decision in self.seen if isinstance(decision, kind)]

    def wait(self, paused: Paused, seconds: float) -> None:
        self.seen.extend((self.count, decision) for decision in self.segmenter.wait(paused.piece, seconds))

    def pauses(self) -> list[Paused]:
        return [decision for _, decision in self.seen if isinstance(decision, Paused)]

    def ends(self) -> list[Ended]:
        return [decision for _, decision in self.seen if isinstance(decision, Ended)]


def windows(seconds: float) -> int:
    return round(seconds / WINDOW_SECONDS)


def run(*parts: tuple[float, float], rules: Endpointing = RULES, level: float = 0.1) -> Driver:
    driver = Driver(rules, level)
    for probability, seconds in parts:
        driver.push([probability] * windows(seconds))
    return driver


def test_silence_decides_nothing() -> None:
    driver = run((0.0, 60))
    driver.flush()
    assert driver.seen == []


def test_an_utterance_begins_with_preroll_and_ends_after_its_silence() -> None:
    driver = run((0.0, 2.0), (0.9, 1.6), (0.0, 2.0))
    (ended,) = driver.ends()
    piece = ended.piece
    assert piece.start == pytest.approx(2.0 - RULES.preroll, abs=2 * WINDOW_SECONDS)
    assert piece.end == pytest.approx(3.6, abs=2 * WINDOW_SECONDS)
    assert len(piece.samples) / 16_000 == pytest.approx(piece.end - piece.start + RULES.tail, abs=2 * WINDOW_SECONDS)
    ((voice_start, voice_end),) = piece.spans
    assert voice_start == pytest.approx(2.0, abs=0.04)
    assert voice_end == piece.end
    (at,) = [when for when, decision in driver.seen if isinstance(decision, Ended)]
    assert at * WINDOW_SECONDS - piece.end == pytest.approx(RULES.silence, abs=WINDOW_SECONDS)


def test_a_pause_is_announced_twice_and_brings_the_piece_that_the_end_brings() -> None:
    driver = run((0.9, 1.0), (0.0, 2.0))
    early, sure = driver.pauses()
    (ended,) = driver.ends()
    assert (early.early, sure.early) == (True, False)
    assert np.array_equal(sure.piece.samples, ended.piece.samples)
    assert np.array_equal(early.piece.samples, ended.piece.samples[: len(early.piece.samples)])
    for paused in (early, sure):
        assert (paused.piece.start, paused.piece.end) == (ended.piece.start, ended.piece.end)
    order = [type(decision) for _, decision in driver.seen if not isinstance(decision, Growing)]
    assert order == [Paused, Paused, Ended]


def test_speech_after_a_short_pause_goes_on_with_the_same_utterance() -> None:
    driver = run((0.9, 1.0), (0.0, 0.4), (0.9, 1.0), (0.0, 1.0))
    assert [type(decision) for _, decision in driver.seen if not isinstance(decision, Growing)] == [
        Paused,
        Paused,
        Resumed,
        Paused,
        Paused,
        Ended,
    ]
    (ended,) = driver.ends()
    assert len(ended.piece.spans) == 2
    assert ended.piece.voiced == pytest.approx(2.0, abs=0.1)


def test_a_doubtful_window_goes_on_with_an_utterance_but_does_not_begin_one() -> None:
    assert run((0.4, 5.0)).seen == []
    driver = run((0.9, 0.5), (0.4, 1.0), (0.0, 1.0))
    (ended,) = driver.ends()
    assert ended.piece.end == pytest.approx(1.5, abs=0.05)


def test_interims_are_due_while_somebody_speaks_but_not_too_often() -> None:
    driver = run((0.9, 6.0), (0.0, 1.0))
    times = [when * WINDOW_SECONDS for when, decision in driver.seen if isinstance(decision, Growing)]
    assert times[0] == pytest.approx(RULES.first_interim, abs=2 * WINDOW_SECONDS)
    assert RULES.interim - WINDOW_SECONDS <= min(np.diff(times)) <= max(np.diff(times)) <= RULES.interim + WINDOW_SECONDS
    pieces = [decision.piece for _, decision in driver.seen if isinstance(decision, Growing)]
    assert [len(piece.samples) for piece in pieces] == sorted(len(piece.samples) for piece in pieces)


def test_a_piece_can_be_had_from_a_moment_on() -> None:
    (ended,) = run((0.9, 1.0), (0.0, 0.4), (0.9, 1.0), (0.0, 1.0)).ends()
    part = ended.piece.after(1.2)
    assert part.start == pytest.approx(1.2)
    assert part.end == ended.piece.end
    assert len(part.samples) == len(ended.piece.samples) - round(1.2 * 16_000)
    ((begin, end),) = part.spans
    assert (begin, end) == ended.piece.spans[1]
    assert ended.piece.after(0.5).spans[0] == pytest.approx((0.5, ended.piece.spans[0][1]))


def test_a_click_is_no_utterance() -> None:
    driver = run((0.0, 1.0), (0.9, 0.1), (0.0, 1.0))
    assert driver.ends() == []
    assert len(driver.of(Discarded)) == 1


def test_what_is_far_too_quiet_is_no_utterance_but_quiet_speech_is() -> None:
    assert run((0.9, 2.0), (0.0, 1.0), level=10 ** (-60 / 20)).ends() == []
    assert len(run((0.9, 2.0), (0.0, 1.0), level=10 ** (-45 / 20)).ends()) == 1


def test_a_long_speech_is_cut_at_its_best_pause_and_nothing_is_lost() -> None:
    driver = run((0.9, 15.0), (0.36, 0.3), (0.9, 20.0), (0.0, 1.0))
    first, second = driver.ends()
    assert first.piece.start == 0.0
    assert first.piece.end == pytest.approx(15.1, abs=0.3)
    assert second.piece.start == pytest.approx(first.piece.end, abs=2 * WINDOW_SECONDS)
    assert second.piece.end == pytest.approx(35.3, abs=0.1)
    assert all(len(ended.piece.samples) / 16_000 <= RULES.longest + RULES.tail for ended in driver.ends())


def test_the_longest_pause_is_cut_in_and_what_follows_says_that_it_continues() -> None:
    driver = run((0.9, 9.0), (0.0, 0.25), (0.9, 3.0), (0.0, 0.4), (0.9, 4.0), (0.0, 0.15), (0.9, 8.0), (0.0, 1.0))
    first, second = driver.ends()
    assert first.piece.end == pytest.approx(12.25, abs=0.1)
    assert not first.piece.continues
    assert second.piece.continues
    voiced = first.piece.voiced + second.piece.voiced
    assert voiced == pytest.approx(24.0, abs=0.2)


def waited(seconds: float | None, *after: tuple[float, float]) -> float:
    """Silence in which an utterance of a second ends, if so long is to be waited for from the announcement of its pause on."""
    driver = run((0.9, 1.0), (0.0, 0.31))
    if seconds is not None:
        driver.wait(driver.pauses()[-1], seconds)
    for probability, length in [*after, (0.0, 3.0)]:
        driver.push([probability] * windows(length))
    (at,) = [when for when, decision in driver.seen if isinstance(decision, Ended)]
    return at * WINDOW_SECONDS - driver.ends()[0].piece.end


def test_the_wait_in_a_pause_can_be_made_shorter_and_longer() -> None:
    assert waited(None) == pytest.approx(RULES.silence, abs=WINDOW_SECONDS)
    assert waited(0.4) == pytest.approx(0.4, abs=WINDOW_SECONDS)
    assert waited(1.0) == pytest.approx(1.0, abs=WINDOW_SECONDS)
    assert waited(0.1) == pytest.approx(0.31, abs=WINDOW_SECONDS)


def test_a_wait_holds_for_its_pause_alone() -> None:
    assert waited(1.0, (0.9, 1.0)) == pytest.approx(RULES.silence, abs=WINDOW_SECONDS)
    driver = run((0.9, 1.0), (0.0, 0.31))
    paused = driver.pauses()[-1]
    driver.push([0.9] * windows(1.0) + [0.0] * windows(0.31))
    driver.wait(paused, 0.1)
    driver.push([0.0] * windows(0.2))
    assert driver.ends() == []


def test_speech_without_any_pause_is_still_cut() -> None:
    driver = run((0.9, 100.0))
    driver.flush()
    assert len(driver.ends()) >= 4
    heard = sum(ended.piece.voiced for ended in driver.ends())
    assert heard == pytest.approx(100.0, abs=0.1)


def test_numbers_count_up_and_preroll_does_not_repeat_what_was_given_out() -> None:
    driver = run((0.9, 1.0), (0.0, 0.7), (0.9, 1.0), (0.0, 0.7), (0.9, 0.1), (0.0, 0.7), (0.9, 1.0), (0.0, 1.0))
    pieces = [ended.piece for ended in driver.ends()]
    assert [piece.number for piece in pieces] == [0, 1, 3]
    for one, following in itertools.pairwise(pieces):
        assert one.start + len(one.samples) / 16_000 <= following.start + 1e-6


def test_the_end_of_the_stream_completes_what_is_open() -> None:
    driver = run((0.0, 1.0), (0.9, 1.0))
    assert driver.ends() == []
    driver.flush()
    assert len(driver.ends()) == 1
    driver.flush()
    assert len(driver.ends()) == 1


def test_lost_sound_ends_the_utterance_and_keeps_the_time() -> None:
    driver = run((0.9, 1.0))
    driver.seen.extend((driver.count, decision) for decision in driver.segmenter.skip(windows(3.0)))
    driver.push([0.9] * windows(1.0))
    driver.flush()
    before, after = driver.ends()
    (skipped,) = driver.of(Skipped)
    assert isinstance(skipped, Skipped)
    assert skipped.end - skipped.start == pytest.approx(3.0, abs=0.02)
    assert before.piece.end <= skipped.start
    assert after.piece.start == pytest.approx(skipped.end, abs=0.001)
