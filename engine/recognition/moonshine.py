"""Moonshine (English, MIT): one utterance to text by beam search and a person's vocabulary, with what the model itself leaves out.

The end is masked at the first step: the model sometimes ends at once on clear speech. Where it wanted to end and has a word or none to say
afterwards, there was no speech. Loops are stopped, a text that comes out twice is folded, a continuation that the model only guesses at
after the sound has ended is cut off. Each text has the mean log-probability of its tokens.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recognition.beam import WIDTH, search
from engine.recognition.biasing import Bias, Path
from engine.recognition.tokens import END
from engine.recognition.types import Capabilities, Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.graphs import Graphs
    from engine.recognition.tokens import Tokens

_RATE: Final = 16_000
_TOKENS_PER_SECOND: Final = 6.5
"""Moonshine's own bound; fast speech has 5."""
_FEWEST_TOKENS: Final = 8
_TAIL: Final = np.zeros(round(0.3 * _RATE), np.float32)
"""Silence after the utterance: without it the last word is lost now and then."""
_SCARCELY: Final = 2
"""Tokens of a text that is nothing if the model wanted to end before it: noise gives "You"."""
_GUESSED: Final = -1.0
"""Mean log-probability of a continuation that is made up; that of recorded speech, at its worst places, is -0.8."""
_DOUBT: Final = -0.5
"""Log-probability below which a token speaks for a guess."""
_SURE: Final = -0.4
"""Mean log-probability that the text before it must have."""
_FEWEST_GUESSED: Final = 6
_VOCABULARIES: Final = 64
"""Vocabularies that are kept ready: one a meeting."""
_CAPABILITIES: Final = Capabilities(languages=frozenset({"en"}), detects=False)


class Moonshine:
    """A `Recogniser`. Threads may share it.

    Args:
        name: what people call the model.
        graphs: its encoder and decoder.
        tokens: its vocabulary.
    """

    def __init__(self, name: str, graphs: Graphs, tokens: Tokens) -> None:
        self._name = name
        self._graphs = graphs
        self._tokens = tokens
        self._bias = functools.lru_cache(maxsize=_VOCABULARIES)(lambda phrases: Bias(phrases, tokens))

    @property
    def name(self) -> str:
        """What people call the model."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """English."""
        return _CAPABILITIES

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        vocabulary: Sequence[str] = (),
        language: str = "en",  # noqa: ARG002 - it knows no other
        hurried: bool = False,
    ) -> Transcript:
        """The text of one utterance; see `Recogniser`."""
        padded = np.concatenate([samples, _TAIL])
        most = max(_FEWEST_TOKENS, math.ceil(len(padded) / _RATE * _TOKENS_PER_SECOND))
        bias = self._bias(tuple(vocabulary))
        found = search(self._graphs, self._graphs.begin(padded), bias, most, 1 if hurried else WIDTH)
        path = Path(list(found.way.tokens), list(found.way.certainty))
        if found.wanted_to_end and sum(token != END for token in path.tokens) <= _SCARCELY:
            return Transcript(text="", logprob=_mean(path.certainty), tokens=0)
        keep = guess_start(path.certainty)
        del path.tokens[keep:], path.certainty[keep:]
        branchings = [branching for branching in found.way.branchings if branching.at < keep]
        bias.reconsider(path, branchings, self._graphs, found.state)
        text = fold_repetition(self._tokens.text(path.tokens))
        return Transcript(text=text, logprob=_mean(path.certainty), tokens=sum(token != END for token in path.tokens))


def guess_start(certainty: Sequence[float]) -> int:
    """Where a continuation begins that the model only guesses at; the length if there is none.

    `certainty`: the log-probability of each token, one at least. The end that has the most doubt in it, measured against `_DOUBT`, is a
    guess if it is six tokens or more, improbable on the whole, after a beginning that is fairly certain.
    """
    values = np.asarray(certainty)
    doubt = np.cumsum((_DOUBT - values)[::-1])[::-1]
    start = int(np.argmax(doubt))
    guessed, before = values[start:], values[:start]
    if start and len(guessed) >= _FEWEST_GUESSED and guessed.mean() < _GUESSED and before.mean() > _SURE:
        return start
    return len(values)


def fold_repetition(text: str) -> str:
    """A text that is one phrase said twice or more, said once: very short clips come out so. A single word said twice is left alone."""
    words = text.split()
    bare = [word.strip(".,!?").lower() for word in words]
    for size in range(1, len(words) // 2 + 1):
        times = len(words) // size
        if len(words) % size == 0 and bare == bare[:size] * times and (size > 1 or times > 2):
            return " ".join(words[:size])
    return text


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
