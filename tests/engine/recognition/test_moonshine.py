from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.recognition.moonshine import Moonshine, fold_repetition, guess_start
from engine.recognition.tokens import END, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from engine.recognition.graphs import Tensors

WORDS = [b"<unk>", b"<s>", b"</s>", b"\xe2\x96\x81you", b"\xe2\x96\x81no", b"\xe2\x96\x81caf\xc3", b"\xa9", b"!"]
TOKENS = Tokens(WORDS)
YOU, NO, CAF, E_ACUTE, MARK = 3, 4, 5, 6, 7
SECOND = np.zeros(16_000, np.float32)


class ScriptedGraphs:
    """Gives the logits that a function makes of the number of the step, the same for all texts."""

    def __init__(self, script: Callable[[int], dict[int, float]]) -> None:
        self.script = script
        self.steps = 0

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        self.steps = 0
        return {}

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        logits = np.full((len(tokens), len(WORDS)), -20.0, np.float32)
        for number, value in self.script(self.steps).items():
            logits[:, number] = value
        self.steps += 1
        return logits

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        return dict(state)

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        return dict(state)


def says(*tokens: int) -> Moonshine:
    return Moonshine("Scripted", ScriptedGraphs(lambda step: {(*tokens, END)[min(step, len(tokens))]: 10.0}), TOKENS)


def test_tokens_become_text_even_where_a_letter_spans_two() -> None:
    assert says(NO, CAF, E_ACUTE, MARK).transcribe(SECOND).text == "no café!"


def test_certainty_is_the_mean_log_probability() -> None:
    sure = says(NO, MARK).transcribe(SECOND)
    unsure = Moonshine(
        "Scripted", ScriptedGraphs(lambda step: {NO: 1.0, YOU: 1.0} if step == 0 else {END: 10.0}), TOKENS
    ).transcribe(SECOND)
    assert sure.logprob == pytest.approx(0.0, abs=1e-6)
    assert unsure.logprob == pytest.approx(np.log(0.5) / 2, abs=1e-3)
    assert sure.tokens == 2


def test_a_model_that_wants_to_end_at_once_is_made_to_go_on() -> None:
    tokens = (NO, CAF, E_ACUTE)
    graphs = ScriptedGraphs(lambda step: {END: 12.0, NO: 10.0} if step == 0 else {(*tokens, END)[min(step, 3)]: 10.0})
    assert Moonshine("Scripted", graphs, TOKENS).transcribe(SECOND).text == "no café"


def test_a_word_that_is_only_there_because_the_end_was_forbidden_is_nothing() -> None:
    graphs = ScriptedGraphs(lambda step: {END: 12.0, YOU: 10.0} if step == 0 else {END: 10.0})
    assert Moonshine("Scripted", graphs, TOKENS).transcribe(SECOND).text == ""
    assert says(YOU).transcribe(SECOND).text == "you"


def test_a_model_that_never_ends_is_stopped_by_the_length_of_the_sound() -> None:
    graphs = ScriptedGraphs(lambda step: {(NO, YOU, MARK, CAF)[(step * step // 3) % 4]: 10.0})
    Moonshine("Scripted", graphs, TOKENS).transcribe(np.zeros(160_000, np.float32))
    assert graphs.steps < 75


def test_a_loop_is_stopped_and_said_once() -> None:
    graphs = ScriptedGraphs(lambda step: {(MARK, YOU, NO)[step % 3]: 10.0})
    transcript = Moonshine("Scripted", graphs, TOKENS).transcribe(np.zeros(400_000, np.float32))
    assert graphs.steps == 12
    assert transcript.tokens == 3


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Seven of clubs. Seven of clubs.", "Seven of clubs."),
        ("no no", "no no"),
        ("Okay. Okay. Okay.", "Okay."),
        ("that that is", "that that is"),
        ("one two one two three", "one two one two three"),
        ("", ""),
    ],
)
def test_a_whole_text_said_twice_is_folded(text: str, folded: str) -> None:
    assert fold_repetition(text) == folded


def test_a_guessed_continuation_is_found_where_it_begins() -> None:
    sure, guess = [-0.05] * 20, [-1.3, -1.8, -2.7, -0.6, -0.7, -1.9, -0.8]
    assert guess_start(sure + guess) == 20
    assert guess_start(sure) == 20
    assert guess_start(sure + guess[:3]) == 23
    assert guess_start([-1.5] * 12) == 12
    assert guess_start([-0.6, -0.8, -0.5, -0.9] * 4) == 16
