"""Trains the action model, `data/actions.json`.

    python -m engine.insights.training.actions FOLDER

FOLDER holds `icsi.jsonl` and `ai_strict_more_*.jsonl`. The rows are the clauses that the frames find in judged meetings and in
our own sentences; a clause is an action item where its message is one. What commits, directs or suggests is no action item yet
but has its words: a model of these dialogue acts, from all meetings, is where the weights begin.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.insights import grammar
from engine.insights.action_features import features
from engine.insights.actions import ActionFinder
from engine.insights.linear import LinearModel, logit
from engine.insights.people import Roster
from engine.insights.reading import read_sentences
from engine.insights.training.corpora import bare, judged, meetings, own
from engine.insights.training.logistic import fit
from engine.insights.training.questions import write
from engine.insights.types import Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from engine.insights.training.corpora import RawMeeting

Model = tuple[float, dict[str, float]]

STRENGTH = 12.0
ACTS_STRENGTH = 15.0
NEAR_STRENGTH = 5.0
MOST_FEATURES = 10_000
PARTS = 4
"""Parts of the judged meetings, each scored by a model of the others to learn what a cluster is worth."""
SHIFT_SHARE = 0.5
"""How much of what the scores of unseen meetings lack is made good: with all of it more is found, and less of it is right."""
PRIOR_SHARE = 0.6
"""How much of what the dialogue acts tell of a clause is taken over."""
OWN_WEIGHT = 0.5
ACTION_WEIGHT = 4.8
"""How much more a clause that is an action item counts than one that is none: so that half is the right threshold."""
_NOBODY = Roster()
PEOPLE = ("Ana", "Jonas", "Mika", "Ravi", "Sofia")
_NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


class Rows:
    """Clauses with their labels, weights, and the meetings they come from (-1: our own sentences)."""

    def __init__(self) -> None:
        self.features: list[set[str]] = []
        self.labels: list[bool] = []
        self.weights: list[float] = []
        self.homes: list[int] = []

    def add(self, text: str, roster: Roster, *, action: bool, home: int, weight: float) -> None:
        """The clauses of one message."""
        for row in _read(text, roster):
            self.features.append(row)
            self.labels.append(action)
            self.weights.append(weight)
            self.homes.append(home)


@cache
def _read(text: str, roster: Roster) -> list[set[str]]:
    """The features of the clauses of a message; the folds of a benchmark read the same ones many times."""
    return [
        features(sentence, clause)
        for sentence in read_sentences(text, roster, _NOW)
        for clause in grammar.find(sentence.row, sentence.marks)
    ]


def judged_rows(corpus: Sequence[RawMeeting]) -> Rows:
    """The clauses of judged meetings, punctuated and bare, and of our own sentences; messages that count neither way are left out."""
    found = Rows()
    for home, meeting in enumerate(corpus):
        strict, maybe = _judgement(meeting)
        for index, message in enumerate(meeting["messages"]):
            if index not in maybe:
                action = index in strict
                for text in (message["text"], bare(message["text"])):
                    found.add(text, _NOBODY, action=action, home=home, weight=0.5 * (ACTION_WEIGHT if action else 1.0))
    roster = Roster()
    roster.add(Speaker(name.lower(), name) for name in PEOPLE)
    for sentence in own():
        weight = OWN_WEIGHT * (ACTION_WEIGHT if sentence.action else 1.0)
        found.add(sentence.text, roster, action=sentence.action, home=-1, weight=weight)
    return found


def act_rows(corpus: Sequence[RawMeeting]) -> Rows:
    """The clauses of dialogue acts, punctuated and bare, and whether the act commits, directs or suggests."""
    found = Rows()
    for home, meeting in enumerate(corpus):
        gold = meeting["gold"]
        acting = {*gold["commits"], *gold["directives"], *gold["suggestions"]}
        for index, message in enumerate(meeting["messages"]):
            for text in (message["text"], bare(message["text"])):
                found.add(text, _NOBODY, action=index in acting, home=home, weight=0.5)
    return found


class Prior:
    """What the acts tell of a clause: how likely it commits, directs or suggests, learnt from many more meetings than are judged."""

    def __init__(self, corpus: Sequence[RawMeeting]) -> None:
        self._half = {meeting["meeting_id"]: index % 2 for index, meeting in enumerate(corpus)}
        found = act_rows(corpus)
        self._halves = [_acting(found, [home % 2 != half for home in found.homes]) for half in (0, 1)]
        self.whole = _acting(found, [True] * len(found.homes))

    def offsets(self, found: Rows, corpus: Sequence[RawMeeting]) -> list[float]:
        """A margin for each clause, by the half of the meetings that it does not belong to."""
        models = [self._halves[self._half[meeting["meeting_id"]]] for meeting in corpus]
        return [
            PRIOR_SHARE * (self.whole if home < 0 else models[home]).margin(row)
            for row, home in zip(found.features, found.homes, strict=True)
        ]


def train(strict: Sequence[RawMeeting], corpus: Sequence[RawMeeting]) -> Model:
    """The model from judged meetings and, as far as their dialogue acts help, all meetings."""
    prior = Prior(corpus)
    found = judged_rows(strict)
    offsets = prior.offsets(found, strict)
    held = [_clauses(found, offsets, prior, partial(_outside, part)) for part in range(PARTS)]
    shift, warmth = _warmth([(meeting, LinearModel(*held[index % PARTS])) for index, meeting in enumerate(strict)])
    intercept, weights = _clauses(found, offsets, prior, lambda _: True)
    return intercept + SHIFT_SHARE * shift, weights | warmth


def _outside(part: int, home: int) -> bool:
    return home < 0 or home % PARTS != part


def _clauses(found: Rows, offsets: Sequence[float], prior: Prior, chosen: Callable[[int], bool]) -> Model:
    """The weights of the clauses' features, learnt from the meetings that are `chosen`."""
    kept = [row for row, home in enumerate(found.homes) if chosen(home)]
    intercept, weights = fit(
        [found.features[row] for row in kept],
        [found.labels[row] for row in kept],
        weights=[found.weights[row] for row in kept],
        offsets=[offsets[row] for row in kept],
        strength=STRENGTH,
    )
    known = prior.whole
    names = {*weights, *known.names}
    joined = {name: weights.get(name, 0.0) + PRIOR_SHARE * known.weight(name) for name in names}
    largest = sorted(names, key=lambda name: (-abs(joined[name]), name))[:MOST_FEATURES]
    return intercept + PRIOR_SHARE * known.margin(()), {name: round(joined[name], 3) for name in largest}


def _acting(found: Rows, chosen: Sequence[bool]) -> LinearModel:
    kept = [row for row, use in enumerate(chosen) if use]
    return LinearModel(
        *fit(
            [found.features[row] for row in kept],
            [found.labels[row] for row in kept],
            weights=[found.weights[row] for row in kept],
            strength=ACTS_STRENGTH,
        )
    )


def _warmth(meetings_and_models: Iterable[tuple[RawMeeting, LinearModel]]) -> Model:
    """The weights of `ActionFinder.near`, and how much too low all scores are, from scores that were given by models which have not seen the meeting."""
    rows: list[set[str]] = []
    labels: list[bool] = []
    margins: list[float] = []
    for meeting, model in meetings_and_models:
        strict, maybe = _judgement(meeting)
        for form in (str, bare):
            finder = ActionFinder(model)
            for index, message in enumerate(meeting["messages"]):
                near = finder.near
                found = finder.find(read_sentences(form(message["text"]), _NOBODY, _NOW))
                if found and index not in maybe:
                    rows.append({near})
                    labels.append(index in strict)
                    margins.append(logit(max(candidate.score for candidate in found)))
    weights = [0.5 * (ACTION_WEIGHT if action else 1.0) for action in labels]
    return fit(rows, labels, weights=weights, offsets=margins, strength=NEAR_STRENGTH)


def _judgement(meeting: RawMeeting) -> tuple[set[int], set[int]]:
    """The messages that are action items, and those that count neither way."""
    strict = set(meeting["gold"]["ai_strict"])
    return strict, set(meeting["gold"].get("ai_maybe", [])) - strict


if __name__ == "__main__":
    data = Path(sys.argv[1])
    write({"actions.json": train(judged(data), meetings(data / "icsi.jsonl"))})
