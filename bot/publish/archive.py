"""Files of finished meetings on disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path


class Archive:
    """`data_dir/meetings/<meeting id>/`."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / "meetings"

    async def write(self, meeting_id: str, name: str, data: bytes) -> Path:
        """Write one file, whole or not at all, and say where it stands. Raises `StorageError`."""
        return await asyncio.to_thread(self._write, meeting_id, name, data)

    def _write(self, meeting_id: str, name: str, data: bytes) -> Path:
        path = self._root / meeting_id / name
        part = path.with_name(f"{name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror or error}. Free some space or set DATA_DIR."
            ) from error
        return path
