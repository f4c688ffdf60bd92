"""An extractive summary: the sentences that say most about the topics, and little twice.

A sentence is weighed by the topics it names, the phrases that tell of decisions and results (`summary_cues.txt`), and whether
an action item or a follow-up rests on it. The best are chosen one by one by maximal marginal relevance (Carbonell and
Goldstein 1998): each next one by its own weight less what it shares with those already chosen.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from engine.insights.lexicon import lines, rarity, words
from engine.insights.normalise import clean, read, sentences
from engine.insights.rewrite import as_sentence, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

LEAST: Final = 3
MOST: Final = 12
MESSAGES_A_SENTENCE: Final = 15
"""A meeting's summary has a sentence for so many of its messages, within the two bounds above."""
LEAST_WORDS: Final = 6
MOST_WORDS: Final = 45
_CANDIDATES: Final = 150
_BEGINNING: Final = 4
_CUE: Final = 0.35
_POINTED: Final = 0.4
_NOVELTY: Final = 0.6
"""How much of a sentence's worth is its own weight; the rest is taken away for what it repeats."""
_SAME: Final = 0.75
"""Sentences that share this much of their words say the same: only the better one can be chosen."""
_UNKNOWN_RARITY: Final = 19.5


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `speaker` is a name, or empty."""

    id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence, with its speaker, and the messages that it comes from."""

    text: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    weight: float
    message: Said
    text: str
    words: Mapping[str, float]


def summarise(messages: Sequence[Said], topics: Mapping[str, float], pointed: Collection[str]) -> list[SummarySentence]:
    """The summary, in the order of the talk.

    Args:
        messages: what was said, in order.
        topics: the weight of each topic's phrase, 0 to 1.
        pointed: ids of the messages that action items and follow-ups rest on.
    """
    weighed = _weighed(messages, topics, pointed)
    weighed.sort(key=lambda one: (-one[0], one[1]))
    candidates = [
        found for weight, place in weighed[:_CANDIDATES] for found in _candidates(messages[place], place, weight, topics)
    ]
    count = min(MOST, max(LEAST, len(messages) // MESSAGES_A_SENTENCE))
    chosen = sorted(_choose(candidates, count), key=lambda one: one.place)
    return [
        SummarySentence(f"{one.message.speaker}: {one.text}" if one.message.speaker else one.text, (one.message.id,))
        for one in chosen
    ]


def _weighed(messages: Sequence[Said], topics: Mapping[str, float], pointed: Collection[str]) -> list[tuple[float, int]]:
    """The weight of each message that has any, with its place."""
    lowered = {phrase.lower(): score for phrase, score in topics.items()}
    pattern = _any_of(re.escape(phrase) for phrase in sorted(lowered, key=len, reverse=True))
    found: list[tuple[float, int]] = []
    for place, message in enumerate(messages):
        text = message.text.lower()
        length = text.count(" ") + 1
        if length < LEAST_WORDS:
            continue
        weight = sum(lowered.get(phrase, 0.0) for phrase in set(pattern.findall(text))) if pattern else 0.0
        if not _beginnings().isdisjoint([word[:_BEGINNING] for word in text.split()]):
            weight += _CUE * min(3, len(set(_cues().findall(text))))
        weight += _POINTED * (message.id in pointed)
        if weight:
            found.append((weight / max(1.0, length / MOST_WORDS), place))
    return found or [(1.0 / (1 + place), place) for place in range(len(messages))]


def _candidates(message: Said, place: int, weight: float, topics: Mapping[str, float]) -> list[_Candidate]:
    """The best sentence of a message."""
    best: _Candidate | None = None
    stop = words("stop.txt") | words("function_words.txt")
    for sentence in sentences(read(message.text)):
        if "?" in sentence[-1].mark:
            continue
        text = as_sentence(quoted(clean(sentence), message.text), sentence[-1].mark.strip(",;:\n"))
        known = rarity()
        told = {token.word: known.get(token.word, _UNKNOWN_RARITY) for token in sentence if token.word not in stop}
        told = told or {token.word: 1.0 for token in sentence}
        lowered = text.lower()
        own = sum(score for phrase, score in topics.items() if phrase.lower() in lowered) + _CUE * bool(_cues().search(lowered))
        short = min(1.0, len(sentence) / LEAST_WORDS) if len(sentence) <= MOST_WORDS else MOST_WORDS / len(sentence)
        candidate = _Candidate(place, (0.5 * weight + own) * short, message, text, told)
        if best is None or candidate.weight > best.weight:
            best = candidate
    return [best] if best else []


def _choose(candidates: list[_Candidate], count: int) -> list[_Candidate]:
    top = max((one.weight for one in candidates), default=0.0) or 1.0
    repeated = [0.0] * len(candidates)
    open_places = set(range(len(candidates)))
    chosen: list[_Candidate] = []
    while open_places and len(chosen) < count:
        best = max(
            open_places,
            key=lambda index: (
                _NOVELTY * candidates[index].weight / top - (1 - _NOVELTY) * repeated[index],
                -candidates[index].place,
            ),
        )
        open_places.discard(best)
        chosen.append(candidates[best])
        for index in open_places:
            repeated[index] = max(repeated[index], _alike(candidates[index].words, candidates[best].words))
        open_places = {index for index in open_places if repeated[index] < _SAME}
    return chosen


def _alike(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine of two bags of words, weighed by rarity."""
    shared = sum(weight * other[word] for word, weight in one.items() if word in other)
    if not shared:
        return 0.0
    return shared / math.sqrt(sum(weight**2 for weight in one.values()) * sum(weight**2 for weight in other.values()))


@cache
def _cues() -> re.Pattern[str]:
    pattern = _any_of(re.escape(line.rstrip("*")) + (r"\w*" if line.endswith("*") else "") for line in lines("summary_cues.txt"))
    assert pattern is not None, "summary_cues.txt is empty"
    return pattern


@cache
def _beginnings() -> frozenset[str]:
    """How cues begin: most texts hold none of them, and need no further look."""
    return frozenset(line.rstrip("*").split()[0][:_BEGINNING] for line in lines("summary_cues.txt"))


def _any_of(alternatives: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(alternatives)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if joined else None
