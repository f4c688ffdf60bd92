"""Which items are the same thing said again."""

from __future__ import annotations

import re

from engine.insights.lexicon import words

WINDOW = 40
"""Messages within which a thing said again is the same thing."""
_ENDINGS = (
    "ational", "isation", "ization", "ations", "ation", "ments", "ment", "ities", "ity", "ness", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "e", "y",
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
_SHARE = 0.5


def stem(word: str) -> str:
    """A word without its ending, so that plurals and forms of a verb meet."""
    word = word.split("'", maxsplit=1)[0]
    if len(word) > 3:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeious" else word


def content_stems(text: str) -> frozenset[str]:
    """The stems of the words of a text that mean something."""
    light = words("stop.txt") | words("function_words.txt")
    return frozenset(stem(word) for word in _WORD.findall(text.lower()) if word not in light and len(word) > 1)


def same_thing(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of stems share at least half of the smaller one, and more than one where both have more."""
    smaller = min(len(one), len(other))
    shared = len(one & other)
    return shared > 0 and shared >= _SHARE * smaller and (shared > 1 or smaller == 1)
