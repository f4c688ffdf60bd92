"""From the end of an utterance (last voiced sample sent) to its line in the thread, with 1 and with 4 speakers at once.

The real bot and its engine run as programs of their own, in a sandbox with DAVE on; people say recorded turns in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

import sandbox
from engine.recognition import models
from engine.settings import EngineSettings
from sandbox.app import Sandbox
from sandbox.people.script import Meeting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from numpy.typing import NDArray

    from sandbox.models import User

RECORDING = Path(sandbox.__file__).parent / "meetings" / "weekly-sync"
SETTLE = 4.0
"""Seconds after an utterance in which its line must stand in the thread; later counts as lost."""


@dataclass(frozen=True, slots=True)
class Result:
    """Latencies in seconds of one run; `lost` utterances brought no line in time."""

    speakers: int
    latencies: tuple[float, ...]
    lost: int

    def percentile(self, share: float) -> float:
        """The latency that `share` percent of the utterances stay under."""
        return float(np.percentile(self.latencies, share)) if self.latencies else float("nan")


@contextlib.asynccontextmanager
async def _bot(box: Sandbox) -> AsyncIterator[None]:
    """The bot as a program of its own, ready for commands; ended in order."""
    model = models.find(EngineSettings())
    if model is None:
        sys.exit("The speech model is not prepared: make setup")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            env={**os.environ, "ENGINE_MODEL_DIR": os.fspath(model.absolute()), **box.env(), "DATA_DIR": folder},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await box.ready(within=60)
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _say(box: Sandbox, user: User, pcm: NDArray[np.int16], rate: int) -> float:
    """Speak; the monotonic time of the last voiced sample."""
    seen = len(box.log.events)
    await box.speak(user.id, pcm, rate)
    said = await box.log.wait("voice.said", where=lambda event: event["user_id"] == user.id, after=seen, within=30)
    ended = said["ended"]
    assert isinstance(ended, float)
    return ended


async def _round(
    box: Sandbox, thread_id: int, parts: Sequence[tuple[User, str, NDArray[np.int16]]], rate: int
) -> list[float | None]:
    """Everybody says their part at once; the latency of each, None for a line that did not come."""
    seen = len(box.log.events)
    ends = await asyncio.gather(*(_say(box, user, pcm, rate) for user, _, pcm in parts))
    await asyncio.sleep(SETTLE)
    offset = time.monotonic() - box.log.record("benchmark.mark").at
    found: list[float | None] = []
    for (_, name, _), end in zip(parts, ends, strict=True):
        posts = [
            event.at + offset
            for event in box.log.events[seen:]
            if event.kind == "message.create" and event["channel_id"] == thread_id and f"**{name}**" in str(event["content"])
        ]
        found.append(max(posts) - end if posts and max(posts) > end else None)
    return found


async def measure(speakers: int, rounds: int, meeting: Meeting) -> Result:
    """One meeting in which `speakers` people speak at once, `rounds` times."""
    turns = [turn for turn in meeting.turns if turn.end - turn.start > 2]
    async with Sandbox() as box, _bot(box):
        users = list(box.people.items())[:speakers]
        for _, user in users:
            await box.join(user.id, box.meeting_room.id)
        await box.join(box.owner.id, box.meeting_room.id)
        await box.slash("meeting start").reply(within=30)
        await box.log.wait("dave.ready", where=lambda event: event["user_id"] == box.bot.id, within=20)
        thread_id = box.threads()[-1].id
        found: list[float | None] = []
        for number in range(rounds):
            parts = [
                (user, name, meeting.sound(turns[(number * speakers + index) % len(turns)]))
                for index, (name, user) in enumerate(users)
            ]
            found += await _round(box, thread_id, parts, meeting.rate)
            print(f"\r{speakers} speaker(s): round {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        await box.slash("meeting stop").reply(within=60)
    return Result(speakers, tuple(each for each in found if each is not None), sum(each is None for each in found))


async def main() -> None:
    """Run both measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="utterances of each speaker")
    rounds = parser.parse_args().rounds
    meeting = Meeting.load(RECORDING)
    results = [await measure(speakers, rounds, meeting) for speakers in (1, 4)]
    table = Table(
        "speakers at once", "utterances", "median s", "95 % s", "lost", title="End of utterance to its line in the thread"
    )
    for each in results:
        table.add_row(
            str(each.speakers),
            str(len(each.latencies) + each.lost),
            f"{each.percentile(50):.2f}",
            f"{each.percentile(95):.2f}",
            str(each.lost),
        )
    Console().print(table)
    figures = {
        f"speakers_{each.speakers}": {
            "median_s": round(each.percentile(50), 3),
            "p95_s": round(each.percentile(95), 3),
            "lost": each.lost,
        }
        for each in results
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
