"""The engine's database: one SQLite file in WAL mode, brought to the newest tables when it is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from engine.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",  # readers never wait for the writer
    "PRAGMA synchronous=FULL",  # what was committed survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what was deleted is overwritten in the file
    "PRAGMA busy_timeout=5000",
)


async def open_database(path: Path) -> AsyncEngine:
    """Open the file, or make it.

    Raises:
        SettingsError: it cannot be opened or written, is no database, or comes from a newer version.
    """
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"The folder {path.parent} cannot be made ({error.strerror}): point DATA_DIR to one you can write to."
        ) from error
    engine = create_async_engine(f"sqlite+aiosqlite:///{path.as_posix()}")
    event.listen(engine.sync_engine, "connect", _configure)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except CommandError as error:
        await engine.dispose()
        raise SettingsError(f"{path} comes from a newer version of Minutes: update, or name another DATA_DIR.") from error
    except SQLAlchemyError as error:
        await engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise SettingsError(f"{path} cannot be used ({cause}): point DATA_DIR to a folder you can write to.") from error
    return engine


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
