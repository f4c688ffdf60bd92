from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.recognition.reading import NOTHING, credible, read
from engine.recognition.segmenter import Piece
from engine.recognition.types import Transcript
from tests.engine.recognition.fakes import ScriptedRecogniser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@pytest.mark.parametrize(
    ("text", "logprob", "tokens", "voiced", "expected"),
    [
        ("Right?", -0.07, 2, 0.22, True),
        ("Let us begin.", -0.1, 5, 1.0, True),
        ("hardly heard at all", -1.4, 6, 2.0, True),
        ("hardly heard at all", -1.8, 6, 2.0, False),
        ("a guess", -1.3, 3, 0.5, False),
        ("far too many words for so little voice", -0.1, 30, 1.0, False),
        ("...", -0.01, 2, 1.0, False),
        ("", 0.0, 0, 1.0, False),
    ],
)
def test_what_may_have_been_said(text: str, logprob: float, tokens: int, voiced: float, *, expected: bool) -> None:
    assert credible(Transcript(text, logprob, tokens), voiced) is expected


def test_a_reading_has_text_confidence_and_words() -> None:
    piece = Piece(0, 1.0, 3.0, np.full(32_000, 0.5, np.float32), ((1.0, 3.0),))
    reading = read(ScriptedRecogniser(), piece)
    assert reading.text == "level 50"
    assert reading.confidence == pytest.approx(np.exp(-0.1), abs=0.001)
    assert len(reading.words) == 2


def test_numbers_are_written_as_figures_and_stay_available_as_words() -> None:
    class Treasurer(ScriptedRecogniser):
        def transcribe(
            self, samples: object, *, vocabulary: object = (), language: str = "en", hurried: bool = False
        ) -> Transcript:
            return Transcript("Pay forty two thousand dollars now.", -0.1, 8)

    reading = read(Treasurer(), Piece(0, 1.0, 4.0, np.full(48_000, 0.5, np.float32), ((1.0, 4.0),)))
    assert reading.text == "Pay $42,000 now."
    assert reading.spoken == "Pay forty two thousand dollars now."
    assert [word.text for word in reading.words] == ["Pay", "$42,000", "now."]
    times = [time for word in reading.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert reading.words[1].end - reading.words[1].start > 1


def test_a_piece_with_next_to_no_voice_reads_as_nothing() -> None:
    class Babbler(ScriptedRecogniser):
        def transcribe(
            self, samples: object, *, vocabulary: object = (), language: str = "en", hurried: bool = False
        ) -> Transcript:
            return Transcript("one two three four five six seven eight nine", -0.1, 12)

    assert read(Babbler(), Piece(0, 0.0, 0.2, np.zeros(3_200, np.float32), ((0.0, 0.2),))) == NOTHING


class Listener(ScriptedRecogniser):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[NDArray[np.float32]] = []

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        self.given.append(samples)
        return Transcript("a word", -0.1, 2)


def test_sound_that_begins_with_voice_is_led_in_by_silence_and_its_times_stay() -> None:
    listener = Listener()
    sound = np.full(16_000, 0.5, np.float32)
    reading = read(listener, Piece(0, 2.0, 3.0, sound, ((2.1, 3.0),)))
    assert len(listener.given[0]) == 16_000 + 3_200
    assert not listener.given[0][:3_200].any()
    assert (listener.given[0][3_200:] == sound).all()
    assert reading.words[0].start == 2.1


def test_sound_with_a_pause_before_its_voice_is_read_as_it_is() -> None:
    listener = Listener()
    sound = np.full(16_000, 0.5, np.float32)
    read(listener, Piece(0, 2.0, 3.0, sound, ((2.5, 3.0),)))
    assert listener.given[0] is sound
