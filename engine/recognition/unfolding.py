"""An utterance while it is being said: what of it has to be read again, and what of that is shown.

Only the end of a long utterance is read again. What lies before a pause, or before a boundary of words some seconds back, stays as it was
read, so that interims cost little and do not flicker. The last word is held back while its end may still be missing.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from engine.recognition.phrasing import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.recognition.reading import Reading
    from engine.recognition.segmenter import Piece
    from engine.recognition.types import Word

LONGEST: Final = 5.0
"""Seconds that are read again; a longer end is cut."""
_LEAST: Final = 2.0
"""Seconds that stay on either side of a cut."""
_WORTH_READING: Final = 0.3
"""Seconds of voice."""
_MARK: Final = 0.2
"""What a mark of punctuation is worth, in seconds of pause."""
_FRESH: Final = 0.25
"""Seconds before the end of the sound in which a word may be a part of one."""


class Unfolding:
    """One utterance at a time."""

    def __init__(self) -> None:
        self._number = -1
        self._settled: list[str] = []
        self._from = 0.0

    def unread(self, piece: Piece) -> Piece | None:
        """The part of an utterance that has to be read for an interim; None if little was said since the last pause."""
        self._turn_to(piece)
        part = piece.after(self._from) if self._settled else piece
        return part if part.voiced >= _WORTH_READING else None

    def show(self, part: Piece, reading: Reading) -> str:
        """The text of an interim, from what was read of `unread`'s part."""
        self._turn_to(part)
        whole = [word for word in _whole(reading.words, part) if word.start >= self._from]  # a pause may have settled more since
        texts = [word.text for word in whole]
        if texts:
            texts[-1] = texts[-1].rstrip(".,?!") or texts[-1]
        text = " ".join(joined(self._settled, texts))
        if part.end - part.start > LONGEST:
            self._cut(whole, part)
        return text

    def settle(self, piece: Piece, reading: Reading) -> str:
        """A pause, and the utterance up to it as it was read as a whole; the text to show."""
        self._turn_to(piece)
        self._settled, self._from = [word.text for word in reading.words], piece.end
        return reading.text

    def _turn_to(self, piece: Piece) -> None:
        if piece.number != self._number:
            self._number, self._settled, self._from = piece.number, [], 0.0

    def _cut(self, words: Sequence[Word], part: Piece) -> None:
        """Settle what lies before the best boundary."""
        inside = [
            (following.start - word.end + _MARK * (word.text[-1:] in {".", ",", "?", "!"}), place)
            for place, (word, following) in enumerate(itertools.pairwise(words), start=1)
            if part.start + _LEAST <= word.end and following.start <= part.end - _LEAST
        ]
        if not inside:
            return
        _, place = max(inside)
        before, after = words[place - 1], words[place]
        self._settled = joined(self._settled, [word.text for word in words[:place]])
        self._from = (before.end + after.start) / 2


def _whole(words: Sequence[Word], part: Piece) -> Sequence[Word]:
    """Without a word at the end that may be a part of one."""
    return words[:-1] if len(words) > 1 and words[-1].end > part.end - _FRESH else words
