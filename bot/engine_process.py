"""The engine as a process of the bot's own: started on loopback with a fresh secret, watched, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import subprocess
import sys
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from bot.engine_door import Door, announce, kept_credentials, withdraw
from bot.errors import EngineDown, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "engine", "serve", "--parent-watch")
START_TIME = 180.0
"""Seconds within which the engine must have loaded its model."""
STOP_TIME = 10.0
"""Seconds that it has to end in order."""
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before it is started again; the last one for ever after."""
STEADY = 60.0
"""Seconds of life after which a death counts as the first one again."""
_LOG_BYTES, _LOG_FILES = 2_000_000, 2
_READY = re.compile(r"engine ready at (http://\S+?):(\d+)/?\s*$")
_ID = re.compile(r"[0-9A-Za-z]{64}")
_NOT_FOR_THE_ENGINE = ("DISCORD_TOKEN",)


class EngineProcess:
    """Runs `python -m engine serve`. `url`, `app_id` and `app_secret` are what a client needs; the address stays the same.

    The secret is a new one each time; the application's id is kept, since conversations belong to it: a meeting that was
    interrupted is completed from its conversation at the next start.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        announced: bool = False,
        port: int = 0,
        command: Sequence[str] = COMMAND,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        """`announced`: other commands with the same data folder may use it, too. `port`: where it listens; 0 is any free one."""
        self._data_dir = data_dir
        self._announced = announced
        self._command = tuple(command)
        self._back_off = tuple(back_off)
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._last_line = ""
        self._log = _open_log(data_dir / "logs" / "engine.log")
        self.log_path = data_dir / "logs" / "engine.log"
        self.app_id = _application_id(data_dir / "engine")
        self.app_secret = secrets.token_hex(64)
        self.deaths = 0

    @property
    def url(self) -> str:
        """Where it listens, once it has started."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Returns when the engine is ready. Raises `EngineDown` with its last words when it does not become so."""
        await self._launch()
        if self._announced:
            with self._writing():
                announce(self._data_dir, self._door())
        self._watcher = asyncio.create_task(self._watch(), name="engine watcher")

    async def stop(self) -> None:
        """End it in order; kill it when it takes too long."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
        if self._announced:
            with self._writing():
                withdraw(self._data_dir, self._door())
        await self._end()
        self._log.close()

    def _door(self) -> Door:
        return Door(url=self.url, app_id=self.app_id, app_secret=self.app_secret)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Without the note of where it is the engine works as well: other commands start one of their own."""
        try:
            yield
        except OSError as error:
            log.warning("where the engine is could not be noted in %s: %s", self._data_dir, error)

    async def _launch(self) -> None:
        """Start the process and wait for its ready line."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment(),
            stdin=subprocess.PIPE,  # closed when we die, however that happens: the engine then ends, too
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the bot: it still needs the engine to end its meetings
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
        )
        self._process = process
        ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read(process, ready), name="engine log")
        waiter = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({self._reader, waiter}, timeout=START_TIME, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        if not ready.is_set():
            await self._end()
            said = f' It said: "{self._last_line}"' if self._last_line else ""
            raise EngineDown(f"The speech engine did not start.{said} See {self.log_path}, or run: minutes doctor")

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        """Put what the engine says into its log file."""
        assert process.stdout is not None
        while line := await _line(process.stdout):
            text = line.decode(errors="replace").rstrip()
            self._last_line = text or self._last_line
            self._log.emit(logging.makeLogRecord({"msg": "%s", "args": (text,), "levelno": logging.INFO}))
            if match := _READY.search(text):
                self._port = int(match[2])
                ready.set()

    async def _watch(self) -> None:
        """Start the engine again whenever it dies, on the same port and with the same secret."""
        loop = asyncio.get_running_loop()
        tries = 0
        while True:
            born = loop.time()
            assert self._reader is not None
            assert self._process is not None
            await asyncio.wait({self._reader})  # unlike `await`, this does not cancel it when we are cancelled
            code = await self._process.wait()
            self.deaths += 1
            tries = 0 if loop.time() - born > STEADY else tries
            pause = self._back_off[min(tries, len(self._back_off) - 1)]
            log.error("the engine ended with code %s; starting it again in %.1f s (%s)", code, pause, self.log_path)
            await asyncio.sleep(pause)
            tries += 1
            try:
                await self._launch()
            except EngineDown as error:
                log.error("%s", error)  # noqa: TRY400 - the sentence says it all
            else:
                log.info("the engine is back at %s", self.url)

    async def _end(self) -> None:
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        elif process.stdin is not None:
            process.stdin.close()  # `--parent-watch`: Windows knows no signal for an orderly end
        try:
            async with asyncio.timeout(STOP_TIME):
                await process.wait()
        except TimeoutError:
            log.warning("the engine did not end in %.0f s and is killed", STOP_TIME)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await reader

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_THE_ENGINE}
        return kept | {
            "DATA_DIR": str(self._data_dir.resolve()),
            "ENGINE_APP_ID": self.app_id,
            "ENGINE_APP_SECRET": self.app_secret,
            "ENGINE_HOST": "127.0.0.1",
            "ENGINE_PORT": str(self._port),
            "PYTHONUNBUFFERED": "1",
        }


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, however long: what is beyond the reader's limit is skipped. Empty at the end."""
    while True:
        try:
            return await stream.readline()
        except ValueError:
            log.debug("a line of the engine's log was too long")


def _application_id(folder: Path) -> str:
    """The id kept in the folder, else the one of an engine that was started alone, else a new one.

    Conversations belong to it: the bot, the commands and `minutes serve` see the same ones.
    """
    path = folder / "application-id"
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        kept = ""
    except OSError as error:
        raise _unwritable(path, error) from error
    if _ID.fullmatch(kept):
        return kept
    alone = kept_credentials(folder)
    made = alone.app_id if alone is not None and _ID.fullmatch(alone.app_id) else secrets.token_hex(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made, encoding="ascii")
    except OSError as error:
        raise _unwritable(path, error) from error
    return made


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be used ({error.strerror or error}): set DATA_DIR to a folder of yours.")


def _open_log(path: Path) -> RotatingFileHandler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error
