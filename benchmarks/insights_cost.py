"""What an utterance costs the inner engine: `python -m benchmarks.insights_cost FILE`, FILE being JSON lines of meetings.

Prints one JSON object: milliseconds an utterance, at the median and over a meeting of eight hours, and the memory that the
insights of that meeting take, word lists and models included.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.scripted import memory
from engine.insights.engine import InsightEngine
from engine.insights.types import Speaker, Utterance

if TYPE_CHECKING:
    from engine.insights.training.corpora import RawMeeting

MESSAGES = 10_000
START = datetime(2026, 11, 18, 10, tzinfo=UTC)


def utterances(path: Path) -> list[Utterance]:
    """Ten thousand acts of the meetings of a file, one after the other as one meeting."""
    found: list[Utterance] = []
    with path.open(encoding="utf-8") as file:
        for line in file:  # one meeting at a time: what its text took would hide what the insights take
            meeting = cast("RawMeeting", json.loads(line))
            for message in meeting["messages"][: MESSAGES - len(found)]:
                at = START + timedelta(seconds=2.88 * len(found))
                who = Speaker(message["speaker"], message["speaker"])
                found.append(Utterance(str(len(found)), who, message["text"], at, at))
            if len(found) == MESSAGES:
                break
    return found


def main() -> None:
    """Measure and print."""
    said = utterances(Path(sys.argv[1]))
    before = memory()
    insights = InsightEngine()
    costs = []
    for utterance in said:
        begun = time.perf_counter()
        insights.push(utterance)
        costs.append(1_000 * (time.perf_counter() - begun))
    begun = time.perf_counter()
    insights.finish()
    print(
        json.dumps(
            {
                "ms an utterance, median": statistics.median(costs),
                "ms an utterance, 99 of 100": statistics.quantiles(costs, n=100)[-1],
                "ms an utterance, first 1,000 of 10,000": statistics.mean(costs[:1_000]),
                "ms an utterance, last 1,000 of 10,000": statistics.mean(costs[-1_000:]),
                "ms the end of 10,000": 1_000 * (time.perf_counter() - begun),
                "MB of memory in 10,000 messages": memory() - before,
            }
        )
    )


if __name__ == "__main__":
    main()
