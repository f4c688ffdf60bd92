"""What the question models look at: the words of a sentence, where they stand, and its last mark."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from engine.insights.lexicon import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.normalise import Token

_LENGTHS = (1, 2, 3, 5, 8, 12, 18, 26, 40)
_SHORT = 5


class Before(NamedTuple):
    """The message before: its length in words, and whether the same person said it."""

    length: int
    same: bool


def features(tokens: Sequence[Token], *, punctuated: bool, before: Before | None = None) -> set[str]:
    """The features of one sentence, as names.

    `a b` are words anywhere, `^` marks the beginning, `^^` the beginning behind turn openers, `$` the end,
    `#` the length, `!` punctuation, `<` the message `before`. A bare text has no `!`.
    """
    spoken = [token.word for token in tokens]
    found = set(spoken)
    found.update(f"{one} {two}" for one, two in pairwise(spoken))
    found.add(f"#{sum(len(spoken) > bound for bound in _LENGTHS)}")
    openers = words("openers.txt")
    first = 0
    while first < len(spoken) - 1 and spoken[first] in openers:
        first += 1
    for mark, start in (("^", 0), ("^^", first)):
        for size in (1, 2, 3):
            if len(spoken) - start >= size:
                found.add(mark + " ".join(spoken[start : start + size]))
    for size in (1, 2, 3):
        if len(spoken) >= size:
            found.add(" ".join(spoken[-size:]) + "$")
    if len(spoken) <= 4:
        found.add("=" + " ".join(spoken))
    if before is not None:
        lead, length = f"<{before.same}", f" #{min(len(spoken), _SHORT)}"
        ended = f"{lead} <#{min(before.length, _SHORT)}"
        found.update({lead, lead + length, ended, ended + length})
    if punctuated:
        found.update(_punctuation(tokens, spoken[first] if spoken else ""))
    return found


def _punctuation(tokens: Sequence[Token], lead: str) -> set[str]:
    """The last mark, and where it asks, with the word that leads the sentence and the length."""
    ending = tokens[-1].mark if tokens else ""
    found = {"!?" if "?" in ending else "!" + ending[:1]}
    if any("?" in token.mark for token in tokens[:-1]):
        found.add("!?..")
    if "?" in ending:
        found.update({"!?^^" + lead, f"!?#{sum(len(tokens) > bound for bound in _LENGTHS)}"})
    return found
