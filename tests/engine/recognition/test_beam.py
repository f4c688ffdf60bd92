"""Beam search over small models of which every probability is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
import pytest

from engine.recognition.beam import MARGIN, WIDTH, loop_length, search
from engine.recognition.biasing import Bias
from engine.recognition.tokens import END, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.graphs import Tensors

SIZE = 12
A, B, C, D = 3, 4, 5, 6
NO_NAMES = Bias((), Tokens([b"<unk>", b"<s>", b"</s>"]))


class Language:
    """A model that knows how likely each token is after a text; what it does not know of ends."""

    def __init__(self, following: dict[tuple[int, ...], dict[int, float]]) -> None:
        self.following = following
        self.widest = 0

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(np.zeros((1, 0), np.int64))}

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        self.widest = max(self.widest, len(tokens))
        said = np.concatenate([state["said"].numpy(), np.array(tokens, np.int64)[:, None]], axis=1)
        state["said"] = ort.OrtValue.ortvalue_from_numpy(said)
        logits = np.full((len(tokens), SIZE), -30.0, np.float32)
        for row, text in enumerate(said[:, 1:].tolist()):
            for token, chance in self.following.get(tuple(text), {END: 1.0}).items():
                logits[row, token] = np.log(chance)
        return logits

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(state["said"].numpy()[list(rows)])}

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(state["said"].numpy()[:, :steps].copy())}


def found(following: dict[tuple[int, ...], dict[int, float]], most: int = 40) -> tuple[int, ...]:
    language = Language(following)
    return search(language, language.begin(np.zeros(1, np.float32)), NO_NAMES, most).way.tokens


def test_a_later_word_may_speak_against_an_earlier_one() -> None:
    assert found({(): {A: 0.6, B: 0.4}, (A,): {C: 0.3, D: 0.3, END: 0.4}, (B,): {C: 1.0}}) == (B, C, END)


def test_a_longer_text_is_not_less_likely_for_its_length() -> None:
    assert found({(): {A: 1.0}, (A,): {END: 0.45, B: 0.55}, (A, B): {C: 0.9, END: 0.1}, (A, B, C): {D: 0.9, END: 0.1}})[-2:] == (
        D,
        END,
    )


def test_the_state_is_that_of_the_text_that_was_found() -> None:
    language = Language({(): {A: 0.6, B: 0.4}, (A,): {C: 0.3, D: 0.3, END: 0.4}, (B,): {C: 1.0}})
    result = search(language, language.begin(np.zeros(1, np.float32)), NO_NAMES, 40)
    assert result.state["said"].numpy()[:, 1:].tolist() == [list(result.way.tokens[:-1])]
    assert result.way.score == pytest.approx(np.log(0.4))


def test_what_is_far_less_likely_is_not_followed() -> None:
    sure = Language({(): {A: 1.0, B: np.exp(-MARGIN - 1)}, (A,): {C: 1.0, D: np.exp(-MARGIN - 1)}})
    search(sure, sure.begin(np.zeros(1, np.float32)), NO_NAMES, 40)
    assert sure.widest == 1
    unsure = Language({(): dict.fromkeys(range(A, SIZE), 1 / 9), **{(token,): {A: 0.5, B: 0.5} for token in range(A, SIZE)}})
    search(unsure, unsure.begin(np.zeros(1, np.float32)), NO_NAMES, 40)
    assert unsure.widest == WIDTH


def test_a_way_that_runs_in_a_circle_gives_way_to_one_that_ends() -> None:
    circle = {(A,) * count: {A: 0.9, B: 0.1} for count in range(1, 40)}
    tokens = found({(): {A: 1.0}, **circle})
    assert tokens[-2:] == (B, END)
    assert len(tokens) < 12


def test_a_circle_without_a_way_out_is_said_once() -> None:
    assert found({(A,) * count: {A: 1.0} for count in range(40)}) == (A,)


def test_no_text_is_longer_than_the_most() -> None:
    endless = {
        tuple(A + place % 7 * place % 5 for place in range(count)): {A + count % 7 * count % 5: 1.0} for count in range(40)
    }
    assert len(found(endless, 9)) == 9


@pytest.mark.parametrize(
    ("tokens", "loop"),
    [
        ([], 0),
        ([5, 5, 5, 5, 5, 5, 5], 0),
        ([5] * 8, 7),
        ([1, 2, 3, 4, 3, 4, 3, 4], 0),
        ([1, 2, 3, 4, 3, 4, 3, 4, 3, 4], 6),
        ([9, *([1, 2, 3, 4, 5] * 4)], 15),
    ],
)
def test_loops(tokens: list[int], loop: int) -> None:
    assert loop_length(tokens) == loop
