"""What `ENGINE_MODEL` names, and several models as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.errors import ModelMissing, SettingsError
from engine.recognition import choice
from engine.recognition.choice import Choice, Several
from engine.recognition.language import DETECT
from engine.recognition.types import Capabilities, Transcript
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from pathlib import Path

SOUND = np.zeros(16_000, np.float32)


def settings(tmp_path: Path, model: str) -> EngineSettings:
    return EngineSettings(_env_file=None, DATA_DIR=tmp_path, ENGINE_MODEL=model)


class Reader:
    """Says its name and the language that it is asked for."""

    def __init__(self, name: str, *languages: str, detects: bool = False) -> None:
        self.name = name
        self.capabilities = Capabilities(frozenset(languages), detects=detects)

    def transcribe(self, samples: object, *, vocabulary: object = (), language: str = "en", hurried: bool = False) -> Transcript:
        return Transcript(f"{self.name} {language}", -0.1, 2)


def test_the_setting_names_one_or_several(tmp_path: Path) -> None:
    assert choice.chosen(EngineSettings(_env_file=None, DATA_DIR=tmp_path).model) == [Choice("moonshine")]
    several = settings(tmp_path, "moonshine, whisper:small,whisper:C:\\models\\mine")
    assert choice.chosen(several.model) == [
        Choice("moonshine"),
        Choice("whisper", "small"),
        Choice("whisper", "C:\\models\\mine"),
    ]
    streaming = settings(tmp_path, "sherpa:models/zipformer, sherpa:de:/models/zipformer,sherpa:C:\\models,sherpa:yue:D:\\models")
    assert choice.chosen(streaming.model) == [
        Choice("sherpa", "models/zipformer", "en"),
        Choice("sherpa", "/models/zipformer", "de"),
        Choice("sherpa", "C:\\models", "en"),
        Choice("sherpa", "D:\\models", "yue"),
    ]


@pytest.mark.parametrize("model", ["whisper", "whisper:", "moonshine:base", "vosk", "moonshine,", "", "sherpa", "sherpa:"])
def test_what_it_cannot_name_is_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(SettingsError, match=r"write moonshine, whisper:SIZE, whisper:FOLDER or sherpa:FOLDER"):
        choice.load(settings(tmp_path, "moonshine"), model)


def test_each_language_goes_to_the_first_that_understands_it() -> None:
    both = Several([Reader("First", "en"), Reader("Second", "en", "de", detects=True)])
    assert both.name == "First and Second"
    assert both.capabilities == Capabilities(frozenset({"en", "de"}), detects=True)
    said = [both.transcribe(SOUND, language=language).text for language in ("en", "de", DETECT)]
    assert said == ["First en", "Second de", "Second auto"]


def test_a_model_that_is_not_prepared_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no model of Whisper in .*whisper-small.*minutes models prepare"):
        choice.load(settings(tmp_path, "moonshine"), "whisper:small")
    with pytest.raises(ModelMissing, match=r"no model of Whisper in .*mine.*put one there"):
        choice.load(settings(tmp_path, "moonshine"), f"whisper:{tmp_path / 'mine'}")
