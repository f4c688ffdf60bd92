"""How words hang together: which lead on to others, so that no sentence ends with them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOPS: Final = frozenset(".?!")
_DATA: Final = Path(__file__).parent / "data" / "leading_words.txt"


@functools.cache
def leading_words() -> frozenset[str]:
    """Words that people pause before rather than after: articles, conjunctions, prepositions, pronouns, auxiliaries."""
    lines = _DATA.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def bare(word: str) -> str:
    """A word in lower case without the punctuation around it."""
    return word.lower().replace("\u2019", "'").strip('.,?!;:"()-\u2026\u2014')


def joined(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Two parts of an utterance that were read apart, as one: no full stop and no capital where the sentence goes on."""
    first, second = list(before), list(after)
    if first and second:
        if second[0][:1].islower():
            first[-1] = first[-1].rstrip(".") or first[-1]
        second[0] = continued(first[-1], second[0])
    return [*first, *second]


def continued(before: str, word: str) -> str:
    """A word without its capital, if what was read apart before it is no whole sentence and the word is no name."""
    if not before or before[-1] in _STOPS or word.startswith("I") or bare(word) not in leading_words():
        return word
    return word[:1].lower() + word[1:]
