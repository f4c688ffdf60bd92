"""Which language is spoken: codes as the wire has them, what a model understands, and how a stream's own language settles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from engine.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from engine.recognition.types import Capabilities, Recogniser, Transcript

DETECT: Final = "auto"
"""Stands in place of a code where the language is to be detected."""
ENGLISH: Final = "en"

_CODE: Final = re.compile(r"[A-Za-z]{2,4}(?:[-_][A-Za-z0-9]{1,8})*")
_RATE: Final = 16_000
_EVIDENCE: Final = 3.0
"""Seconds of sound, weighed by how certain the detection was, from which a stream's language is known."""
_LIKELY: Final = 0.5
"""A detection that is less certain than this is no evidence: on a breath or an "mm" it is chance."""


def primary(code: str) -> str:
    """The language of a code, without its region: "pt" of "pt-BR"."""
    return code.replace("_", "-").partition("-")[0].lower()


def check_language(code: str, name: str, able: Capabilities) -> None:
    """Raises `BadRequest` if a model, which people call `name`, does not understand the language."""
    asked = primary(code)
    if _CODE.fullmatch(code) and (asked in able.languages or (asked == DETECT and able.detects)):
        return
    if able.languages == {ENGLISH}:
        raise BadRequest(
            "languageCode must be English (en-US, en-GB, ...): no other language is recognised here, unless ENGINE_MODEL names a model for it."
        )
    known = ", ".join(sorted(able.languages)) + (f", or {DETECT} to detect it" if able.detects else "")
    raise BadRequest(f"languageCode {code} is not understood by {name}: it knows {known}.")


class Settling:
    """The recogniser of one stream whose language is not known: it is detected anew until the evidence is enough, then it stays.

    A person who changes language is heard in the first one until the stream is opened anew.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._evidence: dict[str, float] = {}
        self._settled = DETECT

    @property
    def name(self) -> str:
        """What people call the model."""
        return self._recogniser.name

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model."""
        return self._recogniser.capabilities

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = DETECT, hurried: bool = False
    ) -> Transcript:
        """The text of one utterance; see `Recogniser`."""
        asked = self._settled if language == DETECT else language
        transcript = self._recogniser.transcribe(samples, vocabulary=vocabulary, language=asked, hurried=hurried)
        if asked == DETECT and transcript.text and transcript.certainty >= _LIKELY:
            found = self._evidence.get(transcript.language, 0.0) + transcript.certainty * len(samples) / _RATE
            self._evidence[transcript.language] = found
            if found >= _EVIDENCE:
                self._settled = transcript.language
        return transcript
