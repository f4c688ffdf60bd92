"""Which recognisers the engine works with, by `ENGINE_MODEL`, and what is kept of all of them.

The setting names one model, or several with commas of which the first that understands a stream's language hears it:
`moonshine` (English, the default), `whisper:SIZE`, `whisper:FOLDER`, `sherpa:FOLDER` (English), `sherpa:de:FOLDER` (German),
`moonshine, whisper:small`.
"""

from __future__ import annotations

import functools
import logging
import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from engine.errors import SettingsError
from engine.recognition import models, sherpa_folder, whisper
from engine.recognition.language import DETECT, ENGLISH
from engine.recognition.prepare import prepare
from engine.recognition.second_look import SecondLook
from engine.recognition.types import Capabilities
from engine.recognition.whisper_setup import prepare_whisper

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from engine.recognition.models import PreparedModel
    from engine.recognition.types import Recogniser, Transcript
    from engine.settings import EngineSettings

log = logging.getLogger(__name__)


_SHERPA: Final = re.compile(r"(?:([a-z]{2,3}):)?(.+)")
"""The language that a folder's model reads, and the folder."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of the setting.

    Attributes:
        family: whose models it is of.
        model: of Whisper its size, its name at Hugging Face, or a folder; of sherpa-onnx a folder; nothing for Moonshine.
        language: ISO 639 code of what a model of sherpa-onnx reads; the others know that themselves.
    """

    family: Literal["moonshine", "whisper", "sherpa"]
    model: str = ""
    language: str = ENGLISH


def chosen(names: str) -> list[Choice]:
    """What `ENGINE_MODEL` or `ENGINE_SECOND_LOOK` names. Raises `SettingsError`."""
    return [_read(part.strip()) for part in names.split(",")]


def _read(part: str) -> Choice:
    family, _, model = part.partition(":")
    if family == "moonshine" and not model:
        return Choice("moonshine")
    if family == "whisper" and model:
        return Choice("whisper", model)
    if family == "sherpa" and (read := _SHERPA.fullmatch(model)):
        return Choice("sherpa", read[2], read[1] or ENGLISH)
    raise SettingsError(
        f'"{part}" names no model: write moonshine, whisper:SIZE, whisper:FOLDER or sherpa:FOLDER into ENGINE_MODEL or ENGINE_SECOND_LOOK, '
        "several with commas."
    )


def prepare_all(settings: EngineSettings, console: Console) -> None:
    """Make sure that all models that the settings name are ready.

    Raises:
        ModelMissing: one is not, and the sentence says what to do.
        SettingsError: the names cannot be read.
    """
    for choice in _named(settings):
        match choice.family:
            case "moonshine":
                prepare(settings, console)
            case "whisper":
                prepare_whisper(settings, choice.model, console)
            case "sherpa":
                sherpa_folder.load(sherpa_folder.find(choice.model), choice.language)


def _named(settings: EngineSettings) -> list[Choice]:
    """The models that hear and those of the second look."""
    return chosen(settings.model) + (chosen(settings.second_look) if settings.second_look else [])


def load(settings: EngineSettings, names: str) -> Recogniser:
    """The recogniser of these names, its models in memory: about a second for each.

    Raises:
        ModelMissing: one is not prepared, cannot be loaded, or its extra is not installed.
        SettingsError: the names cannot be read.
    """
    recognisers = [_load(settings, choice) for choice in chosen(names)]
    return recognisers[0] if len(recognisers) == 1 else Several(recognisers)


def _load(settings: EngineSettings, choice: Choice) -> Recogniser:
    match choice.family:
        case "moonshine":
            return _moonshine(settings)
        case "whisper":
            return whisper.load(settings, choice.model)
        case "sherpa":
            return sherpa_folder.load(sherpa_folder.find(choice.model), choice.language)


def _moonshine(settings: EngineSettings) -> Recogniser:
    """Moonshine, or what set-up has put in its place."""
    if models.find(settings) is not None or whisper.standing_in(settings) is None:
        return models.load(settings)
    log.warning(
        "Whisper %s stands in for Moonshine, which no index had at set-up: run `minutes models prepare` to look again.",
        whisper.STAND_IN,
    )
    return whisper.load(settings, whisper.STAND_IN)


def looking_again(settings: EngineSettings) -> SecondLook | None:
    """The second look that `ENGINE_SECOND_LOOK` asks for; its models are loaded when the first conversation ends. Raises `SettingsError`."""
    if not settings.second_look:
        return None
    chosen(settings.second_look)
    return SecondLook(functools.partial(load, settings, settings.second_look))


def list_models(settings: EngineSettings) -> list[PreparedModel]:
    """The models that could be loaded, one that stands in for Moonshine marked so, and the folders of sherpa-onnx that are named."""
    prepared = whisper.prepared(settings)
    if Choice("moonshine") in _named(settings) and models.find(settings) is None:
        stands_in = whisper.standing_in(settings)
        prepared = [
            replace(one, name=f"{one.name} in place of Moonshine") if one.folder == stands_in else one for one in prepared
        ]
    folders = dict.fromkeys(sherpa_folder.find(choice.model) for choice in _named(settings) if choice.family == "sherpa")
    own = [model for folder in folders if (model := sherpa_folder.own(folder)) is not None]
    return [*models.list_models(settings), *prepared, *own]


def remove_models(settings: EngineSettings) -> list[PreparedModel]:
    """Delete the prepared models, no folder of the user's own. Returns what was deleted."""
    gone = whisper.prepared(settings)
    for model in gone:
        shutil.rmtree(model.folder)
    return [*models.remove_models(settings), *gone]


class Several:
    """A `Recogniser` made of others: a language is read by the first that understands it, detected by the first that can."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        self._recognisers = recognisers
        able = [one.capabilities for one in recognisers]
        languages = functools.reduce(frozenset.union, (one.languages for one in able))
        self._capabilities = Capabilities(languages=languages, detects=any(one.detects for one in able))

    @property
    def name(self) -> str:
        """What people call the models."""
        return " and ".join(one.name for one in self._recognisers)

    @property
    def capabilities(self) -> Capabilities:
        """All that any of them can do."""
        return self._capabilities

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        """The text of one utterance; see `Recogniser`."""
        reader = next(
            one
            for one in self._recognisers
            if (one.capabilities.detects if language == DETECT else language in one.capabilities.languages)
        )
        return reader.transcribe(samples, vocabulary=vocabulary, language=language, hurried=hurried)
