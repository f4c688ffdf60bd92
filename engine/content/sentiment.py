"""How positive or negative a text is: words that judge, turned round by negations, made stronger or weaker by their neighbours."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from engine.content.lists import entries, sections
from engine.content.words import read
from engine.insights.merge import stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.content.words import SpokenWord

THRESHOLD: Final = 0.3
"""Above it a text is positive, below its opposite negative."""

_REACH: Final = 3
"""Words before a judging word in which a negation or a degree counts."""
_TURNED: Final = -0.7
_STRONGER, _WEAKER = 1.4, 0.6
_AFTER_BUT: Final = 1.5
_BEFORE_BUT: Final = 0.5
_CALLED_OUT: Final = 1.15
_SPREAD: Final = 12.0
"""The sum of strengths is pressed into -1 to 1: one weak word alone gives 0.28, a strong one 0.65, two of them 0.87."""


def score(text: str) -> float:
    """From -1 (negative) to 1 (positive), with three decimals; 0 where nothing judges."""
    words = read(text)
    neutral = _neutral(words)
    but = next((at for at in range(len(words) - 1, -1, -1) if words[at].plain in {"but", "however", "although"}), -1)
    total = 0.0
    for at, word in enumerate(words):
        strength = 0.0 if at in neutral else _strength(word.plain)
        if not strength:
            continue
        strength *= _context(words, at)
        if but >= 0:
            strength *= _AFTER_BUT if at > but else _BEFORE_BUT
        total += strength
    if "!" in text:
        total *= _CALLED_OUT
    return round(total / math.sqrt(total * total + _SPREAD), 3)


def suggested(value: float) -> str:
    """The service's word for a score."""
    if value > THRESHOLD:
        return "positive"
    return "negative" if value < -THRESHOLD else "neutral"


def _context(words: Sequence[SpokenWord], at: int) -> float:
    factor = 1.0
    for word in reversed(words[max(0, at - _REACH) : at]):
        if word.last:
            break
        if word.plain in entries("negations.txt"):
            factor *= _TURNED
        elif word.plain in sections("degrees.txt")["stronger"]:
            factor *= _STRONGER
        elif word.plain in sections("degrees.txt")["weaker"]:
            factor *= _WEAKER
    return factor


def _neutral(words: Sequence[SpokenWord]) -> set[int]:
    """Places of words in phrases that judge nothing."""
    phrases = _neutral_phrases()
    found: set[int] = set()
    for at in range(len(words)):
        for length in (3, 2):
            if tuple(word.plain for word in words[at : at + length]) in phrases:
                found.update(range(at, at + length))
    return found


@cache
def _neutral_phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in sections("degrees.txt")["neutral"])


@cache
def _strengths() -> tuple[dict[str, float], dict[str, float]]:
    """By word and by stem; a stem that words of both signs share is left out."""
    words = {word: float(heading) for heading, row in sections("sentiment.txt").items() for word in row}
    stems: dict[str, float] = {}
    mixed: set[str] = set()
    for word, strength in words.items():
        one = stem(word)
        if len(one) < 4 or strength * stems.get(one, strength) < 0:
            mixed.add(one)
        stems.setdefault(one, strength)
    return words, {one: strength for one, strength in stems.items() if one not in mixed}


def _strength(word: str) -> float:
    words, stems = _strengths()
    return words[word] if word in words else stems.get(stem(word), 0.0)
