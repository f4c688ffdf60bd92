"""From a piece of sound to what stands in the transcript: text that is credible, its confidence, its words' times."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE
from engine.recognition.alignment import align
from engine.recognition.language import ENGLISH
from engine.recognition.types import Word
from engine.recognition.writing import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.segmenter import Piece
    from engine.recognition.types import Recogniser, Transcript
    from engine.recognition.writing import Written

_FASTEST_SPEECH: Final = 9.0
"""Tokens a second of voice; people reach 6."""
_SPARE_TOKENS: Final = 6
_SHORT: Final = 1.0
"""Seconds of voice up to which a text must be fairly certain."""
_CERTAIN_ENOUGH_SHORT: Final = -1.2
"""Mean log-probability; recorded speech of this length has -0.7 at its worst."""
_CERTAIN_ENOUGH: Final = -1.6
_LEAD: Final = 0.3
"""Seconds before the first voice. Sound that begins with it, as a speaker's first words do, makes the model talk on at its end
("Thank you.")."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one piece says. `text` is empty if it says nothing; `spoken` is it word for word; `confidence` is 0 to 1.

    `language` is as in `Transcript`.
    """

    text: str
    confidence: float
    words: tuple[Word, ...]
    spoken: str = ""
    language: str = ENGLISH


NOTHING: Final = Reading("", 0.0, ())


def read(
    recogniser: Recogniser, piece: Piece, vocabulary: Sequence[str] = (), language: str = ENGLISH, *, hurried: bool = False
) -> Reading:
    """Have a piece read, leave out what the model made up, and write numbers as figures where the language is English."""
    transcript = recogniser.transcribe(_led_in(piece), vocabulary=vocabulary, language=language, hurried=hurried)
    if not credible(transcript, piece.voiced):
        return NOTHING
    confidence = round(math.exp(min(0.0, transcript.logprob)), 3)
    spoken = transcript.text.split()
    timed = [
        Word(word, round(start, 3), round(end, 3), confidence)
        for word, (start, end) in zip(spoken, align(spoken, piece), strict=True)
    ]
    words = merged(timed, write(spoken)) if transcript.language == ENGLISH else tuple(timed)
    return Reading(" ".join(word.text for word in words), confidence, words, transcript.text, transcript.language)


def merged(spoken: Sequence[Word], written: Sequence[Written]) -> tuple[Word, ...]:
    """Words as they are written, with the times of the spoken ones that they stand for."""
    return tuple(replace(spoken[word.first], text=word.text, end=spoken[word.first + word.count - 1].end) for word in written)


def _led_in(piece: Piece) -> NDArray[np.float32]:
    """The sound of a piece, silence put before it where there is too little before the first voice."""
    before = piece.spans[0][0] - piece.start if piece.spans else _LEAD
    missing = max(0, round((_LEAD - before) * SAMPLE_RATE))
    return np.concatenate([np.zeros(missing, np.float32), piece.samples]) if missing else piece.samples


def credible(transcript: Transcript, voiced: float) -> bool:
    """Whether somebody may have said this in `voiced` seconds of voice."""
    if not any(letter.isalnum() for letter in transcript.text):
        return False
    if transcript.tokens > voiced * _FASTEST_SPEECH + _SPARE_TOKENS:
        return False
    return transcript.logprob >= (_CERTAIN_ENOUGH_SHORT if voiced < _SHORT else _CERTAIN_ENOUGH)
