"""Clips spoken in real time: how late finals come, how soon and how steadily interims do. `benchmarks.recognition` reports it."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from audio.pcm import FRAME_BYTES, FRAME_SECONDS, silence
from benchmarks.speech import plain
from engine.recognition import types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speech import Clip
    from engine.recognition.pool import RecognitionPool

LEAD: Final = 0.5
"""Seconds of silence before each clip."""
TAIL: Final = 1.5


@dataclass(slots=True)
class Live:
    """What came when.

    Attributes:
        finals: seconds from the end of each utterance to its final.
        first: seconds from the first word of each utterance to its first text.
        gaps: seconds between the texts of an utterance, the final the last of them.
        changed: words of interims that the next text of the utterance has otherwise.
        words: words of the finals.
        texts: by clip, what was recognised.
    """

    finals: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    changed: int = 0
    words: int = 0
    texts: dict[str, str] = field(default_factory=dict)

    def take(self, clip: Clip, course: Sequence[tuple[float, types.Result]]) -> None:
        """The results of one clip, with the moment each came, in seconds since its sound began."""
        shown: list[tuple[float, str]] = []
        for at, result in course:
            if isinstance(result, types.Lost):
                continue
            if isinstance(result, types.Interim):
                shown = [*shown, (at, result.text)] if result.text else []
                continue
            self.finals.append(at - result.end)
            shown.append((at, result.text))
            self.first.append(shown[0][0] - result.start)
            self.gaps.extend(later - earlier for (earlier, _), (later, _) in itertools.pairwise(shown))
            texts = [plain(text).split() for _, text in shown]
            self.words += len(texts[-1])
            for text, following in itertools.pairwise(texts):
                self.changed += sum(text[i : i + 1] != following[i : i + 1] for i in range(len(text)))
            shown = []
        self.texts[clip.id] = " ".join(result.text for _, result in course if isinstance(result, types.Final))

    def figures(self) -> dict[str, float]:
        """Medians and 95th percentiles in seconds; `interim_words_changed`: for each word of the finals."""
        return {
            "final_latency_median": statistics.median(self.finals),
            "final_latency_p95": _high(self.finals),
            "first_interim_median": statistics.median(self.first),
            "first_interim_p95": _high(self.first),
            "interim_gap_median": statistics.median(self.gaps or [0.0]),
            "interim_gap_p95": _high(self.gaps or [0.0]),
            "interim_words_changed": self.changed / max(1, self.words),
        }


async def speak(pool: RecognitionPool, clips: Sequence[Clip], *, people: int = 1) -> Live:
    """Speak the clips, so many at once, in real time."""
    live = Live()
    waiting = list(reversed(clips))

    async def person() -> None:
        while waiting:
            clip = waiting.pop()
            live.take(clip, await _say(pool, silence(LEAD) + clip.pcm() + silence(TAIL)))

    await asyncio.gather(*(person() for _ in range(people)))
    return live


async def _say(pool: RecognitionPool, sound: bytes) -> list[tuple[float, types.Result]]:
    stream = pool.open()
    begun = time.perf_counter()

    async def read() -> list[tuple[float, types.Result]]:
        return [(time.perf_counter() - begun, result) async for result in stream.results()]

    reader = asyncio.create_task(read())
    for number, at in enumerate(range(0, len(sound), FRAME_BYTES), start=1):
        await asyncio.sleep(begun + number * FRAME_SECONDS - time.perf_counter())
        stream.feed(sound[at : at + FRAME_BYTES])
    await stream.finish()
    return await reader


def _high(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
