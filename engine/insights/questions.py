"""Questions: sentences that ask for something and deserve an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.insights.lexicon import lines, phrases, sections, words
from engine.insights.question_features import features
from engine.insights.templates import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.linear import LinearModel
    from engine.insights.normalise import Token
    from engine.insights.question_features import Before
    from engine.insights.reading import Sentence

PUNCTUATED_CUT = 0.27
"""The probability that asks, where the text has punctuation; the best on the training corpora."""
BARE_CUT = 0.32
_INDIRECT_SCORE = 0.7
_SHORTEST = 3
"""Words that a question has at least behind its first one, where it is cut out of others."""
_REACH = 4
"""Words before a verb among which its question word stands: `what range are we`."""
_CHUNK = 45
"""A bare text of more words than this is looked at in pieces."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the words `first` to `last` of a sentence, its score (0.5 at the cut), whether it is only a tag."""

    sentence: Sentence
    first: int
    last: int
    score: float
    tag: bool = False


class QuestionFinder:
    """Finds the questions of a message."""

    def __init__(self, punctuated: LinearModel, bare: LinearModel) -> None:
        self._punctuated = punctuated
        self._bare = bare

    def find(self, sentences: list[Sentence], *, punctuated: bool, before: Before | None) -> list[Asked]:
        """The questions of a message, each with its score; scores below 0.5 are left out.

        `punctuated` says whether the meeting's text has punctuation; where it has none, the message `before` tells too.
        """
        found: list[Asked] = []
        for sentence in sentences:
            model, cut = (self._punctuated, PUNCTUATED_CUT) if punctuated else (self._bare, BARE_CUT)
            size = len(sentence.tokens)
            for start in range(0, size, _CHUNK):
                chunk = sentence.tokens[start : start + _CHUNK]
                seen = features(chunk, punctuated=punctuated, before=None if punctuated else before)
                score = calibrated(model.probability(seen), cut)
                if start == 0 and _is_indirect(sentence):
                    score = max(score, _INDIRECT_SCORE)
                if score >= 0.5 and not _is_rhetorical(sentence):
                    first = start if punctuated else start + self._begins(chunk)
                    found.append(Asked(sentence, first, start + len(chunk) - 1, score, is_tag(sentence)))
        return found

    def _begins(self, chunk: Sequence[Token]) -> int:
        """Where the question begins in words without marks: where what is left asks most surely."""
        spoken = [token.word for token in chunk]
        leads = sections("question_leads.txt")
        places = [0]
        for place in range(1, len(spoken) - _SHORTEST):
            word, before, after = spoken[place], spoken[max(0, place - _REACH) : place], spoken[place + 1]
            third = spoken[place + 2] if after not in leads["subject"] else ""
            asks = word in leads["word"] and (after in leads["verb"] or third in leads["verb"])
            inverted = word in leads["verb"] and after in leads["subject"] and leads["word"].isdisjoint(before)
            if (asks or inverted) and before[-1] not in leads["subject"] and chunk[place].begin != chunk[place - 1].begin:
                places.append(place)
        if len(places) == 1:
            return 0
        return max(places, key=lambda place: (self._bare.margin(features(chunk[place:], punctuated=False)), -place))


def calibrated(probability: float, cut: float) -> float:
    """A probability on a scale where `cut` is 0.5, so that one threshold serves both models."""
    return 0.5 * probability / cut if probability < cut else 0.5 + 0.5 * (probability - cut) / (1.0 - cut)


def is_tag(sentence: Sentence) -> bool:
    """Whether a sentence only asks for assent to what was just said, such as `right?`."""
    spoken = _without_openers(sentence)
    return spoken in phrases("tags.txt") or tuple(token.word for token in sentence.tokens) in phrases("tags.txt")


def _is_indirect(sentence: Sentence) -> bool:
    """Whether a sentence begins as a question without the form of one."""
    row = _row(sentence)
    return any(compiled(template).match(row) for template in lines("indirect.txt"))


def _is_rhetorical(sentence: Sentence) -> bool:
    """Whether a sentence as a whole is small talk or wants no answer; `how are you going to do it` is neither."""
    row = _row(sentence)
    return any(compiled(template).fullmatch(row) for template in lines("rhetorical.txt"))


def _row(sentence: Sentence) -> str:
    return " ".join(_without_openers(sentence)) + " "


def _without_openers(sentence: Sentence) -> tuple[str, ...]:
    spoken = [token.word for token in sentence.tokens]
    openers = words("openers.txt")
    first = 0
    while first < len(spoken) - 1 and spoken[first] in openers:
        first += 1
    return tuple(spoken[first:])
