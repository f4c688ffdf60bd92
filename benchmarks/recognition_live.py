"""Clips spoken in real time: how late finals come, how soon and how steadily interims do. `benchmarks.recognition` reports it."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from audio.pcm import silence
from benchmarks.real_engine import results, send
from benchmarks.speech import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets import ClientConnection

    from benchmarks.real_engine import Engine, Told
    from benchmarks.speech import Clip

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
        changed: words of interims that are gone from the next text of the utterance.
        words: words of the finals.
    """

    finals: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    changed: int = 0
    words: int = 0

    def take(self, course: Sequence[Told], begun: float) -> None:
        """The results of one clip, whose sound began at `begun`."""
        shown: list[Told] = []
        for told in course:
            if not told.is_final:
                shown = [*shown, told] if told.text else []
                continue
            shown.append(told)
            self.finals.append(told.at - begun - told.end)
            self.first.append(shown[0].at - begun - told.start)
            self.gaps.extend(later.at - earlier.at for earlier, later in itertools.pairwise(shown))
            texts = [plain(one.text).split() for one in shown]
            self.words += len(texts[-1])
            for text, following in itertools.pairwise(texts):
                same = SequenceMatcher(None, text, following, autojunk=False).get_matching_blocks()
                self.changed += len(text) - sum(block.size for block in same)
            shown = []

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


async def speak(engine: Engine, clips: Sequence[Clip]) -> Live:
    """Speak the clips one after the other, in real time."""
    live = Live()
    for clip in clips:
        connection = await engine.open(f"live-{clip.id}", "Speaker")
        reader = asyncio.create_task(_read(connection))
        begun = time.monotonic()
        await send(connection, silence(LEAD) + clip.pcm() + silence(TAIL), begun)
        await connection.send('{"type": "stop_request"}')
        live.take(await reader, begun)
    return live


async def _read(connection: ClientConnection) -> list[Told]:
    return [told async for told in results(connection)]


def _high(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
