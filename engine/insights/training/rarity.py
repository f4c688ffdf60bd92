"""Makes `data/rarity.txt`: how rare a word is in conversation, in tenths of a bit.

    python -m engine.insights.training.rarity FOLDER

FOLDER holds `ami.jsonl` and `icsi.jsonl`. A word is as rare as in the corpus where it is rarer: what is common in one
project's meetings alone stays a word of that project, not of conversation.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

from engine.insights.normalise import clean, read
from engine.insights.training.corpora import meetings

OUTPUT = Path(__file__).parents[1] / "data" / "rarity.txt"
_FEWEST = 4
_SMOOTHING = 0.5


def main(folder: Path) -> None:
    """Counts both corpora and writes the table, the most common words first."""
    counts = []
    for name in ("ami.jsonl", "icsi.jsonl"):
        count: Counter[str] = Counter()
        for meeting in meetings(folder / name):
            for message in meeting["messages"]:
                count.update(token.word for token in clean(read(message["text"])))
        counts.append(count)
    rows = []
    for word in set(counts[0]) | set(counts[1]):
        if counts[0][word] + counts[1][word] < _FEWEST or not word.isalpha():
            continue
        bits = max(-math.log2((count[word] + _SMOOTHING) / count.total()) for count in counts)
        rows.append((round(10 * bits), word))
    lines = [f"{word} {bits}" for bits, word in sorted(rows)]
    OUTPUT.write_text(
        "# word, -10 log2 of its share of the words of meetings; made by training/rarity.py from AMI and ICSI\n"
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
