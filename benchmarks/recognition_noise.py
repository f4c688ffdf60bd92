"""An hour in which nobody speaks, and what is heard all the same: `python -m benchmarks.recognition_noise [--minutes N] [--seed N ...]`.

The other side of it is printed too: recorded speech that is quiet (-35 dB of full scale) or whispered must still be heard.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from benchmarks.noises import script, whispered
from benchmarks.recognition import transcribe
from benchmarks.sounds import at_level
from benchmarks.speech import SHIPPED, load, word_error_rate
from engine.recognition import pool as recognition
from engine.recognition import types
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from benchmarks.noises import Event
    from engine.recognition.pool import RecognitionPool

_QUIET: Final = -35.0
"""Decibels of full scale."""
_CLIPS: Final = 12
"""Recordings that are spoken quietly and whispered."""


@dataclass(slots=True)
class Heard:
    """What was made of sounds. `words`: by the kind of sound; `lines`: what they were."""

    seconds: float = 0.0
    words: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)


async def listen(pool: RecognitionPool, seconds: float, seed: int) -> Heard:
    """Play a script of sounds into one stream, as fast as it is heard."""
    stream = pool.open()
    heard, events = Heard(), list["Event"]()

    async def read() -> list[types.Final]:
        return [result async for result in stream.results() if isinstance(result, types.Final)]

    reader = asyncio.create_task(read())
    for event in script(seconds, seed):
        stream.feed(event.pcm)
        await stream.caught_up()
        events.append(event)
        heard.seconds = event.start + event.seconds
    await stream.finish()
    for final in await reader:
        event = max((event for event in events if event.start <= final.end), key=lambda event: event.start)
        heard.words[event.name] += len(final.text.split())
        heard.lines.append(f"{final.start:7.1f} s  {event.name} at {event.decibels:.0f} dB: {final.text}")
    return heard


async def measure(minutes: float, seeds: list[int], speech: Path) -> dict[str, float | str]:
    """Words invented; word error rates in per cent of speech as it was recorded, quiet and whispered."""
    pool = await recognition.start(EngineSettings())
    found: dict[str, float | str] = {"model": pool.recogniser.name}
    try:
        begun, total, invented = time.perf_counter(), 0.0, 0
        for seed in seeds:
            heard = await listen(pool, 60 * minutes, seed)
            for line in heard.lines:
                print(f"seed {seed}: {line}", flush=True)
            total += heard.seconds
            invented += heard.words.total()
        found |= {
            "minutes": total / 60,
            "words_invented": float(invented),
            "times_real_time": total / (time.perf_counter() - begun),
        }
        clips = [clip for clip in load(speech) if clip.kind == "read"]
        clips = clips[:: max(1, len(clips) // _CLIPS)][:_CLIPS]
        references = [clip.text for clip in clips]
        for name, sounds in {
            "recorded": [clip.pcm() for clip in clips],
            "quiet": [at_level(clip.samples(), _QUIET) for clip in clips],
            "whispered": [whispered(clip.samples(), _QUIET) for clip in clips],
        }.items():
            texts = [await transcribe(pool, pcm) for pcm in sounds]
            found[f"wer_{name}"] = word_error_rate(references, texts)
            found[f"unheard_{name}"] = float(sum(not text for text in texts))
    finally:
        await pool.close()
    return found


def main() -> int:
    """Measure, print a table, and as the last line one JSON object; 1 if a word was invented."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of each script")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="one script each")
    parser.add_argument("--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl and recordings")
    given = parser.parse_args()
    found = asyncio.run(measure(given.minutes, given.seed, given.speech))
    table = Table("figure", "value", title=f"Sounds that are no speech, with {found['model']}")
    for name, value in found.items():
        if isinstance(value, float):
            table.add_row(name.replace("_", " "), f"{value:.1f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition_noise", **found}))
    return int(bool(found["words_invented"]))


if __name__ == "__main__":
    raise SystemExit(main())
