"""A second look: what was said is read again by a larger model, and taken where it is clearly the better reading."""

from __future__ import annotations

import asyncio
import difflib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE
from engine.errors import BadRequest
from engine.recognition import reading
from engine.recognition.language import check_language
from engine.recognition.phrasing import bare
from engine.recognition.segmenter import Piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.recognition import types
    from engine.recognition.reading import Reading
    from engine.recognition.types import Recogniser

log = logging.getLogger(__name__)

CERTAIN: Final = 0.95
"""Confidence of a reading that is not looked at again."""
MARGIN: Final = 0.02
"""By how much the second reading must be more confident."""
CREDIBLE: Final = 0.7
"""Confidence that it must have in any case."""
ALIKE: Final = 0.5
"""Share of words that both readings have in common: another sentence altogether is no correction."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance and its sound: 16 kHz mono LINEAR16 that begins at `begin` seconds of the stream."""

    said: types.Final
    begin: float
    sound: bytes
    vocabulary: tuple[str, ...] = ()


class SecondLook:
    """Reads one utterance at a time, in a thread of its own. `load` makes the model when it is first needed."""

    def __init__(self, load: Callable[[], Recogniser]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="second look")
        self._recogniser: Recogniser | None = None
        self.stopping = False
        """Nothing more is to be read."""

    def stop(self) -> None:
        """The engine is about to end."""
        self.stopping = True

    async def correction(self, heard: Heard) -> Reading | None:
        """A better reading than the first, if there is one. Raises `ModelMissing`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, heard)

    async def close(self) -> None:
        """Stop; what is being read is read to its end."""
        self.stop()
        await asyncio.to_thread(self._thread.shutdown)

    def _read(self, heard: Heard) -> Reading | None:
        if self._recogniser is None:
            self._recogniser = self._load()
        said, recogniser = heard.said, self._recogniser
        try:
            check_language(said.language, recogniser.name, recogniser.capabilities)
        except BadRequest:  # it does not know this speaker's language: the first reading stays
            return None
        samples = (np.frombuffer(heard.sound, "<i2") / 32_768).astype(np.float32)
        end = min(said.end, heard.begin + len(samples) / SAMPLE_RATE)
        piece = Piece(0, heard.begin, end, samples, ((said.start, end),))
        again = reading.read(recogniser, piece, heard.vocabulary, said.language)
        return again if better(said, again) else None


def better(said: types.Final, again: Reading) -> bool:
    """Whether a second reading corrects the first: it differs in words, not in everything, and is clearly more confident."""
    before, after = _words(said.text), _words(again.text)
    if not after or before == after or again.confidence < max(CREDIBLE, said.confidence + MARGIN):
        return False
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio() >= ALIKE


def _words(text: str) -> list[str]:
    return [word for part in text.split() if (word := bare(part))]
