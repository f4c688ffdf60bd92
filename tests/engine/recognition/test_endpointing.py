from __future__ import annotations

import numpy as np
import pytest

from engine.recognition.endpointing import FINISHED, UNFINISHED, patience
from engine.recognition.reading import Reading
from engine.recognition.segmenter import Piece


def wait(text: str, *, confidence: float = 0.95, seconds: float = 3.0) -> float | None:
    piece = Piece(0, 0.0, seconds, np.zeros(0, np.float32), ((0.0, seconds),))
    return patience(piece, Reading(text, confidence, (), text))


@pytest.mark.parametrize("text", ["We are done.", "Who wants to take notes today?", "Thanks!"])
def test_a_finished_sentence_is_not_waited_for(text: str) -> None:
    assert wait(text) == FINISHED


@pytest.mark.parametrize("text", ["We have.", "First of all,", "I went there and", "So, um...", "We want to", "on the -"])
def test_the_middle_of_a_sentence_is_waited_for_longer(text: str) -> None:
    assert wait(text) == UNFINISHED


@pytest.mark.parametrize("text", ["Good point", ""])
def test_what_tells_nothing_is_waited_for_as_usual(text: str) -> None:
    assert wait(text) is None


def test_a_full_stop_that_the_model_is_unsure_of_or_that_comes_too_soon_tells_nothing() -> None:
    assert wait("We are done.", confidence=0.5) is None
    assert wait("We.", seconds=0.4) in {None, UNFINISHED}
    assert wait("Right.", seconds=0.4) is None


def test_long_speech_is_not_waited_for_any_longer() -> None:
    assert wait("and we want to", seconds=15.0) is None
