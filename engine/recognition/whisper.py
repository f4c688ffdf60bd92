"""Whisper by faster-whisper, an extra of this package: one utterance to text in any of its languages."""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from engine.errors import ModelMissing
from engine.recognition import models
from engine.recognition.language import DETECT
from engine.recognition.moonshine import fold_repetition
from engine.recognition.types import Capabilities, Transcript

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from engine.settings import EngineSettings

MISSING: Final = (
    "ENGINE_MODEL=whisper:... needs faster-whisper, which is not installed: run `make whisper`, or install minutes-bot[whisper]."
)

STAND_IN: Final = "tiny.en"
"""Hears in Moonshine's place where no index has Moonshine."""

_BEAM: Final = 5
"""Readings that are followed at once; Whisper's own number."""
_LOOPING: Final = 2.4
"""A text that shrinks this many times when it is compressed says one thing over and over; Whisper's own bound."""
_NO_SPEECH: Final = 0.6
"""Whisper's own bound for the probability that nobody speaks."""
_DOUBTFUL: Final = -0.7
"""Mean log-probability below which that probability is believed."""
_FAILED: Final = -1.0
"""Mean log-probability below which Whisper itself counts a text as wrong."""


class Segment(Protocol):
    """What faster-whisper tells of a part of the sound."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    tokens: list[int]


class Info(Protocol):
    """What it tells of the whole."""

    language: str
    language_probability: float


class Model(Protocol):
    """What is used of its `WhisperModel`."""

    @property
    def supported_languages(self) -> list[str]:
        """Codes of what it reads."""

    def transcribe(
        self,
        audio: NDArray[np.float32],
        *,
        language: str | None,
        beam_size: int,
        temperature: float,
        condition_on_previous_text: bool,
        without_timestamps: bool,
        hotwords: str | None,
    ) -> tuple[Iterable[Segment], Info]:
        """The segments are read while they are fetched."""


class Whisper:
    """A `Recogniser`. Threads may share it.

    Args:
        name: what people call the model.
        model: faster-whisper's.
    """

    def __init__(self, name: str, model: Model) -> None:
        self._name = name
        self._model = model
        languages = frozenset(model.supported_languages)
        self._capabilities = Capabilities(languages=languages, detects=len(languages) > 1)

    @property
    def name(self) -> str:
        """What people call the model."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """The languages that it was trained on."""
        return self._capabilities

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        vocabulary: Sequence[str] = (),
        language: str = "en",
        hurried: bool = False,
    ) -> Transcript:
        """The text of one utterance; see `Recogniser`."""
        segments, info = self._model.transcribe(
            samples,
            language=None if language == DETECT else language,
            beam_size=1 if hurried else _BEAM,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            hotwords=", ".join(vocabulary) or None,
        )
        said = [segment for segment in segments if _spoken(segment)]
        text = fold_repetition(" ".join(segment.text.strip() for segment in said))
        weight = sum(len(segment.tokens) for segment in said)
        logprob = sum(segment.avg_logprob * len(segment.tokens) for segment in said) / weight if weight else -math.inf
        return Transcript(text, logprob, tokens=0, language=info.language, certainty=info.language_probability)


def _spoken(segment: Segment) -> bool:
    """Whether it is not what Whisper makes of noise."""
    if segment.compression_ratio > _LOOPING or segment.avg_logprob < _FAILED:
        return False
    return segment.no_speech_prob <= _NO_SPEECH or segment.avg_logprob >= _DOUBTFUL


def installed() -> bool:
    """Whether faster-whisper is here."""
    return importlib.util.find_spec("faster_whisper") is not None


def standing_in(settings: EngineSettings) -> Path | None:
    """The folder of the model that can stand in for Moonshine, if it is prepared and faster-whisper is here."""
    folder = find(settings, STAND_IN)
    return folder if installed() and models.read_manifest(folder) is not None else None


def is_folder(model: str) -> bool:
    """Whether a model is named by a folder, not by its size ("small") or its name at Hugging Face ("owner/name")."""
    return Path(model).is_absolute() or model.startswith((".", "~")) or Path(model).is_dir()


def find(settings: EngineSettings, model: str) -> Path:
    """The folder of a model, the user's own or a prepared one, whether it is there or not."""
    if is_folder(model):
        return Path(model).expanduser()
    return models.models_root(settings) / f"whisper-{model.replace('/', '--')}"


def load(settings: EngineSettings, model: str) -> Whisper:
    """The recogniser, its model in memory.

    Raises:
        ModelMissing: it is not prepared, or `load_folder` cannot load it.
    """
    folder = find(settings, model)
    if not (folder / "model.bin").exists():
        what = "put one there, or name another" if is_folder(model) else "run `minutes models prepare`"
        raise ModelMissing(f"There is no model of Whisper in {folder}, which ENGINE_MODEL names: {what}.")
    return load_folder(folder, model)


def load_folder(folder: Path, model: str) -> Whisper:
    """The recogniser in one folder, as CTranslate2 has Whisper's models; one call takes one core, as many run at once as there are.

    Raises:
        ModelMissing: faster-whisper is not installed, or the folder holds no model that can be loaded.
    """
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ModelMissing(MISSING) from error
    try:
        loaded = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=os.cpu_count() or 1, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelMissing(
            f"{folder} holds no model of Whisper that can be loaded ({error}): run `minutes models prepare`, or name another in ENGINE_MODEL."
        ) from error
    return Whisper(f"Whisper {folder.name if is_folder(model) else model}", loaded)


def prepared(settings: EngineSettings) -> list[models.PreparedModel]:
    """The models that `whisper_setup` has put in place."""
    found = []
    for folder in sorted(models.models_root(settings).glob("whisper-*")):
        manifest = models.read_manifest(folder)
        if manifest is not None:
            size = sum(file.stat().st_size for file in folder.iterdir())
            found.append(models.PreparedModel(folder, manifest.name, manifest.precision, size))
    return found
