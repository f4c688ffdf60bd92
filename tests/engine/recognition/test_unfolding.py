from __future__ import annotations

import numpy as np

from engine.recognition.phrasing import joined
from engine.recognition.reading import Reading
from engine.recognition.segmenter import Piece
from engine.recognition.types import Word
from engine.recognition.unfolding import LONGEST, Unfolding


def piece(end: float, start: float = 0.0, number: int = 0) -> Piece:
    samples = np.arange(round((end - start) * 16_000), dtype=np.float32)
    return Piece(number, start, end, samples, ((start, end),))


def reading(text: str, first: float = 0.0, each: float = 0.5) -> Reading:
    words = tuple(Word(word, first + place * each, first + (place + 0.9) * each, 0.9) for place, word in enumerate(text.split()))
    return Reading(text, 0.9, words)


def test_the_last_word_waits_for_its_end_and_a_full_stop_for_the_final() -> None:
    unfolding = Unfolding()
    part = unfolding.unread(piece(1.5))
    assert part is not None
    assert unfolding.show(part, reading("We think tha.")) == "We think"
    assert unfolding.show(piece(4.0), reading("We think that it works.")) == "We think that it works"


def test_a_single_word_is_shown_at_once() -> None:
    assert Unfolding().show(piece(0.4), reading("We.")) == "We"


def test_what_came_before_a_pause_is_not_read_again_and_does_not_change() -> None:
    unfolding = Unfolding()
    assert unfolding.settle(piece(2.0), reading("Good morning, everyone.")) == "Good morning, everyone."
    assert unfolding.unread(piece(2.2)) is None
    part = unfolding.unread(piece(4.0))
    assert part is not None
    assert part.start == 2.0
    assert part.spans == ((2.0, 4.0),)
    assert part.samples[0] == 32_000
    assert unfolding.show(part, reading("Let us begin now.", 2.1)) == "Good morning, everyone. Let us begin"


def test_a_reading_from_before_the_pause_brings_only_what_is_new() -> None:
    unfolding = Unfolding()
    early = unfolding.unread(piece(2.4))
    assert early is not None
    unfolding.settle(piece(1.9), reading("Good morning, everyone."))
    assert unfolding.show(early, reading("Good warning every one so much", each=0.4)) == "Good morning, everyone."


def test_long_speech_is_cut_and_only_its_end_is_read_again() -> None:
    unfolding = Unfolding()
    words = [f"word{number}" for number in range(60)]
    shown = ""
    for tenths in range(10, 300, 4):
        end = tenths / 10
        part = unfolding.unread(piece(end))
        assert part is not None
        assert part.end - part.start < LONGEST + 1
        first = next(number for number in range(60) if number * 0.5 >= part.start - 0.26)
        said = " ".join(words[first : max(first + 1, int(end / 0.5))])
        shown = unfolding.show(part, reading(said, first * 0.5))
        assert shown.split() == words[: len(shown.split())]
    assert len(shown.split()) > 55


def test_another_utterance_begins_anew() -> None:
    unfolding = Unfolding()
    unfolding.settle(piece(2.0), reading("Good morning."))
    part = unfolding.unread(piece(6.0, 4.0, number=1))
    assert part is not None
    assert part.start == 4.0
    assert unfolding.show(part, reading("Thanks", 4.2)) == "Thanks"


def test_parts_of_one_sentence_are_joined_as_one() -> None:
    assert joined(["We", "have."], ["a", "plan."]) == ["We", "have", "a", "plan."]
    assert joined(["cut", "in"], ["The", "middle."]) == ["cut", "in", "the", "middle."]
    assert joined(["cut", "by"], ["Ana."]) == ["cut", "by", "Ana."]
    assert joined(["so"], ["I", "am"]) == ["so", "I", "am"]
    assert joined(["Done."], ["The", "end."]) == ["Done.", "The", "end."]
    assert joined([], ["The", "end."]) == ["The", "end."]
