from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.voice.jitter import HOLD, MAX_JUMP, RESTART, JitterBuffer, Ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEP = 0.02


def run(sequences: Iterable[int], buffer: JitterBuffer[int] | None = None) -> list[Ordered[int]]:
    """Push numbers, 20 ms apart, then wait."""
    buffer = buffer or JitterBuffer()
    out: list[Ordered[int]] = []
    now = 0.0
    for now, number in zip((i * STEP for i in range(1_000_000)), sequences, strict=False):
        out += buffer.push(number & 0xFFFF, number, now)
    out += buffer.overdue(now + 1.0)
    assert len(buffer) == 0
    return out


def test_in_order_nothing_waits() -> None:
    buffer: JitterBuffer[int] = JitterBuffer()
    assert buffer.push(65_535, 1, 0.0) == (Ordered(RESTART, 1),)
    assert buffer.push(0, 2, 0.0) == (Ordered(0, 2),)
    assert buffer.push(1, 3, 0.0) == (Ordered(0, 3),)


def test_a_gap_is_waited_for_then_given_up() -> None:
    buffer: JitterBuffer[str] = JitterBuffer()
    buffer.push(1, "a", 0.0)
    assert buffer.push(4, "d", 0.02) == []
    assert buffer.overdue(0.02 + HOLD - 0.001) == []
    assert buffer.overdue(0.02 + HOLD) == [Ordered(2, "d")]


def test_what_comes_in_time_takes_its_place() -> None:
    buffer: JitterBuffer[str] = JitterBuffer()
    buffer.push(1, "a", 0.0)
    buffer.push(3, "c", 0.02)
    assert buffer.push(2, "b", 0.04) == [Ordered(0, "b"), Ordered(0, "c")]


def test_late_packets_and_copies_are_discarded() -> None:
    buffer: JitterBuffer[int] = JitterBuffer()
    assert [o.item for n in (10, 11, 11, 13, 13, 9) for o in buffer.push(n, n, 0.0)] == [10, 11]
    assert buffer.discarded == 3


def test_a_far_jump_ahead_gives_out_everything_at_once() -> None:
    buffer: JitterBuffer[int] = JitterBuffer()
    buffer.push(1, 1, 0.0)
    buffer.push(3, 3, 0.0)
    assert buffer.push(1000, 1000, 0.0) == [Ordered(1, 3), Ordered(996, 1000)]


def test_a_jump_back_needs_two_packets_in_a_row() -> None:
    buffer: JitterBuffer[int] = JitterBuffer()
    buffer.push(1000, 1000, 0.0)
    assert buffer.push(10, 10, 0.0) == ()
    assert buffer.push(1001, 1001, 0.0) == (Ordered(0, 1001),), "a stray changes nothing"
    assert buffer.push(20, 20, 0.0) == ()
    assert buffer.push(21, 21, 0.0) == (Ordered(RESTART, 21),)
    assert buffer.push(22, 22, 0.0) == (Ordered(0, 22),)


@given(start=st.integers(0, 65_535), lost=st.sets(st.integers(1, 150)), seed=st.integers())
@settings(deadline=None)
def test_losses_are_counted_across_the_wrap(start: int, lost: set[int], seed: int) -> None:
    kept = [n for n in range(200) if n not in lost]
    out = run(start + n for n in kept)
    assert [o.item - start for o in out] == kept
    assert sum(o.missing for o in out[1:]) == len(lost)


@given(
    start=st.integers(0, 65_535),
    lost=st.sets(st.integers(2, 98), max_size=20),
    copies=st.sets(st.integers(0, 99), max_size=10),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None)
def test_small_disorder_is_put_right(start: int, lost: set[int], copies: set[int], seed: int) -> None:
    random = Random(seed)
    numbers = [n for n in range(100) if n not in lost]
    # A packet is overtaken by at most two others, which is less than `HOLD`.
    arrivals = sorted(numbers[1:] + [n for n in copies if n in numbers[1:]], key=lambda n: n + random.random() * 1.5)
    out = run(start + n for n in [0, *arrivals])
    items = [o.item - start for o in out]
    assert items == sorted(set(items)), "in order, each once"
    assert set(items) == set(numbers)
    assert sum(max(0, o.missing) for o in out) == len(lost)


@given(st.lists(st.integers(0, 65_535), max_size=300))
@settings(deadline=None)
def test_whatever_comes_memory_is_bounded_and_nothing_is_doubled(numbers: Sequence[int]) -> None:
    buffer: JitterBuffer[int] = JitterBuffer()
    out: list[int] = []
    for index, number in enumerate(numbers):
        out += [o.item for o in buffer.push(number, index, index * STEP)]
        assert len(buffer) <= MAX_JUMP
    out += [o.item for o in buffer.flush()]
    assert len(out) == len(set(out))
    assert len(out) + buffer.discarded == len(numbers)
