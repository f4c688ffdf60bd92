"""How far the times of words are off, against a synthesised meeting: `python -m benchmarks.recognition_times [--meeting FOLDER]`.

Where each sentence begins and ends is known from the sound itself: it is silent between turns, and for half a second and more between the
sentences of a turn. The first and the last word of each sentence are compared with that.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import itertools
import json
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from audio.files import read_pcm
from audio.pcm import SAMPLE_RATE
from engine.recognition import pool as recognition
from engine.recognition import types
from engine.recognition.phrasing import bare
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.pool import RecognitionPool

SHIPPED: Final = Path(__file__).parent.parent / "sandbox" / "meetings" / "weekly-sync"

_STEP: Final = 160
_VOICE: Final = 40.0
"""Decibels below the loudest of a turn that are still voice."""
_PAUSE: Final = 0.5
"""Seconds between two sentences; within one, pauses are shorter."""
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+")


def spoken(samples: NDArray[np.int16], start: float, end: float) -> list[tuple[float, float]]:
    """(begin, end) in seconds of what is said between pauses, from `start` to `end`."""
    turn = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].astype(np.float64)
    frames = turn[: len(turn) // _STEP * _STEP].reshape(-1, _STEP)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-3)
    voiced = np.flatnonzero(levels > levels.max() - _VOICE)
    breaks = np.flatnonzero(np.diff(voiced) * _STEP > _PAUSE * SAMPLE_RATE)
    begins, ends = voiced[[0, *(breaks + 1)]], voiced[[*breaks, -1]] + 1
    return [
        (start + one * _STEP / SAMPLE_RATE, start + other * _STEP / SAMPLE_RATE) for one, other in zip(begins, ends, strict=True)
    ]


def errors(text: str, times: Sequence[tuple[float, float]], heard: Sequence[types.Word]) -> tuple[list[float], list[float]]:
    """Seconds that the first and the last words of sentences are off, as far as they were recognised; nothing if pauses are not where the text has them."""
    sentences = [sentence.split() for sentence in _SENTENCE.split(text)]
    if len(sentences) != len(times):
        return [], []
    written = [bare(word) for sentence in sentences for word in sentence]
    matcher = difflib.SequenceMatcher(None, written, [bare(word.text) for word in heard], autojunk=False)
    same = {block.a + at: heard[block.b + at] for block in matcher.get_matching_blocks() for at in range(block.size)}
    ends = list(itertools.accumulate(len(sentence) for sentence in sentences))
    firsts = [(same.get(place), begin) for place, (begin, _) in zip([0, *ends[:-1]], times, strict=True)]
    lasts = [(same.get(place - 1), end) for place, (_, end) in zip(ends, times, strict=True)]
    return [abs(word.start - at) for word, at in firsts if word], [abs(word.end - at) for word, at in lasts if word]


async def listen(pool: RecognitionPool, samples: NDArray[np.int16]) -> list[types.Word]:
    """All words of one speaker."""
    stream = pool.open()

    async def read() -> list[types.Word]:
        return [word async for result in stream.results() if isinstance(result, types.Final) for word in result.words]

    reader = asyncio.create_task(read())
    for at in range(0, len(samples), SAMPLE_RATE):
        stream.feed(samples[at : at + SAMPLE_RATE].astype("<i2").tobytes())
        await stream.caught_up()
    await stream.finish()
    return await reader


async def measure(folder: Path) -> dict[str, float]:
    """Seconds, and how many words they come from."""
    meeting = json.loads((folder / "meeting.json").read_text(encoding="utf-8"))
    pool = await recognition.start(EngineSettings())
    starts, ends = list[float](), list[float]()
    try:
        for person in meeting["names"]:
            samples = read_pcm(folder / f"{person}.flac")
            words = await listen(pool, samples)
            for turn in meeting["turns"]:
                if turn["speaker"] == person:
                    heard = [word for word in words if word.end > turn["start"] and word.start < turn["end"]]
                    found = errors(turn["text"], spoken(samples, turn["start"], turn["end"]), heard)
                    starts.extend(found[0])
                    ends.extend(found[1])
    finally:
        await pool.close()
    both = [*starts, *ends]
    return {
        "words": float(len(both)),
        "word_time_error_median": statistics.median(both),
        "word_start_error_median": statistics.median(starts),
        "word_end_error_median": statistics.median(ends),
        "word_time_error_p95": sorted(both)[round(0.95 * (len(both) - 1))],
    }


def main() -> None:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--meeting", type=Path, default=SHIPPED, help="a folder with meeting.json and a recording for each speaker"
    )
    found = asyncio.run(measure(parser.parse_args().meeting))
    table = Table("figure", "seconds", title=f"Times of {found['words']:.0f} words at the edges of sentences")
    for name, value in found.items():
        if name != "words":
            table.add_row(name.replace("_", " "), f"{value:.3f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition_times", **found}))


if __name__ == "__main__":
    main()
