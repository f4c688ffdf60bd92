"""When a second reading is a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import ModelMissing
from engine.recognition.language import ENGLISH
from engine.recognition.reading import Reading
from engine.recognition.second_look import Heard, SecondLook, better
from engine.recognition.types import Final, Transcript
from tests.engine.recognition.fakes import ScriptedRecogniser, sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST = "We met the new lawyer on Monday."


@pytest.mark.parametrize(
    ("text", "confidence", "expected"),
    [
        ("We met the new layer on Monday.", 0.9, True),
        ("We met the new layer on Monday.", 0.81, False),  # scarcely more certain
        ("we met the new lawyer, on monday", 0.99, False),  # the same words
        ("Thank you for watching this.", 0.99, False),  # another sentence
        ("", 0.99, False),
    ],
)
def test_a_correction_is_surer_and_still_the_same_sentence(text: str, confidence: float, *, expected: bool) -> None:
    assert better(Final(0, 2, FIRST, 0.8), Reading(text, confidence, ())) is expected


def test_two_doubtful_readings_correct_nothing() -> None:
    assert not better(Final(0, 2, FIRST, 0.4), Reading("We met the new layer on Monday.", 0.6, ()))


class Larger(ScriptedRecogniser):
    """Hears one sentence, whatever is said, and remembers how loud it was."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[float] = []

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: object = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        self.levels.append(float(samples.max()))
        return Transcript("We met the new layer on Monday.", -0.01, 8)


def heard(language: str = ENGLISH) -> Heard:
    return Heard(Final(10.0, 12.0, FIRST, 0.8, language=language), 9.7, sound((0.5, 2.6)))


async def test_the_larger_model_is_loaded_once_and_its_words_have_the_times_of_the_stream() -> None:
    loaded: list[Larger] = []

    def load() -> Larger:
        loaded.append(Larger())
        return loaded[-1]

    look = SecondLook(load)
    for _ in range(2):
        again = await look.correction(heard())
        assert again is not None
        assert again.text == "We met the new layer on Monday."
        assert again.words[0].start == pytest.approx(10.0)
        assert again.words[-1].end == pytest.approx(12.0)
    assert len(loaded) == 1
    assert loaded[0].levels == [pytest.approx(0.5, abs=0.01)] * 2
    await look.close()


async def test_a_language_that_the_larger_model_does_not_know_stays_as_it_was() -> None:
    look = SecondLook(Larger)
    assert await look.correction(heard("de")) is None
    await look.close()


async def test_a_model_that_is_missing_is_said() -> None:
    def load() -> Larger:
        raise ModelMissing("Whisper large is not prepared.")

    look = SecondLook(load)
    with pytest.raises(ModelMissing):
        await look.correction(heard())
    await look.close()
