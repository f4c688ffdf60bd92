from __future__ import annotations

import numpy as np

from engine.streaming.tape import AROUND, MAX_SECONDS, Tape

SECOND = 32_000


def sound(level: int, seconds: float = 1.0) -> bytes:
    return np.full(round(16_000 * seconds), level, "<i2").tobytes()


def test_an_utterance_is_cut_out_with_a_little_around_it() -> None:
    tape = Tape()
    for level in range(10):
        tape.append(sound(level))
    begin, cut = tape.cut(3.0, 5.0)
    assert begin == 3.0 - AROUND
    assert len(cut) == round((2 + 2 * AROUND) * SECOND)
    assert set(np.frombuffer(cut, "<i2").tolist()) == {2, 3, 4, 5}


def test_what_lies_before_an_utterance_is_dropped_and_the_next_is_still_there() -> None:
    tape = Tape()
    for level in range(10):
        tape.append(sound(level))
    tape.cut(3.0, 5.0)
    assert tape.cut(1.0, 2.0)[1] == b""
    begin, cut = tape.cut(5.0, 6.0)
    assert (begin, cut[:2]) == (5.0, b"\x05\x00")


def test_no_more_is_held_than_can_still_be_asked_for() -> None:
    tape = Tape()
    for _ in range(round(MAX_SECONDS) + 20):
        tape.append(sound(1))
    assert len(tape._sound) == round(MAX_SECONDS) * SECOND
    assert tape.cut(0.0, 10.0)[1] == b""
    assert len(tape.cut(30.0, 31.0)[1]) == round((1 + 2 * AROUND) * SECOND)
