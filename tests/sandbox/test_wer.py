from __future__ import annotations

import random

import jiwer
import pytest

from sandbox.wer import Errors, best_match, word_errors, words


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words("Let's go -- follow-up, 42,000 dollars!") == [
        "lets",
        "go",
        "follow",
        "up",
        "forty",
        "two",
        "thousand",
        "dollars",
    ]
    assert word_errors("I\u2019ll send it.", "ill send IT") == Errors(0, 3)


@pytest.mark.parametrize(
    ("said", "written", "wrong"),
    [("a b c", "a b c", 0), ("a b c", "a x c", 1), ("a b c", "a c", 1), ("a b c", "a b b c", 1), ("a b", "", 2), ("", "a", 1)],
)
def test_each_kind_of_error_counts_once(said: str, written: str, wrong: int) -> None:
    assert word_errors(said, written).wrong == wrong


def test_agrees_with_jiwer_on_random_texts() -> None:
    rng = random.Random(7)
    for _ in range(200):
        said, written = (" ".join(rng.choices("abcde", k=rng.randint(1, 12))) for _ in range(2))
        assert word_errors(said, written).rate == pytest.approx(jiwer.wer(said, written))


def test_no_words_said() -> None:
    assert word_errors("", "").rate == 0.0
    assert word_errors("", "invented").rate == 1.0


def test_best_match_finds_a_sentence_inside_a_long_text() -> None:
    text = "good morning everyone is the payment bug one of these three yes the payment bug is"
    assert best_match("Is the payment bug one of those three?", text) == Errors(1, 8)
    assert best_match("something else entirely", text).rate == 1.0
