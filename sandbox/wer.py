"""Word error rate: the fewest words to substitute, insert and delete, against the words that were said."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.figures import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_APOSTROPHES = re.compile(r"(?<=\w)['\u2018\u2019](?=\w)")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Errors:
    """How far a text is from what was said."""

    wrong: int
    """Words substituted, inserted or deleted."""
    said: int
    """Words in the reference."""

    @property
    def rate(self) -> float:
        """The word error rate: 0 is perfect, above 1 is possible; of no words it is 0 if nothing was written."""
        return self.wrong / self.said if self.said else float(self.wrong > 0)

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.wrong + other.wrong, self.said + other.said)


def words(text: str) -> list[str]:
    """Lower-case words without punctuation: `Let's` is one word, `follow-up` two, `$42,000` four as they are spoken."""
    plain = in_words(unicodedata.normalize("NFKC", text).lower())
    return _WORD.findall(_APOSTROPHES.sub("", plain).replace("_", " "))


def word_errors(reference: str, hypothesis: str) -> Errors:
    """Compare two texts as wholes."""
    said = words(reference)
    return Errors(_distances(said, words(hypothesis), anywhere=False)[-1], len(said))


def best_match(reference: str, hypothesis: str) -> Errors:
    """The errors of the part of `hypothesis` that is nearest to `reference`: whether something was said anywhere in a text."""
    said = words(reference)
    return Errors(min(_distances(said, words(hypothesis), anywhere=True)), len(said))


def _distances(said: Sequence[str], written: Sequence[str], *, anywhere: bool) -> list[int]:
    """Levenshtein's last row: the distance of all that was said to each beginning of what was written.

    With `anywhere`, words before the match cost nothing: the least entry is the best match inside.
    """
    row = [0 if anywhere else column for column in range(len(written) + 1)]
    for number, word in enumerate(said, 1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(written, 1):
            cost = min(diagonal + (word != other), row[column] + 1, row[column - 1] + 1)
            diagonal, row[column] = row[column], cost
    return row
