"""Streaming models by sherpa-onnx, an extra of this package: one utterance to text in the one language that a model reads."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from audio.pcm import SAMPLE_RATE
from engine.recognition.language import ENGLISH
from engine.recognition.types import Capabilities, Transcript

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_UNTOLD: Final = math.log(0.5)
"""Mean log-probability of a text of which the model tells none, as those of CTC do: nobody knows, so it is neither sure nor left out."""
_MARKS: Final = frozenset("/:#@")
"""What sherpa-onnx takes for no part of a hotword, but for what stands between two or tells more of one."""


class Result(Protocol):
    """What sherpa-onnx tells of a stream. `ys_probs`: the log-probability of each token, or nothing."""

    text: str
    ys_probs: list[float]


class Stream(Protocol):
    """What is used of its `OnlineStream`."""

    def accept_waveform(self, sample_rate: int, waveform: NDArray[np.float32]) -> None:
        """More sound."""

    def input_finished(self) -> None:
        """That was all."""


class Model(Protocol):
    """What is used of its `OnlineRecognizer`."""

    def create_stream(self, hotwords: str | None) -> Stream:
        """A new stream; `hotwords` are parted by "/"."""

    def is_ready(self, s: Stream) -> bool:
        """Whether a whole chunk of sound waits."""

    def decode_stream(self, s: Stream) -> None:
        """Read that chunk."""

    def get_result_all(self, s: Stream) -> Result:
        """What has been read so far."""


class Spelling:
    """How the texts of a model are written, and which words can be asked of it.

    A model that knows one case alone writes no sentence as people do: its texts get small letters, a capital at their start and in the
    English "I", and the words of the vocabulary as that spells them. A text of any other model stays as it is.

    Args:
        tokens: all that the model can write.
        language: ISO 639 code of what it reads.
    """

    def __init__(self, tokens: Iterable[str], language: str) -> None:
        letters = "".join(token for token in tokens if not re.fullmatch(r"<.*>", token))
        self._known = frozenset(letters) - _MARKS
        self._capitals, self._small = letters.isupper(), letters.islower()
        self._english = language == ENGLISH

    def text(self, said: str, vocabulary: Sequence[str]) -> str:
        """A text as it is written."""
        text = said.strip()
        if not (self._capitals or self._small):
            return text
        text = text.lower()
        if self._english:
            text = re.sub(r"\bi\b", "I", text)
        for phrase in vocabulary:
            text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", phrase.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return text[:1].upper() + text[1:]

    def hotwords(self, vocabulary: Sequence[str]) -> str | None:
        """Those of the vocabulary that the model can write, as it would write them; None if there are none."""
        cased = (phrase.upper() if self._capitals else phrase.lower() if self._small else phrase for phrase in vocabulary)
        able = [phrase for phrase in cased if phrase.strip() and self._known.issuperset("".join(phrase.split()))]
        return "/".join(able) or None


class Sherpa:
    """A `Recogniser`. Threads may share it: each utterance has a stream of its own.

    Args:
        name: what people call the model.
        model: sherpa-onnx's.
        language: ISO 639 code of what it reads.
        spelling: of its texts.
        tail: seconds of silence behind an utterance, so that its last chunk is whole.
        biased: it takes hotwords.
    """

    def __init__(self, name: str, model: Model, language: str, spelling: Spelling, *, tail: float, biased: bool) -> None:
        self._name = name
        self._model = model
        self._language = language
        self._spelling = spelling
        self._tail = np.zeros(round(tail * SAMPLE_RATE), np.float32)
        self._biased = biased
        self._capabilities = Capabilities(languages=frozenset({language}), detects=False)

    @property
    def name(self) -> str:
        """What people call the model."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """The one language."""
        return self._capabilities

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        vocabulary: Sequence[str] = (),
        language: str = ENGLISH,  # noqa: ARG002 - there is one alone
        hurried: bool = False,  # noqa: ARG002 - there is one way to read
    ) -> Transcript:
        """The text of one utterance; see `Recogniser`. At most one token a frame: such a model does not talk on, so they are not counted."""
        stream = self._model.create_stream(self._spelling.hotwords(vocabulary) if self._biased else None)
        stream.accept_waveform(SAMPLE_RATE, samples)
        stream.accept_waveform(SAMPLE_RATE, self._tail)
        stream.input_finished()
        while self._model.is_ready(stream):
            self._model.decode_stream(stream)
        result = self._model.get_result_all(stream)
        text = self._spelling.text(result.text, vocabulary)
        told = result.ys_probs
        logprob = sum(told) / len(told) if told else _UNTOLD
        return Transcript(text, logprob if text else -math.inf, tokens=0, language=self._language)
