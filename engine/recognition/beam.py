"""Beam search: several ways to go on are followed at once, and the likeliest whole text is taken.

Greedy decoding cannot take back a word that a later one speaks against. All ways share each run of the decoder, and only those that are
nearly as likely as the best are followed, so that clear speech costs little more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recognition.tokens import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.biasing import Bias, Branching
    from engine.recognition.graphs import Graphs, Tensors

WIDTH: Final = 4
"""Ways that are followed at once."""
MARGIN: Final = 4.0
"""Log-probability by which a way that is followed may be less likely than the best."""

_LONGEST_LOOP: Final = 12
"""Tokens of a phrase that is watched for being said over and over."""


@dataclass(frozen=True, slots=True)
class Way:
    """A text so far: its tokens, the log-probability of each and of all together, and where phrases may begin in it."""

    tokens: tuple[int, ...] = ()
    certainty: tuple[float, ...] = ()
    branchings: tuple[Branching, ...] = ()
    score: float = 0.0

    @property
    def mean(self) -> float:
        """Log-probability of a token; texts of different lengths are compared by it."""
        return self.score / len(self.tokens)


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest text, the decoder's state after it, and whether the model would rather have said nothing."""

    way: Way
    state: Tensors
    wanted_to_end: bool


def search(graphs: Graphs, state: Tensors, bias: Bias, most: int, width: int = WIDTH) -> Found:
    """The text of an utterance: one token at least, `most` at most.

    Args:
        graphs: the decoder.
        state: before the first token.
        bias: looks at each step for phrases that may begin there.
        most: tokens.
        width: ways that are followed at once; one is greedy decoding.
    """
    ways = [Way()]
    ended: Found | None = None
    wanted_to_end = False
    for count in range(most):
        logits = graphs.step(state, [way.tokens[-1] if way.tokens else BEGIN for way in ways])
        if not count:
            wanted_to_end = int(logits[0].argmax()) == END
            logits[0, END] = -np.inf
        going: list[tuple[int, Way]] = []
        looping: list[tuple[int, Way]] = []
        onward = _onward(ways, logits, bias, width)
        for row, way in onward:
            if len(going) == width or way.score < onward[0][1].score - MARGIN:
                break
            if way.tokens[-1] == END:
                if ended is None or way.mean > ended.way.mean:
                    ended = Found(way, graphs.choose(state, [row]), wanted_to_end)
            elif loop := loop_length(way.tokens):
                looping.append((row, Way(way.tokens[:-loop], way.certainty[:-loop], way.branchings, way.score)))
            else:
                going.append((row, way))
        if ended is not None and (not going or ended.way.mean >= going[0][1].mean):
            return ended
        going = going or looping[:1]
        ways = [way for _, way in going]
        state = graphs.choose(state, [row for row, _ in going])
        if looping and going == looping[:1]:
            break
    return ended or Found(ways[0], graphs.choose(state, [0]), wanted_to_end)


def loop_length(tokens: Sequence[int]) -> int:
    """How many tokens at the end only say again what stands before them: 0, until a phrase stands there often enough to be a loop.

    A single token counts from its eighth time on ("no, no, no" is speech), a phrase from its fourth.
    """
    for size in range(1, _LONGEST_LOOP + 1):
        times = 8 if size == 1 else 4
        if len(tokens) >= size * times and all(tokens[-i] == tokens[-i - size] for i in range(1, size * (times - 1) + 1)):
            return size * (times - 1)
    return 0


def _onward(ways: Sequence[Way], logits: NDArray[np.float32], bias: Bias, width: int) -> list[tuple[int, Way]]:
    """Each way with each of its likeliest next tokens, and the row that it comes from; the likeliest first."""
    peaks = logits.max(axis=1, keepdims=True)
    totals = peaks + np.log(np.exp(logits - peaks).sum(axis=1, keepdims=True))
    likely = np.argpartition(logits, -width - 1, axis=1)[:, -width - 1 :]
    gains = np.take_along_axis(logits, likely, axis=1) - totals
    onward: list[tuple[int, Way]] = []
    for row, way in enumerate(ways):
        branching = bias.branching(len(way.tokens), logits[row])
        branchings = (*way.branchings, branching) if branching else way.branchings
        for token, gain in zip(likely[row].tolist(), gains[row].tolist(), strict=True):
            onward.append((row, Way((*way.tokens, token), (*way.certainty, gain), branchings, way.score + gain)))
    return sorted(onward, key=lambda item: -item[1].score)
