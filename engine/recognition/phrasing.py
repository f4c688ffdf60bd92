"""How words hang together: which lead on to others, so that no sentence ends with them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).parent / "data" / "leading_words.txt"


@functools.cache
def leading_words() -> frozenset[str]:
    """Words that people pause before rather than after: articles, conjunctions, prepositions, pronouns, auxiliaries."""
    lines = _DATA.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def bare(word: str) -> str:
    """A word in lower case without the punctuation around it."""
    return word.lower().replace("\u2019", "'").strip('.,?!;:"()-\u2026\u2014')
