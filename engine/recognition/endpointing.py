"""How long to wait in a pause until the utterance counts as ended: short behind a finished sentence, long in the middle of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.recognition.phrasing import bare, leading_words

if TYPE_CHECKING:
    from engine.recognition.reading import Reading
    from engine.recognition.segmenter import Piece

FINISHED: Final = 0.39
"""Seconds of silence behind what reads as a whole sentence."""
UNFINISHED: Final = 1.0
"""Seconds behind a comma, or a word that leads on to others."""

_STOPS: Final = frozenset(".?!")
_GOING_ON: Final = frozenset(",;:-\u2026\u2014")
_SURE: Final = 0.75
"""Confidence from which a full stop is believed."""
_SHORT: Final = 0.6
"""Seconds of voice that are too few for the model to know a sentence from its beginning."""
_LONG: Final = 12.0
"""Seconds of an utterance that is not waited for any longer than others."""


def patience(piece: Piece, reading: Reading) -> float | None:
    """Seconds of silence after which an utterance has ended that reads so far like this; None if nothing speaks against the usual."""
    words = reading.spoken.split()
    if not words:
        return None
    if words[-1][-1] in _GOING_ON or bare(words[-1]) in leading_words():
        return UNFINISHED if piece.end - piece.start < _LONG else None
    finished = words[-1][-1] in _STOPS and reading.confidence >= _SURE and piece.voiced >= _SHORT
    return FINISHED if finished else None
