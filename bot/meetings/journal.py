"""The journal: one JSON object a line, on disk before anybody sees it. `DATA_DIR/meetings/<meeting id>/journal.jsonl`."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pydantic import ValidationError

from bot.errors import StorageError
from bot.meetings.entries import ENTRY, Closed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.meetings.entries import Entry

log = logging.getLogger(__name__)

FILE_NAME = "journal.jsonl"
TAIL = 65_536
"""Bytes at the end of a journal in which its last entry surely begins."""


def journal_path(data_dir: Path, meeting_id: str) -> Path:
    """Where the journal of a meeting stands."""
    return data_dir / "meetings" / meeting_id / FILE_NAME


class LineFile(Protocol):
    """Where lines are kept. Raises `OSError`."""

    def write(self, data: bytes) -> None:
        """All of the data is on disk when this returns, or none of it counts."""

    def close(self) -> None:
        """Let go of the file."""


class DiskFile:
    """A file that is only ever added to. Blocks: call it from a thread.

    A line that a crash or a full disk has cut off is taken away before the next one is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._end = 0

    def write(self, data: bytes) -> None:
        """Write, flush, and wait for the disk."""
        file = self._file or self._open()
        file.seek(self._end)
        file.truncate()
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        self._end += len(data)

    def close(self) -> None:
        """Let go of the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _open(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        self._file = self._path.open("r+b", buffering=0)
        self._end = _whole_lines(self._file)
        _sync_folder(self._path.parent)
        return self._file


class Journal:
    """Implements `bot.meetings.ports.JournalWriter`: appends of the same moment share one wait for the disk.

    While the disk refuses, entries stay in memory and are written as soon as it takes them again; `failed` is told once, with
    the sentence for people.
    """

    def __init__(self, file: LineFile, failed: Callable[[StorageError], None]) -> None:
        self._file = file
        self._failed = failed
        self._unsaved: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._committer: asyncio.Task[None] | None = None
        self._broken = False

    async def append(self, *entries: Entry) -> None:
        """Returns when the entries are on disk, or when the disk has refused them."""
        if not entries:
            return
        self._unsaved.extend(entry.model_dump_json().encode() + b"\n" for entry in entries)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit(), name="journal")
        await done

    async def close(self) -> None:
        """Wait for what is being written, then let go of the file."""
        if self._committer is not None:
            await self._committer
        await asyncio.to_thread(self._file.close)

    async def _commit(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            count = len(self._unsaved)
            try:
                await asyncio.to_thread(self._file.write, b"".join(self._unsaved[:count]))
            except OSError as error:
                self._report(error)
            else:
                del self._unsaved[:count]
                self._broken = False
            for done in waiting:
                if not done.done():
                    done.set_result(None)

    def _report(self, error: OSError) -> None:
        if self._broken:
            return
        self._broken = True
        sentence = f"The journal cannot be written ({error.strerror or error}): make room on the disk of DATA_DIR."
        log.error(sentence)
        self._failed(StorageError(sentence))


def read(path: Path) -> list[Entry]:
    """The entries of a journal. A last line that was cut off does not count; a broken one is left out and logged.

    Raises `StorageError` when the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"The journal {path} cannot be read ({error.strerror or error}).") from error
    *lines, _torn = data.split(b"\n")
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(ENTRY.validate_json(line))
        except ValidationError:
            log.warning("line %d of %s cannot be read and is left out", number, path)
    return entries


def unfinished(data_dir: Path) -> list[Path]:
    """Journals of meetings that were not closed, oldest first. Reads only the end of each."""
    found = sorted((data_dir / "meetings").glob(f"*/{FILE_NAME}"))
    return [path for path in found if not _is_closed(path)]


def _is_closed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            *lines, _torn = file.read().split(b"\n")
    except OSError as error:
        log.warning("the journal %s cannot be read and is left alone: %s", path, error)
        return True
    if not lines:
        return False
    try:
        return isinstance(ENTRY.validate_json(lines[-1]), Closed)
    except ValidationError:
        return False


def _whole_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    size = file.seek(0, os.SEEK_END)
    end = size
    while end > 0:
        begin = max(0, end - TAIL)
        file.seek(begin)
        newline = file.read(end - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0


def _sync_folder(folder: Path) -> None:
    """Make sure that the new file is found after a power cut; Windows does it by itself and opens no folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
