"""How many meetings the machine recognises at once, how late finals come when eight people talk at once, and the engine's memory.

The real engine runs as a program of its own and hears recorded speech through WebSockets in real time; this program, which speaks and
listens, runs on the same processors. `--hour` feeds an hour of eight streams as fast as it is taken, and watches memory instead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import os
import sys
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from audio.pcm import BYTES_PER_SECOND, silence
from benchmarks.real_engine import FRAME_BYTES, Refused, results, running, send
from benchmarks.speech import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from websockets import ClientConnection

    from benchmarks.real_engine import Engine

PAUSE = 0.7
"""Seconds between two turns of a meeting."""
MOST_LAG = 1.5
"""Seconds after the end of a turn within which 95 of 100 finals must be there."""
STREAMS = (24, 40)
"""Aims: meetings with interims, and without."""
TALK = 30.0
"""Seconds for which one person, and eight at once, are listened to."""
QUARTER = 900.0
"""Seconds of sound after which memory is looked at."""
MEMORY = 900.0
"""MB that the engine may take."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody says; `voice`: bytes up to the end of the last voice."""

    sound: bytes
    voice: int


def turns() -> list[Turn]:
    """The recorded clips, with a pause behind each."""
    made = []
    for clip in load():
        samples = clip.samples().astype(np.float32)
        windows = samples[: len(samples) // 160 * 160].reshape(-1, 160)
        levels = np.sqrt((windows**2).mean(axis=1))
        last = int(np.flatnonzero(levels > 0.05 * np.percentile(levels, 95))[-1]) + 1
        made.append(Turn(clip.pcm()[: last * 320] + silence(PAUSE), last * 320))
    return made


@dataclass(slots=True)
class Meeting:
    """One stream of constant talk: turns in an order of its own."""

    connection: ClientConnection
    turns: Iterator[Turn]
    ends: deque[float] = field(default_factory=deque)
    """Places in the stream, in seconds, where a turn has ended whose final is still to come."""
    latencies: list[tuple[float, float]] = field(default_factory=list)
    """(when it came, seconds after the end of its turn) of each final."""
    interims: int = 0
    begun: float = 0.0

    async def talk(self, until: asyncio.Event) -> None:
        """Turn after turn, in real time, and a stop."""
        self.begun, at = time.monotonic(), 0
        for turn in self.turns:
            self.ends.append((at + turn.voice) / BYTES_PER_SECOND)
            await send(self.connection, turn.sound, self.begun, at)
            at += len(turn.sound)
            if until.is_set():
                break
        await self.connection.send('{"type": "stop_request"}')

    async def listen(self) -> None:
        """Note when finals come. Turns that come out as one are one: what counts is the end of the last."""
        async for told in results(self.connection):
            self.interims += not told.is_final
            end = None
            while told.is_final and self.ends and self.ends[0] <= told.end + PAUSE:
                end = self.ends.popleft()
            if end is not None:
                self.latencies.append((told.at, told.at - self.begun - end))


def shuffled(all_turns: Sequence[Turn], seed: int) -> Iterator[Turn]:
    """Turns without an end, in an order that the seed decides."""
    dice = np.random.default_rng(seed)
    for _ in itertools.count():
        yield from (all_turns[at] for at in dice.permutation(len(all_turns)))


class Crowd:
    """Meetings that go on at the same time."""

    def __init__(self, engine: Engine, *, interims: bool) -> None:
        self._engine = engine
        self._interims = interims
        self._turns = turns()
        self._over = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []
        self.meetings: list[Meeting] = []

    async def grow(self, count: int, within: float) -> None:
        """So many more, spread over some seconds. Raises `Refused`."""
        for _ in range(count):
            number = len(self.meetings)
            connection = await self._engine.open(f"load-{number}", f"Speaker {number}", interims=self._interims)
            meeting = Meeting(connection, shuffled(self._turns, number))
            self.meetings.append(meeting)
            self._work += [asyncio.create_task(meeting.listen()), asyncio.create_task(meeting.talk(self._over))]
            await asyncio.sleep(within / count)

    def latencies(self, since: float) -> list[float]:
        """Of the finals that came since then."""
        return [late for meeting in self.meetings for at, late in meeting.latencies if at >= since]

    @property
    def interims(self) -> int:
        """How many have come."""
        return sum(meeting.interims for meeting in self.meetings)

    async def leave(self) -> None:
        """Everybody says their sentence to its end and stops."""
        self._over.set()
        await asyncio.gather(*self._work)


@dataclass(frozen=True, slots=True)
class Ramp:
    """How many meetings were tried, the most whose finals came in time among them.

    Attributes:
        held: that many.
        p95: seconds from the end of a turn to its final, of 95 in 100.
        interims: a second, of each meeting.
        cost: processor seconds of the engine for a second of one meeting.
        ended: why there were no more.
    """

    held: int = 0
    p95: float = float("nan")
    interims: float = float("nan")
    cost: float = float("nan")
    ended: str = ""


async def ramp(engine: Engine, *, interims: bool, first: int, step: int, most: int, seconds: float) -> Ramp:
    """More and more meetings, until finals are late twice in a row, or the engine lets nobody else in."""
    crowd = Crowd(engine, interims=interims)
    best = Ramp()
    try:
        for count in range(first, most + 1, step):
            await crowd.grow(count - len(crowd.meetings), within=4.0)
            found = await _watch(engine, crowd, seconds)
            if found.p95 >= MOST_LAG:
                found = await _watch(engine, crowd, seconds)
            if found.p95 >= MOST_LAG:
                best = replace(best, ended=f"{count} were too late ({found.p95:.1f} s)")
                break
            best = replace(found, ended="no more were tried")
    except Refused as refusal:
        best = replace(best, ended=str(refusal))
    await crowd.leave()
    return best


async def _watch(engine: Engine, crowd: Crowd, seconds: float) -> Ramp:
    """What so many meetings get for some seconds."""
    since, shown, spent = time.monotonic(), crowd.interims, engine.processor()
    await asyncio.sleep(seconds)
    late, count = crowd.latencies(since), len(crowd.meetings)
    found = Ramp(
        held=count,
        p95=float(np.percentile(late, 95)) if late else float("inf"),
        interims=(crowd.interims - shown) / seconds / count,
        cost=(engine.processor() - spent) / seconds / count,
    )
    print(
        f"{count} meetings: 95 % of finals within {found.p95:.2f} s, lag {await engine.lag():.2f} s", file=sys.stderr, flush=True
    )
    return found


async def together(engine: Engine, people: int) -> list[float]:
    """So many people talk at once, each turn begun by all in the same moment; seconds from the end of each turn to its final."""
    crowd = Crowd(engine, interims=True)
    await crowd.grow(people, within=0.0)
    begun = time.monotonic()
    await asyncio.sleep(TALK)
    await crowd.leave()
    return crowd.latencies(begun)


async def an_hour(engine: Engine, people: int, hours: float) -> list[float]:
    """The engine's memory in MB at the beginning and after each quarter of an hour of sound of each of the streams."""
    everything = turns()
    quarters = round(hours * 4)
    megabytes = [engine.memory()]
    connections = [await engine.open("hour", f"Speaker {number}") for number in range(people)]
    readers = [asyncio.create_task(_drain(connection)) for connection in connections]
    talks = [shuffled(everything, number) for number in range(people)]
    for _ in range(quarters):
        await asyncio.gather(*(_pour(connection, talk, QUARTER) for connection, talk in zip(connections, talks, strict=True)))
        megabytes.append(engine.memory())
        print(f"{len(megabytes) - 1} of {quarters}: {megabytes[-1]:.0f} MB", file=sys.stderr, flush=True)
    for connection in connections:
        await connection.send('{"type": "stop_request"}')
    await asyncio.gather(*readers)
    return [*megabytes, engine.memory()]


async def _drain(connection: ClientConnection) -> None:
    async for _ in results(connection):
        pass


async def _pour(connection: ClientConnection, talk: Iterator[Turn], seconds: float) -> None:
    sent = 0
    for turn in talk:
        for at in range(0, len(turn.sound), FRAME_BYTES):
            await connection.send(turn.sound[at : at + FRAME_BYTES])
        sent += len(turn.sound)
        if sent >= seconds * BYTES_PER_SECOND:
            return


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    return float(np.percentile(values, 50)), float(np.percentile(values, 95))


async def measure(first: int, step: int, most: int, seconds: float) -> None:
    """All figures of load."""
    async with running() as engine:
        one, eight = [_percentiles(await together(engine, people)) for people in (1, 8)]
        idle = engine.memory()
    ramps = []
    for interims in (True, False):
        async with running() as engine:
            ramps.append(await ramp(engine, interims=interims, first=first, step=step, most=most, seconds=seconds))
    table = Table("figure", "measured", "aim", title=f"Recognition under load ({os.cpu_count()} processors, load {_load()})")
    for name, (median, high), aim in (("one person", one, (0.6, 1.1)), ("8 people at once", eight, (0.9, 1.8))):
        table.add_row(
            f"end of a turn to its final, {name} (median, 95 %)", f"{median:.2f} s, {high:.2f} s", f"{aim[0]} s, {aim[1]} s"
        )
    for name, found, aim_of in zip(("with interims", "without interims"), ramps, STREAMS, strict=True):
        table.add_row(
            f"meetings of constant talk, {name}",
            f"{found.held} (95 %: {found.p95:.2f} s; {found.cost:.3f} of a core each; {found.ended})",
            str(aim_of),
        )
    table.add_row("interims a second at that load", f"{ramps[0].interims:.2f}", "")
    table.add_row("memory of the engine after 8 people, MB", f"{idle:.0f}", f"{MEMORY:.0f}")
    Console().print(table)
    figures = {
        "benchmark": "recognition_load",
        "one": one,
        "eight": eight,
        "meetings_with_interims": ramps[0].held,
        "meetings_without_interims": ramps[1].held,
        "core_a_meeting": [_told(found.cost) for found in ramps],
        "interims_a_second": _told(ramps[0].interims),
        "memory_mb": _told(idle),
    }
    print(json.dumps(figures))


async def measure_memory(hours: float) -> None:
    """Memory by the quarter of an hour."""
    async with running() as engine:
        begun = time.monotonic()
        megabytes = await an_hour(engine, 8, hours)
        took = time.monotonic() - begun
    table = Table("after", "MB", title=f"Memory of the engine, {hours:g} h of 8 streams in {took / 60:.0f} min")
    names = ["the start", *(f"{15 * quarter} min" for quarter in range(1, len(megabytes) - 1)), "the end"]
    for name, value in zip(names, megabytes, strict=True):
        table.add_row(name, f"{value:.0f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition_memory", "hours": hours, "mb": [_told(value) for value in megabytes]}))


def _told(value: float) -> float | None:
    """For JSON, which has no word for what is not a number."""
    return round(value, 4) if math.isfinite(value) else None


def _load() -> str:
    with contextlib.suppress(OSError, AttributeError):  # Windows has no such figure
        return f"{os.getloadavg()[0]:.1f}"
    return "unknown"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=4, help="meetings to begin with")
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--most", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=8.0, help="for which each number of meetings is listened to")
    parser.add_argument("--hour", type=float, metavar="HOURS", help="watch memory over so many hours of 8 streams instead")
    asked = parser.parse_args()
    if asked.hour:
        asyncio.run(measure_memory(asked.hour))
    else:
        asyncio.run(measure(asked.first, asked.step, asked.most, asked.seconds))


if __name__ == "__main__":
    main()
