"""Moonshine's tokens: bytes of each, and text into tokens the way the model was taught to spell."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BEGIN: Final = 1
END: Final = 2
SPACE: Final = "\u2581"
"""Stands for the space before a word."""

_BYTES: Final = 3
"""The token of byte 0; the other bytes follow."""


class Tokens:
    """The vocabulary: byte-pair encoding of SentencePiece, where a lower number means an earlier merge.

    Args:
        pieces: the bytes of each token, by its number.
    """

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._numbers = {piece: number for number, piece in reversed(list(enumerate(pieces))) if number > END}

    def text(self, tokens: Iterable[int]) -> str:
        """What tokens spell; half a letter at the end is left out."""
        joined = b"".join(self._pieces[token] for token in tokens if END < token < len(self._pieces))
        return joined.decode("utf-8", "ignore").replace(SPACE, " ").strip()

    def ends_word_before(self, token: int) -> bool:
        """Whether a word may end before this token: it is the end, a space, punctuation, or a plural's s."""
        if token <= END:
            return True
        piece = self._pieces[token].decode("utf-8", "ignore")
        return piece == "s" or not piece[:1].isalnum()

    def encode(self, text: str) -> tuple[int, ...]:
        """A word or phrase in running text, as the model spells it: with the space before it."""
        pieces = [letter.encode() for letter in SPACE + text.replace(" ", SPACE)]
        while True:
            best = min((self._rank(one + other) for one, other in pairwise(pieces)), default=len(self._pieces))
            if best >= len(self._pieces):
                break
            at = next(i for i, (one, other) in enumerate(pairwise(pieces)) if self._rank(one + other) == best)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        return tuple(number for piece in pieces for number in self._spelled(piece))

    def _rank(self, piece: bytes) -> int:
        return self._numbers.get(piece, len(self._pieces))

    def _spelled(self, piece: bytes) -> list[int]:
        """A piece as its token, or byte by byte where it has none."""
        number = self._numbers.get(piece)
        return [number] if number is not None else [_BYTES + byte for byte in piece]


def read_tokens(file: Path) -> Tokens:
    """Moonshine's `tokenizer.bin`: byte strings, each after its length; a length of 128 or more takes two bytes, the low one first."""
    data = file.read_bytes()
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            length, at = data[at] * 128 + length - 128, at + 1
        pieces.append(data[at : at + length])
        at += length
    return Tokens(pieces)
