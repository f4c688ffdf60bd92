"""Accuracy, cost and latency of recognition through the engine's WebSocket, faster-whisper in the same engine beside it.

`python -m benchmarks.recognition [--speech FOLDER]`. Accuracy is measured with sound that comes as fast as it is taken, latency in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from audio.pcm import FRAME_BYTES, silence
from benchmarks import real_engine
from benchmarks.recognition_live import speak
from benchmarks.speech import SHIPPED, load, rates
from engine.recognition.types import Final
from engine.recognition.whisper_setup import WHEELS, prepare_whisper
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.real_engine import Engine
    from benchmarks.speech import Clip
    from engine.recognition.pool import RecognitionPool
    from engine.recognition.stream import Stream

_TAIL = 1.0
"""Seconds of silence after each clip."""
_LIVE_CLIPS = 12
"""Clips that are spoken in real time, one after the other."""
_AT_ONCE = 2
"""Clips that are recognised at the same time."""
_CACHE = Path(__file__).parent.parent / ".cache"
"""Where Whisper's models are kept."""


async def _collect(stream: Stream) -> list[Final]:
    return [result async for result in stream.results() if isinstance(result, Final)]


async def transcribe(pool: RecognitionPool, pcm: bytes, *, vocabulary: Sequence[str] = ()) -> str:
    """What the live path makes of a clip that comes in frames of 20 ms, as fast as it can be heard; for tests and other benchmarks."""
    stream = pool.open(vocabulary=vocabulary)
    reader = asyncio.create_task(_collect(stream))
    sound = pcm + silence(_TAIL)
    for at in range(0, len(sound), FRAME_BYTES):
        stream.feed(sound[at : at + FRAME_BYTES])
        await stream.caught_up()
    await stream.finish()
    return " ".join(final.text for final in await reader)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model made of all clips.

    Attributes:
        wer: word error rates in per cent, by kind.
        cost: processor seconds of the engine for a second of sound.
        speed: seconds of sound in a second.
        memory: of the engine, MB.
    """

    model: str
    wer: dict[str, float]
    cost: float
    speed: float
    memory: float


async def read(engine: Engine, model: str, clips: Sequence[Clip]) -> Reading:
    """Have all clips recognised, as fast as they are taken."""
    texts: dict[str, str] = {}
    waiting = list(reversed(clips))

    async def work() -> None:
        while waiting:
            clip = waiting.pop()
            texts[clip.id] = await _recognised(engine, clip)

    cpu, wall = engine.processor(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    cpu, wall = engine.processor() - cpu, time.perf_counter() - wall
    seconds = sum(clip.duration + _TAIL for clip in clips)
    return Reading(model, rates(clips, [texts[clip.id] for clip in clips]), cpu / seconds, seconds / wall, engine.memory())


async def _recognised(engine: Engine, clip: Clip) -> str:
    connection = await engine.open(f"clip-{clip.id}", "Speaker", interims=False)

    async def feed() -> None:
        sound = clip.pcm() + silence(_TAIL)
        for at in range(0, len(sound), real_engine.FRAME_BYTES):
            await connection.send(sound[at : at + real_engine.FRAME_BYTES])
        await connection.send('{"type": "stop_request"}')

    feeding = asyncio.create_task(feed())
    said = [told.text async for told in real_engine.results(connection) if told.is_final]
    await feeding
    return " ".join(said)


async def measure(folder: Path) -> tuple[list[Reading], dict[str, float]]:
    """Every model's reading, Moonshine's first, and Moonshine's latencies in seconds."""
    clips = load(folder)
    short = [clip for clip in clips if clip.kind in {"read", "meeting"} and clip.duration < 10]
    async with real_engine.running() as engine:
        readings = [await read(engine, "Moonshine base", clips)]
        live = await speak(engine, short[:: max(1, len(short) // _LIVE_CLIPS)][:_LIVE_CLIPS])
    if importlib.util.find_spec("faster_whisper") is not None:
        settings = EngineSettings.model_validate({"DATA_DIR": _CACHE})
        for size in WHEELS:
            model = await asyncio.to_thread(prepare_whisper, settings, size, Console(stderr=True))
            async with real_engine.running(f"whisper:{model.absolute()}") as engine:
                readings.append(await read(engine, f"faster-whisper {size}", clips))
    return readings, live.figures()


def machine() -> str:
    """The machine, as the README names it."""
    name = platform.processor()
    with contextlib.suppress(OSError):  # Linux alone has it
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{os.cpu_count()} cores, {name}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    """Measure, print tables, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl and recordings (default: the shipped ones)"
    )
    readings, live = asyncio.run(measure(parser.parse_args().speech))
    table = Table("", *(reading.model for reading in readings), title=f"Recognition on {machine()}")
    for kind in readings[0].wer:
        table.add_row(f"word error rate, {kind}, %", *(f"{reading.wer[kind]:.1f}" for reading in readings))
    table.add_row("processor seconds a second of sound", *(f"{reading.cost:.3f}" for reading in readings))
    table.add_row("times real time", *(f"{reading.speed:.0f}" for reading in readings))
    table.add_row("memory of the engine, MB", *(f"{reading.memory:.0f}" for reading in readings))
    for name, value in live.items():
        table.add_row(name.replace("_", " "), f"{value:.2f}")
    Console().print(table)
    figures = {
        reading.model: {"wer": reading.wer, "rtf": reading.cost, "times_real_time": reading.speed, "memory_mb": reading.memory}
        for reading in readings
    }
    print(json.dumps({"benchmark": "recognition", "machine": machine(), "models": figures, **live}))


if __name__ == "__main__":
    main()
