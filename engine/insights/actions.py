"""Action items and follow-ups: clauses of the grammar that the model takes for something to do afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine.insights import grammar
from engine.insights.action_features import features
from engine.insights.endings import whole
from engine.insights.lexicon import listed, phrases, words
from engine.insights.linear import warmed
from engine.insights.templates import compiled

if TYPE_CHECKING:
    from engine.insights.grammar import Clause
    from engine.insights.linear import LinearModel
    from engine.insights.reading import Sentence

_HEATS = (0.1, 0.4, 0.9)
"""Sums of recent scores that are told apart."""
_COOLING = 0.8
"""What is left after each message of the sum of the scores before it."""
PENDING = 0.15
"""The score below which a clause is no item whatever is answered to it."""
_VETO_WORDS = 12
_LIGHT = frozenset(
    {"do", "take", "have", "handle", "try", "get", "own", "manage", "look", "take care", "cover", "take on", "make"}
)
_BEFORE_DATES = frozenset({"for", "by", "on", "until", "before", "in", "at"})
_NEEDS_OBJECT = frozenset(
    {"do", "take", "have", "get", "make", "handle", "put", "give", "send", "find", "use", "write", "say", "try", "start", "see"}
)
_NO_OBJECT = frozenset({"at", "by", "before", "after", "during", "until"})
_GIVING = frozenset({"send", "give"})
_RECEIVING = frozenset({"me", "you", "us", "him", "her", "them"})
_BROKEN_OFF = 0.45
"""The score that a clause without its object has at most."""
_POINTERS = frozenset({"it", "that", "this", "them", "those", "one", "care", "so"})
_FAR = 6
"""Words behind a verb within which a pronoun at the end is all that it acts on."""
_SUBORDINATE = frozenset({"if", "whether", "what", "which", "who", "how", "where", "why"})
_CONTRASTING = frozenset({"so", "but", "because"})
_DETERMINING = frozenset({"what", "which", "whose", "how"})
_DETERMINED = 3
"""Words between a question word and the clause that it belongs to: `what sort of constructions we want`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause that may be an action item; its words end at `last`, and those from `floor` on belong to no clause before it."""

    sentence: Sentence
    clause: Clause
    floor: int
    last: int
    score: float

    @property
    def kind(self) -> Literal["action_item", "follow_up"]:
        """A follow-up is an action item that contacts somebody or arranges to meet."""
        return "follow_up" if self.clause.verb.kind == "contact" else "action_item"

    @property
    def points_back(self) -> bool:
        """Whether it says no more than `I'll do that`."""
        after = self.sentence.row[self.clause.at + self.clause.verb.length : self.last + 1]
        light = self.clause.verb.base in _LIGHT
        if self.clause.frame.name == "commit.gerund":
            return False
        if not after:
            return light
        return (light or self.clause.verb.kind == "other") and after[0] in _POINTERS

    @property
    def begin(self) -> int:
        """Where in the message the sentence begins, or the clause where what it acts on stands before it."""
        return self.sentence.tokens[self.clause.first - 1 if self.is_relative else 0].begin

    @property
    def is_relative(self) -> bool:
        """Whether what it acts on stands before it: `something that I will look into`."""
        first = self.clause.first
        return first > 1 and self.sentence.row[first - 1] in {"that", "which", "who"} and not self.sentence.marks[first - 1]

    @property
    def names_nothing(self) -> bool:
        """Whether what it acts on, or what that is for, is a pronoun: `I'll fix that`, `pick them up`, `write the script for it`."""
        row, least = self.sentence.row[: self.last + 1], self.clause.at + self.clause.verb.length
        dated = {place for read in self.sentence.dates for place in range(read.first, read.last + 1)}
        after = [row[place] for place in range(least, whole(row, least)) if place not in dated]
        light = _BEFORE_DATES | words("adverbs.txt") | words("openers.txt")
        while after and after[-1] in light:
            after.pop()
        if not after and self.is_relative:
            return True
        alone = not _POINTERS.isdisjoint(after) and all(
            word in _POINTERS or word in _RECEIVING or word in words("particles.txt") for word in after
        )
        return alone or (1 < len(after) <= _FAR and after[-1] in _POINTERS and after[-2] in words("particles.txt"))


class ActionFinder:
    """Finds the candidates of a message."""

    def __init__(self, model: LinearModel) -> None:
        self._model = model
        self._heat = 0.0

    @property
    def near(self) -> str:
        """The feature that tells how much was just promised and asked for: what is to be done comes in clusters."""
        return f"near:{sum(self._heat >= bound for bound in _HEATS)}"

    def find(self, sentences: list[Sentence]) -> list[Candidate]:
        """All clauses of the next message that fit a frame, with their scores."""
        warmth = self._model.weight(self.near)
        read = [self._of(sentence, warmth) for sentence in sentences]
        self._heat = _COOLING * self._heat + max((hottest for _, hottest in read), default=0.0)
        return [candidate for candidates, _ in read for candidate in candidates]

    def _of(self, sentence: Sentence, warmth: float) -> tuple[list[Candidate], float]:
        """The candidates of a sentence, and the highest probability among them without `warmth`."""
        clauses = [clause for clause in grammar.find(sentence.row, sentence.marks) if not _vetoed(sentence, clause)]
        found: list[Candidate] = []
        hottest = 0.0
        for index, clause in enumerate(clauses):
            last = _last(sentence, clause, clauses[index + 1] if index + 1 < len(clauses) else None)
            floor = found[-1].last + 1 if found else 0
            probability = self._model.probability(features(sentence, clause))
            hottest = max(hottest, probability)
            score = warmed(probability, warmth)
            if _broken_off(sentence, clause, last):
                score = min(score, _BROKEN_OFF)
            candidate = Candidate(sentence, clause, floor, last, score)
            if found and _introduced(sentence, found[-1].clause, clause):
                found[-1] = replace(candidate, floor=found[-1].floor, score=max(found[-1].score, score))
            elif found and (_depends(sentence, found[-1].clause, clause) or _goes_on(found[-1], candidate)):
                found[-1] = replace(found[-1], last=last, score=max(found[-1].score, candidate.score))
            else:
                found.append(candidate)
        return found, hottest


def _introduced(sentence: Sentence, main: Clause, clause: Clause) -> bool:
    """Whether a clause only says that the next one comes: `what I'll do is I'll call Ben`."""
    between = [word for word in sentence.row[main.at + main.verb.length : clause.first] if word not in words("adverbs.txt")]
    return main.verb.base in {"do", "try"} and between in (["is"], ["was"], ["is", "that"], ["then", "is"])


def _depends(sentence: Sentence, main: Clause, clause: Clause) -> bool:
    """Whether a clause is part of what the one before it is about: `find out what we should order`, `ask if you can come`."""
    row, marks = sentence.row, sentence.marks
    place = clause.first - 1
    if place <= main.at or marks[place]:
        return False
    if row[clause.first] in _SUBORDINATE:
        return row[place] not in words("joints.txt")
    if not _CONTRASTING.isdisjoint(row[main.at : place]):
        return False
    if row[place] in _SUBORDINATE:
        return True
    between = range(place, max(main.at, place - _DETERMINED - 1), -1)
    asked = next((at for at in between if row[at] in _DETERMINING or marks[at]), None)
    light = words("function_words.txt") - {"of"}
    return asked is not None and not marks[asked] and light.isdisjoint(row[asked + 1 : clause.first])


def _broken_off(sentence: Sentence, clause: Clause, last: int) -> bool:
    """Whether a verb that needs an object has none: `somebody should do at some point, just`."""
    least = clause.at + clause.verb.length
    after = sentence.row[least : whole(sentence.row[: last + 1], least)]
    if clause.verb.base in _GIVING and len(after) == 1 and after[0] in _RECEIVING:
        return True
    return clause.verb.base in _NEEDS_OBJECT and (not after or after[0] in _NO_OBJECT)


def _last(sentence: Sentence, clause: Clause, following: Clause | None) -> int:
    """The last word of a clause: before the next one, without the words that join them and whoever that one addresses."""
    end = len(sentence.row) - 1
    if following is None:
        return end
    last = following.first - 1
    while last > clause.at and (sentence.row[last] in words("joints.txt") or last in sentence.people):
        last -= 1
    return max(last, min(clause.at, end))


def _vetoed(sentence: Sentence, clause: Clause) -> bool:
    """Whether a clause is one of the sayings of `vetoes.txt`."""
    templates = listed("vetoes.txt")
    for heading, place in (("clause", clause.first), ("clause", clause.at), ("verb", clause.at)):
        row = " ".join(sentence.row[place : place + _VETO_WORDS]) + " "
        if any(compiled(template).match(row) for template in templates[heading]):
            return True
    return False


def _goes_on(first: Candidate, second: Candidate) -> bool:
    """Whether a clause without a subject goes on with the one before it: `ask them and report back`."""
    between = second.sentence.row[first.last + 1 : second.clause.first + 1]
    joined = bool({"and", "then", "or"} & set(between)) and "please" not in between
    return (
        second.clause.frame.family == "imperative"
        and joined
        and not any(place in second.sentence.people for place in range(first.last + 1, second.clause.at))
    )


def assents(sentences: list[Sentence]) -> bool:
    """Whether a message begins by agreeing to what was asked."""
    if not sentences:
        return False
    row = sentences[0].row
    return any(row[: len(phrase)] == phrase for phrase in phrases("assents.txt"))
