"""Sound that waits for its job: one file each in the engine's folder, gone when the job has ended."""

from __future__ import annotations

import asyncio
import os
import uuid
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from engine.errors import BadRequest, EngineFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path

_BATCH: Final = 1 << 20
"""Bytes that are written at once."""


class NoRoom(EngineFault):
    """The disk cannot take what was sent."""


class Spool:
    """Files named by the engine itself; what a client calls its file is never used."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self._folder / name

    async def save(self, pieces: AsyncIterator[bytes]) -> str:
        """Write a body as it comes; its name in the spool.

        Raises:
            BadRequest: there is nothing in it.
            HTTPException: 413, it is larger than allowed.
            NoRoom: the disk is full, or cannot be written.
        """
        name = uuid.uuid4().hex
        try:
            await self._write(name, pieces)
        except BaseException as error:
            self.remove(name)
            if isinstance(error, OSError):
                raise NoRoom(f"The file cannot be kept ({error.strerror}): make room in DATA_DIR.") from error
            raise
        return name

    async def _write(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held, size = bytearray(), 0
        with os.fdopen(
            os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
        ) as file:
            async for piece in pieces:
                size += len(piece)
                if size > self._most:
                    raise HTTPException(413, f"The file is larger than {self._most} bytes: ENGINE_UPLOAD_MB allows no more")
                held += piece
                if len(held) >= _BATCH:
                    await asyncio.to_thread(file.write, bytes(held))
                    held.clear()
            await asyncio.to_thread(file.write, bytes(held))
        if not size:
            raise BadRequest("The body is empty: send the file as the raw body.")

    def remove(self, name: str) -> None:
        """Delete a file that may be gone already."""
        self.path(name).unlink(missing_ok=True)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete what no job waits for any more."""
        if self._folder.is_dir():
            for file in self._folder.iterdir():
                if file.name not in names:
                    file.unlink(missing_ok=True)
