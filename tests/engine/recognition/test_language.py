"""Languages: what is understood, and which one a stream settles on."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import BadRequest
from engine.recognition.language import DETECT, Settling, check_language, primary
from engine.recognition.types import Capabilities, Transcript

ENGLISH = Capabilities(frozenset({"en"}), detects=False)
SOME = Capabilities(frozenset({"en", "de", "fr"}), detects=True)
SECOND = np.zeros(16_000, np.float32)


class Polyglot:
    """Detects what a test says, and remembers what it was asked for."""

    name = "Polyglot"
    capabilities = SOME

    def __init__(self, *detections: tuple[str, float]) -> None:
        self.asked: list[str] = []
        self._detections = list(detections)

    def transcribe(self, samples: object, *, vocabulary: object = (), language: str = "en", hurried: bool = False) -> Transcript:
        self.asked.append(language)
        found, certainty = self._detections.pop(0) if language == DETECT else (language, 1.0)
        return Transcript("Ja.", -0.1, 2, found, certainty)


@pytest.mark.parametrize("code", ["en", "EN-us", "en_GB"])
def test_a_code_is_known_by_its_language(code: str) -> None:
    assert primary(code) == "en"
    check_language(code, "Anything", ENGLISH)


@pytest.mark.parametrize("code", ["de", "auto", "english", "", "en-<b>", "e"])
def test_a_model_of_english_alone_refuses_all_else(code: str) -> None:
    with pytest.raises(BadRequest, match="must be English"):
        check_language(code, "Anything", ENGLISH)


def test_a_model_of_several_names_them() -> None:
    for code in ("de-AT", "fr", "en-US", "auto"):
        check_language(code, "Whisper", SOME)
    with pytest.raises(BadRequest, match="fi-FI is not understood by Whisper: it knows de, en, fr, or auto to detect it"):
        check_language("fi-FI", "Whisper", SOME)


def test_a_stream_settles_once_the_evidence_is_enough() -> None:
    model = Polyglot(("en", 0.3), ("de", 0.9), ("fr", 0.6), ("de", 0.9), ("de", 0.9), ("de", 0.9))
    stream = Settling(model)
    for _ in range(8):
        stream.transcribe(SECOND, language=DETECT)
    assert model.asked == [DETECT] * 6 + ["de"] * 2


def test_what_is_uncertain_is_no_evidence() -> None:
    model = Polyglot(*[("nn", 0.4)] * 20)
    stream = Settling(model)
    for _ in range(20):
        stream.transcribe(SECOND, language=DETECT)
    assert model.asked == [DETECT] * 20
