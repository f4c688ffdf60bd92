"""When silence stands in for sound that did not come, and when it must not."""

from __future__ import annotations

import asyncio

import pytest

from engine.streaming.intake import DEFAULT_FORMAT
from engine.streaming.voice import AHEAD_SECONDS, FILL_SECONDS, QUIET_SECONDS, Voice
from tests.engine.fakes import LevelStream, say

SAID = len(say(1, 0.5))
FILLED = SAID + round(FILL_SECONDS * 32_000)


class SlowStream(LevelStream):
    """Has caught up when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.caught = asyncio.Event()

    async def caught_up(self) -> None:
        await self.caught.wait()


async def nobody(voice: Voice, result: object) -> None:
    """Results do not matter here."""


@pytest.fixture
def stream() -> SlowStream:
    return SlowStream()


async def test_a_client_that_leaves_silence_out_is_given_some(stream: SlowStream) -> None:
    voice = Voice(stream, DEFAULT_FORMAT, nobody)
    voice.feed(say(1, 0.5), 1000.0)
    voice.tick(1000.0 + QUIET_SECONDS - 0.1)
    before = stream.fed
    voice.tick(1000.0 + QUIET_SECONDS + 0.1)
    assert (before, stream.fed) == (SAID, FILLED)
    await voice.abort()


async def test_a_file_that_comes_faster_than_it_was_spoken_may_pause(stream: SlowStream) -> None:
    voice = Voice(stream, DEFAULT_FORMAT, nobody)
    for _ in range(100):
        voice.feed(say(1, 0.5), 1000.0)
    voice.tick(1000.0 + QUIET_SECONDS + AHEAD_SECONDS - 0.1)
    before = stream.fed
    voice.tick(1000.0 + QUIET_SECONDS + AHEAD_SECONDS + 0.1)
    assert (before, stream.fed) == (100 * SAID, 99 * SAID + FILLED)
    await voice.abort()


async def test_sound_that_is_not_taken_is_not_left_out(stream: SlowStream) -> None:
    voice = Voice(stream, DEFAULT_FORMAT, nobody)
    voice.feed(say(1, 0.5), 1000.0)
    holding = asyncio.create_task(voice.caught_up())
    await asyncio.sleep(0)
    voice.tick(1060.0)
    before = stream.fed
    stream.caught.set()
    await holding
    voice.tick(1060.0 + QUIET_SECONDS - 0.1)
    still = stream.fed
    voice.tick(1060.0 + QUIET_SECONDS + 0.1)
    assert (before, still, stream.fed) == (SAID, SAID, FILLED)
    await voice.abort()
