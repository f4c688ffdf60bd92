"""The database: opened once at the start, brought up to the newest tables, closed at the end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """SQLite at `DATA_DIR/minutes.db`, in WAL mode so that readers and the writer do not wait for each other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    async def open(cls, data_dir: Path) -> Self:
        """Raises `StorageError` with a sentence when the folder or the file cannot be written or read."""
        path = data_dir / "minutes.db"
        try:
            await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The data folder {data_dir} cannot be made ({error.strerror}): set DATA_DIR to a folder that can be written."
            ) from error
        engine = create_async_engine(f"sqlite+aiosqlite:///{path.as_posix()}")
        event.listen(engine.sync_engine, "connect", _configure)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade)
        except (SQLAlchemyError, CommandError) as error:
            await engine.dispose()
            reason = _reason(error)
            raise StorageError(
                f"The database {path} cannot be used ({reason}): set DATA_DIR to a folder that can be written, or mend the file."
            ) from error
        return cls(engine)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on an error. Database errors become `StorageError`."""
        try:
            async with self._sessions.begin() as session:
                yield session
        except SQLAlchemyError as error:
            reason = _reason(error)
            raise StorageError(f"The database could not be written or read ({reason}): look at the disk of DATA_DIR.") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _reason(error: Exception) -> str:
    """The database's own words, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0]


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA busy_timeout=10000"):
        cursor.execute(statement)
    cursor.close()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
