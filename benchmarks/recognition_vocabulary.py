"""What `customVocabulary` is worth: errors on the words that it names, and on all others: `python -m benchmarks.recognition_vocabulary`."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.recognition import transcribe
from benchmarks.speech import SHIPPED, load, plain, word_error_rate
from engine.recognition import pool as recognition
from engine.settings import EngineSettings

_NAMES = Path(__file__).parent / "data" / "names.txt"
_DISTRACTORS = Path(__file__).parent / "data" / "distractors.txt"


def _missed(names: list[str], references: list[str], hypotheses: list[str]) -> tuple[int, int]:
    """(names that are said and not written, names that are said)."""
    said = [
        (name, text) for reference, text in zip(references, hypotheses, strict=True) for name in names if _has(reference, name)
    ]
    return sum(not _has(text, name) for name, text in said), len(said)


def _has(text: str, name: str) -> bool:
    return f" {plain(name)} " in f" {plain(text)} "


async def measure(folder: Path) -> dict[str, float]:
    """Errors in per cent: on the names, and over all words, without a vocabulary, with it, and with one of strangers alone."""
    names, distractors = (file.read_text(encoding="utf-8").split("\n")[:-1] for file in (_NAMES, _DISTRACTORS))
    clips = load(folder)
    references = [clip.text for clip in clips]
    pool = await recognition.start(EngineSettings())
    found: dict[str, float] = {}
    try:
        for kind, vocabulary in {"without": [], "with": [*names, *distractors], "strangers": distractors}.items():
            texts = [await transcribe(pool, clip.pcm(), vocabulary=vocabulary) for clip in clips]
            missed, said = _missed(names, references, texts)
            found["names"] = float(said)
            found[f"names_{kind}"] = 100 * missed / said if said else 0.0
            found[f"wer_{kind}"] = word_error_rate(references, texts)
    finally:
        await pool.close()
    return found


def main() -> None:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl and recordings")
    found = asyncio.run(measure(parser.parse_args().speech))
    table = Table("vocabulary", "names missed (%)", "word error rate (%)", title=f"Vocabulary: {found['names']:.0f} hard names")
    for kind in ("without", "with", "strangers"):
        table.add_row(kind, f"{found[f'names_{kind}']:.1f}", f"{found[f'wer_{kind}']:.2f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition_vocabulary", **found}))


if __name__ == "__main__":
    main()
