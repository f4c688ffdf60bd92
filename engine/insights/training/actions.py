"""Trains the action model, `data/actions.json`.

    python -m engine.insights.training.actions FOLDER

FOLDER holds `icsi.jsonl` and `ai_strict_more_*.jsonl`. The rows are the clauses that the frames find in judged meetings and in
our own sentences; a clause is an action item where its message is one.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.insights import grammar
from engine.insights.action_features import features
from engine.insights.people import Roster
from engine.insights.reading import read_sentences
from engine.insights.training.corpora import bare, judged, own
from engine.insights.training.logistic import fit
from engine.insights.training.questions import write
from engine.insights.types import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.training.corpora import RawMeeting

STRENGTH = 15.0
MOST_FEATURES = 10_000
OWN_WEIGHT = 0.5
ACTION_WEIGHT = 4.8
"""How much more a clause that is an action item counts than one that is none: so that half is the right threshold."""
PEOPLE = ("Ana", "Jonas", "Mika", "Ravi", "Sofia")
_NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


class Rows:
    """Clauses with their labels and weights."""

    def __init__(self) -> None:
        self.features: list[set[str]] = []
        self.labels: list[bool] = []
        self.weights: list[float] = []

    def add(self, text: str, roster: Roster, *, action: bool, weight: float = 1.0) -> None:
        """The clauses of one message."""
        for sentence in read_sentences(text, roster, _NOW):
            for clause in grammar.find(sentence.row, sentence.marks):
                self.features.append(features(sentence, clause))
                self.labels.append(action)
                self.weights.append(weight * (ACTION_WEIGHT if action else 1.0))


def rows(corpus: Iterable[RawMeeting]) -> Rows:
    """The clauses of judged meetings, punctuated and bare, and of our own sentences; messages that count neither way are left out."""
    found = Rows()
    nobody = Roster()
    for meeting in corpus:
        strict, maybe = set(meeting["gold"]["ai_strict"]), set(meeting["gold"].get("ai_maybe", []))
        for index, message in enumerate(meeting["messages"]):
            if index in strict or index not in maybe:
                for text in (message["text"], bare(message["text"])):
                    found.add(text, nobody, action=index in strict, weight=0.5)
    roster = Roster()
    roster.add(Speaker(name.lower(), name) for name in PEOPLE)
    for sentence in own():
        found.add(sentence.text, roster, action=sentence.action, weight=OWN_WEIGHT)
    return found


def train(corpus: Sequence[RawMeeting]) -> tuple[float, dict[str, float]]:
    """The model."""
    found = rows(corpus)
    return fit(found.features, found.labels, weights=found.weights, strength=STRENGTH, most=MOST_FEATURES)


if __name__ == "__main__":
    write({"actions.json": train(judged(Path(sys.argv[1])))})
