"""Accuracy, cost and latency of recognition, through the live path: `python -m benchmarks.recognition [--speech FOLDER]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from audio.pcm import BYTES_PER_SECOND, FRAME_BYTES, silence
from benchmarks.decode_paths import compare
from benchmarks.recognition_live import speak
from benchmarks.speech import SHIPPED, load, rates
from engine.recognition import pool as recognition
from engine.recognition.types import Final
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.recognition.pool import RecognitionPool
    from engine.recognition.stream import Stream

_TAIL = 1.0
"""Seconds of silence after each clip."""
_LIVE_CLIPS = 12
"""Clips that are spoken in real time, one after the other."""


async def _collect(stream: Stream) -> list[Final]:
    return [result async for result in stream.results() if isinstance(result, Final)]


async def transcribe(pool: RecognitionPool, pcm: bytes, *, vocabulary: Sequence[str] = ()) -> str:
    """What the live path makes of a clip that comes in frames of 20 ms, as fast as it can be heard."""
    stream = pool.open(vocabulary=vocabulary)
    reader = asyncio.create_task(_collect(stream))
    sound = pcm + silence(_TAIL)
    for at in range(0, len(sound), FRAME_BYTES):
        stream.feed(sound[at : at + FRAME_BYTES])
        await stream.caught_up()
    await stream.finish()
    return " ".join(final.text for final in await reader)


async def measure(folder: Path) -> dict[str, float | str | dict[str, float]]:
    """All figures. Word error rates in per cent, latencies in seconds, `rtf` in processor seconds a second of sound."""
    pool = await recognition.start(EngineSettings())
    try:
        clips = load(folder)
        texts: list[str] = []
        seconds = 0.0
        cpu, wall = time.process_time(), time.perf_counter()
        for clip in clips:
            pcm = clip.pcm()
            seconds += len(pcm) / BYTES_PER_SECOND + _TAIL
            texts.append(await transcribe(pool, pcm))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        live = [clip for clip in clips if clip.kind in {"read", "meeting"} and clip.duration < 10][
            :: max(1, len(clips) // _LIVE_CLIPS)
        ]
        spoken = await speak(pool, live)
        paths = await asyncio.to_thread(compare, pool.recogniser, clips)
        return {
            "model": pool.recogniser.name,
            "wer": rates(clips, texts),
            "rtf": cpu / seconds,
            "times_real_time": seconds / wall,
            "streams": float(pool.room),
            **spoken.figures(),
            "wer_decoded_at_16_khz": paths.direct,
            "wer_decoded_at_48_khz_and_resampled": paths.resampled,
        }
    finally:
        await pool.close()


def main() -> None:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl and recordings (default: the shipped ones)"
    )
    found = asyncio.run(measure(parser.parse_args().speech))
    table = Table("figure", "value", title=f"Recognition with {found['model']}")
    for name, value in found.items():
        if isinstance(value, dict):
            for kind, rate in value.items():
                table.add_row(f"word error rate, {kind} (%)", f"{rate:.1f}")
        elif isinstance(value, float):
            table.add_row(name.replace("_", " "), f"{value:.3f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition", **found}))


if __name__ == "__main__":
    main()
