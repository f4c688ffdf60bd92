"""Whether what is said is English: the rules know no other language, and would take its words for jargon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.insights.lexicon import rarity, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.normalise import Token

_ENOUGH: Final = 4
"""Words by which a language can be told; a shorter message is of the language of the one before it."""
_FOREIGN: Final = 0.5
_ENGLISH: Final = 0.75
"""Shares of known words: below the one another language is spoken, from the other on English; between them, the one before goes on."""


class LanguageSense:
    """Follows the language of a meeting, message by message."""

    def __init__(self) -> None:
        self._english = True

    def is_english(self, tokens: Sequence[Token]) -> bool:
        """Whether the next message is English."""
        if len(tokens) >= _ENOUGH:
            known, light = rarity(), words("function_words.txt")
            share = sum(token.word in known or token.word in light for token in tokens) / len(tokens)
            self._english = share >= (_FOREIGN if self._english else _ENGLISH)
        return self._english
