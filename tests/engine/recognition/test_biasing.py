"""Vocabulary in the decoding, against a small model of which every probability is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
import pytest

from engine.recognition.biasing import MOST_PHRASES, Bias
from engine.recognition.moonshine import Moonshine
from engine.recognition.tokens import END, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.recognition.graphs import Tensors

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,"
TOKENS = Tokens(
    [b"<unk>", b"<s>", b"</s>", *(bytes([value]) for value in range(256))]
    + [f"\u2581{letter}".encode() for letter in LETTERS]
    + [letter.encode() for letter in LETTERS]
)
SIZE = 259 + 2 * len(LETTERS)
SECONDS = np.zeros(10 * 16_000, np.float32)


class Heard:
    """A model that hears one sound and may write it in several ways, each with its log-probability, told at the first letter that differs."""

    def __init__(self, ways: dict[str, float]) -> None:
        self.ways = {(*TOKENS.encode(text), END): worth for text, worth in ways.items()}
        self.steps = 0

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(np.zeros((1, 0), np.int64))}

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        self.steps += 1
        texts = np.concatenate([state["said"].numpy(), np.array(tokens, np.int64)[:, None]], axis=1)
        state["said"] = ort.OrtValue.ortvalue_from_numpy(texts)
        return np.stack([self._following(said) for said in texts.tolist()])

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(state["said"].numpy()[list(rows)])}

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        return {"said": ort.OrtValue.ortvalue_from_numpy(state["said"].numpy()[:, :steps].copy())}

    def _following(self, said: list[int]) -> NDArray[np.float32]:
        logits = np.full(SIZE, -40.0, np.float32)
        for way, worth in self.ways.items():
            if list(way[: len(said) - 1]) == said[1:] and len(way) >= len(said):
                following = way[len(said) - 1]
                logits[following] = max(logits[following], worth)
        return logits


def read(ways: dict[str, float], *vocabulary: str) -> str:
    return Moonshine("Small", Heard(ways), TOKENS).transcribe(SECONDS, vocabulary=vocabulary).text


def test_a_name_that_is_nearly_as_likely_is_taken_and_the_rest_stays() -> None:
    ways = {"ask Marika to come": 0.0, "ask Maarika to come": -6.0}
    assert read(ways) == "ask Marika to come"
    assert read(ways, "Maarika") == "ask Maarika to come"
    assert read(ways, "Kubernetes", "Maarika", "Warrenton") == "ask Maarika to come"


def test_a_name_that_is_far_too_unlikely_is_not_taken() -> None:
    assert read({"ask Marika to come": 0.0, "ask Maarika to come": -25.0}, "Maarika") == "ask Marika to come"


def test_a_name_that_sounds_like_nothing_that_was_said_is_not_taken() -> None:
    ways = {"we like them": 0.0, "we Maarika them": -7.0}
    assert read(ways, "Maarika") == "we like them"


def test_short_names_need_more_evidence_than_long_ones() -> None:
    assert read({"an hour": 0.0, "Ann hour": -6.5}, "Ann") == "an hour"
    assert read({"warrant is here": 0.0, "Warrenton is here": -6.5}, "Warrenton") == "Warrenton is here"


def test_a_verb_does_not_become_a_name_for_its_letters() -> None:
    assert read({"he will come": 0.0, "he Will come": -4.0}, "Will") == "he will come"
    assert read({"he will come": -0.5, "he Will come": -1.0}, "Will") == "he Will come"


def test_a_name_does_not_begin_a_longer_word() -> None:
    assert read({"an banana here": 0.0, "an bananas here": -1.0, "an banan": -30.0}, "banan") == "an banana here"


@pytest.mark.parametrize(
    ("ways", "phrase", "written"),
    [
        ({"on git hub now": 0.0, "on Github now": -4.0}, "GitHub", "on GitHub now"),
        ({"Web hooks fail": 0.0, "Webhooks fail": -4.0}, "webhook", "Webhooks fail"),
        ({"the wood-cutters left": 0.0, "the woodcutters left": -8.0}, "woodcutters", "the woodcutters left"),
        ({"a follow-up now": 0.0, "a Follow-Up now": -6.0}, "Follow-Up", "a follow-up now"),
        ({"the blue bird": 0.0, "the Project Falcon": -8.0}, "Project Falcon", "the blue bird"),
    ],
)
def test_spelling_is_the_persons_own(ways: dict[str, float], phrase: str, written: str) -> None:
    assert read(ways, phrase) == written


def test_two_names_in_one_sentence() -> None:
    ways = {
        "tell Marika and Bodhoni now": 0.0,
        "tell Maarika and Bodhoni now": -5.0,
        "tell Marika and Bodoni now": -3.0,
        "tell Maarika and Bodoni now": -8.0,
    }
    assert read(ways, "Maarika", "Bodoni") == "tell Maarika and Bodoni now"


def test_a_detour_that_never_comes_back_is_not_taken() -> None:
    ways = {"ask Marika to come": 0.0, "ask Maarika" + " so" * 30: -3.0}
    assert read(ways, "Maarika") == "ask Marika to come"


def test_work_is_bounded_however_many_phrases_there_are() -> None:
    ways = {"ask Marika to come": 0.0}
    graphs = Heard(ways)
    model = Moonshine("Small", graphs, TOKENS)
    model.transcribe(SECONDS)
    alone, graphs.steps = graphs.steps, 0
    phrases = [f"Mar{one}{two}ka" for one in "abcdefghijklmnopqrstuvwxyz" for two in "abcdefghijklmnopqrstuvwxyz"]
    assert model.transcribe(SECONDS, vocabulary=phrases * 3).text == "ask Marika to come"
    assert graphs.steps <= 2 * alone + 24


def test_phrases_that_cannot_be_used_are_left_out() -> None:
    bias = Bias(["", "  ", "a", "--", *[f"Name{number}" for number in range(2 * MOST_PHRASES)]], TOKENS)
    assert bias.branching(0, np.zeros(SIZE, np.float32)) is not None
    assert Bias(["", "ok"], TOKENS).branching(0, np.zeros(SIZE, np.float32)) is None
