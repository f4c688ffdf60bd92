"""The recogniser's words. Times are seconds since the start of the stream, counted in samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Word:
    """One word and when it was said."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Interim:
    """The utterance so far; replaces the last interim of this stream."""

    start: float
    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """A finished utterance. `confidence` is 0 to 1; `spoken` is the text word for word, numbers in words; `language` as in `Transcript`."""

    start: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = field(default=())
    spoken: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Lost:
    """Sound that could not be recognised, because too much was waiting or the model failed: nobody knows what was said."""

    start: float
    end: float


Result = Interim | Final | Lost


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser made of one piece of sound.

    Attributes:
        logprob: mean log-probability of its tokens.
        tokens: how many it has; 0 if their number says nothing about how fast somebody would have spoken.
        language: ISO 639 code of the language that was read.
        certainty: 0 to 1, of that language where it was detected.
    """

    text: str
    logprob: float
    tokens: int
    language: str = "en"
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do.

    Attributes:
        languages: ISO 639 codes of what it reads.
        detects: it tells by itself which of them is spoken.
    """

    languages: frozenset[str]
    detects: bool


class Recogniser(Protocol):
    """A model that reads one utterance. Called from worker threads, by several at once."""

    @property
    def name(self) -> str:
        """What people call the model."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        """The text of one utterance.

        Args:
            samples: 16 kHz mono, -1 to 1, at most about 25 s.
            vocabulary: names and words that are likely.
            language: one of its capabilities, or `language.DETECT` if it detects.
            hurried: a rough text will do, if it comes sooner.
        """


class SpeechStream(Protocol):
    """One speaker's sound, going in as it arrives; results come out in order."""

    def feed(self, pcm: bytes) -> None:
        """16 kHz mono LINEAR16, any whole number of samples. Never blocks; if far too much waits, it becomes a gap line."""

    async def caught_up(self) -> None:
        """Wait until little is waiting: after each `feed` of sound that comes faster than it was spoken. Else it returns at once."""

    def results(self) -> AsyncIterator[Result]:
        """Interims, finals and what was lost, until the stream has been finished or aborted."""

    async def finish(self) -> None:
        """No more sound will come: whatever was fed is recognised, its finals are given out, then `results` ends."""

    async def abort(self) -> None:
        """Drop what is left at once."""


class Recognition(Protocol):
    """All the recognition of one machine. A language is a code ("en-US", "de") or `language.DETECT`."""

    def check_language(self, language: str) -> None:
        """Raises `engine.errors.BadRequest` if it is not understood here."""

    def open(self, *, vocabulary: Sequence[str] = (), language: str = "en-US", interims: bool = True) -> SpeechStream:
        """A new stream. Raises `engine.errors.Overloaded` when the machine has no room for one more, or as `check_language` does."""

    def lag(self) -> float:
        """Seconds by which the oldest waiting utterance is late."""

    async def close(self) -> None:
        """Stop the workers."""
