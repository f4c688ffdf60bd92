"""Trains the two question models: `data/questions_punctuated.json` and `data/questions_bare.json`.

    python -m engine.insights.training.questions FOLDER

FOLDER holds `icsi.jsonl`. The punctuated model learns from sentences of dialogue acts, the bare one from acts and from
turns (acts of one speaker joined) without case and punctuation.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.insights.normalise import normalise, sentences
from engine.insights.question_features import Before, features
from engine.insights.training.corpora import bare, meetings, turns
from engine.insights.training.logistic import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.training.corpora import RawMeeting

DATA = Path(__file__).parents[1] / "data"
MOST_FEATURES = 5_000
STRENGTH = 3.0

Rows = tuple[list[set[str]], list[bool]]


def punctuated_rows(corpus: Sequence[RawMeeting]) -> Rows:
    """Sentences and whether they ask; of an act that asks, the sentences with a question mark, or the only one."""
    rows: list[set[str]] = []
    labels: list[bool] = []
    for meeting in corpus:
        asked, ignored = _labels(meeting)
        for index, message in enumerate(meeting["messages"]):
            if index in ignored:
                continue
            parts = sentences(normalise(message["text"]))
            if index in asked:
                marked = [part for part in parts if "?" in part[-1].mark]
                parts = marked or (parts[-1:] if len(parts) <= 2 else [])
            rows.extend(features(part, punctuated=True) for part in parts)
            labels.extend([index in asked] * len(parts))
    return rows, labels


def bare_rows(corpus: Sequence[RawMeeting]) -> Rows:
    """Whole messages without punctuation and whether something in them asks."""
    rows: list[set[str]] = []
    labels: list[bool] = []
    for meeting in corpus:
        asked, ignored = _labels(meeting)
        said = 0
        speaker = ""
        for index, message in enumerate(meeting["messages"]):
            tokens = normalise(bare(message["text"]))
            if not tokens:
                continue
            if index not in ignored:
                before = Before(said, speaker == message["speaker"]) if said else None
                rows.append(features(tokens, punctuated=False, before=before))
                labels.append(index in asked)
            said, speaker = len(tokens), message["speaker"]
    return rows, labels


def _labels(meeting: RawMeeting) -> tuple[set[int], set[int]]:
    gold = meeting["gold"]
    asked = set(gold["questions"])
    return asked, (set(gold.get("rhetorical", [])) | set(gold.get("unlabelled", []))) - asked


def train(corpus: Sequence[RawMeeting]) -> dict[str, tuple[float, dict[str, float]]]:
    """Both models by the name of their data file."""
    rows, labels = punctuated_rows(corpus)
    more_rows, more_labels = bare_rows([*corpus, *(turns(meeting) for meeting in corpus)])
    return {
        "questions_punctuated.json": fit(rows, labels, strength=STRENGTH, most=MOST_FEATURES),
        "questions_bare.json": fit(more_rows, more_labels, strength=STRENGTH, most=MOST_FEATURES),
    }


def write(models: dict[str, tuple[float, dict[str, float]]], folder: Path = DATA) -> None:
    """Writes models as the data files that `linear.py` reads."""
    for name, (intercept, weights) in models.items():
        text = json.dumps({"intercept": intercept, "weights": weights}, ensure_ascii=False, indent=0, sort_keys=True)
        (folder / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(train(meetings(Path(sys.argv[1]) / "icsi.jsonl")))
