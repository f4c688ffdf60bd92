from __future__ import annotations

from random import Random

import pytest

from sandbox.voice.impairments import Impairments, Link

PACKETS = [n.to_bytes(4, "big") + bytes(40) for n in range(20_000)]


def carried(impairments: Impairments, *, seed: int = 1, packets: list[bytes] = PACKETS) -> list[list[tuple[float, bytes]]]:
    link = Link(impairments, Random(seed))
    return [link.carry(packet, n * 0.02) for n, packet in enumerate(packets)]


def lost_runs(results: list[list[tuple[float, bytes]]]) -> list[int]:
    runs, run = [], 0
    for result in results:
        if not result:
            run += 1
        elif run:
            runs.append(run)
            run = 0
    return runs


def test_a_good_link_changes_nothing() -> None:
    assert carried(Impairments()) == [[(0.0, packet)] for packet in PACKETS]


def test_the_same_seed_gives_the_same_fate() -> None:
    bad = Impairments(loss=0.1, burst=0.5, jitter_ms=30, reorder=0.1, duplicate=0.1, corrupt=0.1)
    assert carried(bad, seed=7) == carried(bad, seed=7)
    assert carried(bad, seed=7) != carried(bad, seed=8)


@pytest.mark.parametrize(("burst", "mean"), [(0.0, 1 / 0.95), (0.5, 2.0), (0.8, 5.0)])
def test_loss_keeps_its_share_and_comes_in_bursts(burst: float, mean: float) -> None:
    results = carried(Impairments(loss=0.05, burst=burst))
    runs = lost_runs(results)
    assert sum(runs) / len(results) == pytest.approx(0.05, rel=0.2)
    assert sum(runs) / len(runs) == pytest.approx(mean, rel=0.2)


def test_all_or_nothing() -> None:
    assert not any(carried(Impairments(loss=1.0)))


def test_jitter_delays_without_overtaking() -> None:
    results = carried(Impairments(delay_ms=40, jitter_ms=60))
    delays = [delay for [(delay, _)] in results]
    arrivals = [n * 0.02 + delay for n, delay in enumerate(delays)]
    assert arrivals == sorted(arrivals)
    assert min(delays) >= 0.04
    assert max(delays) <= 0.1 + 1e-9
    assert max(delays) - min(delays) > 0.05


def test_reordered_packets_are_overtaken_by_one_to_three() -> None:
    results = carried(Impairments(reorder=0.05))
    arrivals = [n * 0.02 + delay for n, [(delay, _)] in enumerate(results)]
    overtaken = [sum(later < at for later in arrivals[n + 1 : n + 6]) for n, at in enumerate(arrivals)]
    assert sum(count > 0 for count in overtaken) / len(overtaken) == pytest.approx(0.05, rel=0.2)
    assert max(overtaken) <= 3


def test_duplicates_come_twice() -> None:
    results = carried(Impairments(duplicate=0.1))
    twice = [result for result in results if len(result) == 2]
    assert len(twice) / len(results) == pytest.approx(0.1, rel=0.2)
    assert all(first[1] == second[1] and first[0] <= second[0] for first, second in twice)


def test_corruption_flips_one_to_three_bits() -> None:
    results = carried(Impairments(corrupt=0.1))
    flipped = [
        sum((a ^ b).bit_count() for a, b in zip(packet, arrived, strict=True))
        for packet, [(_, arrived)] in zip(PACKETS, results, strict=True)
    ]
    assert sum(count > 0 for count in flipped) / len(flipped) == pytest.approx(0.1, rel=0.2)
    assert set(flipped) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "bad", [{"loss": 1.1}, {"loss": -0.1}, {"delay_ms": -1.0}, {"burst": 1.0}, {"junk": 2.0}, {"jitter_ms": float("nan")}]
)
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Impairments(**bad)
