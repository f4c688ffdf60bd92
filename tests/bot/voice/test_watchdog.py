from __future__ import annotations

from dataclasses import replace

from bot.voice.watchdog import CONNECT_WITHIN, ENCRYPT_WITHIN, READ_WITHIN, WINDOW, Observation, Watchdog

WELL = Observation(connected=True, gateway_read=True, encrypted_ready=True, others=2)


def first_verdict(
    seen: Observation, seconds: float, *, dog: Watchdog | None = None, begin: float = 0.0
) -> tuple[float, str] | None:
    dog = dog or Watchdog(begin)
    for step in range(round(seconds * 2) + 1):
        verdict = dog.check(begin + step / 2, seen)
        if verdict is not None:
            return step / 2, verdict
    return None


def test_a_good_connection_is_left_alone() -> None:
    assert first_verdict(WELL, 600) is None


def test_discord_py_has_its_time_to_reconnect() -> None:
    found = first_verdict(replace(WELL, connected=False, gateway_read=False, encrypted_ready=False), 60)
    assert found is not None
    assert found[0] == CONNECT_WITHIN


def test_a_gateway_that_nobody_reads() -> None:
    found = first_verdict(replace(WELL, gateway_read=False), 60)
    assert found is not None
    assert found[0] == READ_WITHIN


def test_no_keys_while_people_are_there() -> None:
    assert first_verdict(replace(WELL, encrypted_ready=False, others=0), 600) is None
    found = first_verdict(replace(WELL, encrypted_ready=False), 60)
    assert found is not None
    assert found[0] == ENCRYPT_WITHIN


def test_a_trouble_that_passes_is_forgotten() -> None:
    dog = Watchdog(0.0)
    for second in range(0, 200, 20):
        assert first_verdict(replace(WELL, connected=False), 15, dog=dog, begin=second) is None
        assert dog.check(second + 16, WELL) is None


def test_most_frames_cannot_be_decrypted() -> None:
    dog = Watchdog(0.0)
    verdicts = []
    for step in range(60):
        now = step / 2
        failed = max(0, step - 20) * 25
        verdicts.append(dog.check(now, replace(WELL, heard=step, undecryptable=failed)))
    found = [step / 2 for step, verdict in enumerate(verdicts) if verdict is not None]
    assert found
    assert 10 < found[0] <= 10 + 2 * WINDOW


def test_some_bad_frames_among_good_ones_are_normal() -> None:
    dog = Watchdog(0.0)
    for step in range(200):
        assert dog.check(step / 2, replace(WELL, heard=step * 100, undecryptable=step * 20)) is None


def test_counters_from_before_do_not_count() -> None:
    dog = Watchdog(0.0)
    for step in range(100):
        assert dog.check(step / 2, replace(WELL, heard=50, undecryptable=5000)) is None
