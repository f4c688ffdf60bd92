from __future__ import annotations

from engine.streaming.timeline import Timeline


def real_time(timeline: Timeline, start: float, seconds: float) -> float:
    """Feed frames of 0.1 s as they are spoken; the time of the end."""
    now = start
    for _ in range(round(seconds * 10)):
        now += 0.1
        timeline.heard(0.1, now)
    return now


def test_times_follow_the_sample_count() -> None:
    timeline = Timeline()
    real_time(timeline, 1000.0, 10)
    assert abs(timeline.time(3.0) - 1003.0) < 1e-6
    assert abs(timeline.elapsed(3.0) - 3.0) < 1e-6


def test_sound_sent_faster_than_real_time_is_still_timed_by_its_length() -> None:
    timeline = Timeline()
    for _ in range(100):
        timeline.heard(0.1, 1000.1)
    assert abs(timeline.elapsed(9.0) - 9.0) < 1e-6


def test_left_out_silence_moves_what_follows() -> None:
    timeline = Timeline()
    now = real_time(timeline, 1000.0, 2)
    timeline.filled(1.5)
    real_time(timeline, now + 60, 2)
    assert abs(timeline.time(1.0) - 1001.0) < 1e-6
    assert abs(timeline.time(3.5 + 1.0) - 1063.0) < 0.11
    assert abs(timeline.elapsed(3.5 + 1.0) - 63.0) < 0.11


def test_the_preroll_of_an_utterance_belongs_to_the_sound_behind_the_silence() -> None:
    timeline = Timeline()
    now = real_time(timeline, 1000.0, 2)
    timeline.filled(1.5)
    real_time(timeline, now + 60, 2)
    assert abs(timeline.time(3.5 - 0.4) - 1061.6) < 0.11
    assert abs(timeline.time(2.0) - 1002.0) < 1e-6, "the end of what was said before stays where it was"


def test_a_stall_of_the_network_leaves_times_as_they_were() -> None:
    timeline = Timeline()
    now = real_time(timeline, 1000.0, 2) + 5.0
    timeline.filled(1.5)
    for _ in range(50):
        timeline.heard(0.1, now)
    real_time(timeline, now, 2)
    assert abs(timeline.time(3.5 + 1.0) - 1003.0) < 0.15, "what was held back was spoken right after what came before"
    assert abs(timeline.time(3.5 + 6.0) - 1008.0) < 0.15


def test_jitter_moves_nothing() -> None:
    timeline = Timeline()
    now = 1000.0
    for index in range(100):
        now += 0.1
        timeline.heard(0.1, now + (0.4 if index % 7 == 0 else 0.0))
    assert abs(timeline.elapsed(9.0) - 9.0) < 1e-6


def test_before_any_sound_nothing_has_passed() -> None:
    assert Timeline().elapsed(1.0) == 0.0
