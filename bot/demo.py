"""`minutes demo`: the real bot and engine in a simulated Discord, each a program of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

from bot.errors import MinutesError
from bot.signals import stop_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SANDBOX = (sys.executable, "-m", "sandbox")
BOT = (sys.executable, "-m", "bot", "run")
KEPT = 5
"""How many demos' data are kept."""
STOP_TIME = 60.0
"""Seconds that the bot has to end in order."""
_LINE_LIMIT = 1 << 20
_SHOWN = ("starting ", "engine ready", "bot ready")
_TAIL = 15


class Demo:
    """One run. `say` gets every line for the terminal; `sandbox` and `bot` are the programs."""

    def __init__(
        self, data_dir: Path, *, say: Callable[[str], None], sandbox: Sequence[str] = SANDBOX, bot: Sequence[str] = BOT
    ) -> None:
        self._sandbox = sandbox
        self._bot = bot
        self._root = data_dir / "demo"
        self._folder = self._root / f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
        self._models = data_dir / "models"
        self._say = say
        self._begin = time.monotonic()

    async def run(self, options: Sequence[str]) -> int:
        """Run the sandbox with `options` and the bot in it.

        The exit code is the sandbox's, 1 when the bot failed, or 130 when the owner wanted the end before.
        """
        with stop_event() as stop:
            demo, stopped = asyncio.ensure_future(self._run(options)), asyncio.ensure_future(stop.wait())
            await asyncio.wait({demo, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if demo.done():
                return demo.result()
            self._progress("ending ...")
            demo.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await demo
            return 130

    async def _run(self, options: Sequence[str]) -> int:
        self._make_room()
        self._progress("starting the simulated Discord ...")
        sandbox = await _start(self._sandbox, options, {**os.environ, **_terminal()}, stderr=None)
        bot: asyncio.subprocess.Process | None = None
        try:
            world = await self._world(sandbox)
            if world is None:
                return await sandbox.wait() or 1
            self._progress("starting the bot ...")
            bot = await _start(self._bot, [], self._environment(world), stderr=subprocess.STDOUT)
            code = await self._watch(sandbox, bot)
        finally:
            await _stop(bot)
            await _stop(sandbox)
        for path in sorted(self._folder.glob("meetings/*/transcript.md")):
            self._progress(f"transcript: {path}")
        return code

    async def _world(self, sandbox: asyncio.subprocess.Process) -> Mapping[str, str] | None:
        """The sandbox's first line: the addresses, as environment variables. None when it ended before."""
        assert sandbox.stdout is not None
        first = await sandbox.stdout.readline()
        if not first:
            return None
        try:
            found = json.loads(first)
        except ValueError as error:
            raise MinutesError(f"The sandbox said what cannot be read: {first.decode(errors='replace').strip()}") from error
        return {str(name): str(value) for name, value in found.items()}

    async def _watch(self, sandbox: asyncio.subprocess.Process, bot: asyncio.subprocess.Process) -> int:
        """Show what both say until the sandbox ends; a bot that ends before it is a failure."""
        shown = asyncio.create_task(self._show(sandbox))
        logged = asyncio.create_task(self._log(bot))
        ended = asyncio.create_task(sandbox.wait())
        died = asyncio.create_task(bot.wait())
        try:
            await asyncio.wait({ended, died}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                tail = await logged
                self._say("\n".join([f"The bot ended with code {died.result()}. Its last words:", *tail]))
                return 1
            await shown
            code = ended.result()
            await _stop(bot)
            tail = await logged
            if code != 0:
                self._say("\n".join(["The last lines of the bot's log:", *tail]))
            return code
        finally:
            for task in (shown, logged, ended, died):
                task.cancel()

    async def _show(self, sandbox: asyncio.subprocess.Process) -> None:
        assert sandbox.stdout is not None
        while line := await sandbox.stdout.readline():
            self._say(line.decode(errors="replace").rstrip("\r\n"))

    async def _log(self, bot: asyncio.subprocess.Process) -> list[str]:
        """Keep the bot's words in a file, show its progress, return the last ones."""
        assert bot.stdout is not None
        path = self._folder / "logs" / "bot.log"
        tail: list[str] = []
        with path.open("w", encoding="utf-8") as file:
            while line := await bot.stdout.readline():
                text = line.decode(errors="replace").rstrip()
                file.write(f"{text}\n")
                tail = [*tail[1 - _TAIL :], text]
                if text.startswith(_SHOWN):
                    self._progress(text)
        return tail

    def _progress(self, text: str) -> None:
        self._say(f"[{time.monotonic() - self._begin:5.1f} s] {text}")

    def _environment(self, world: Mapping[str, str]) -> Mapping[str, str]:
        return {**self._model(), **os.environ, **world, "DATA_DIR": str(self._folder)}

    def _model(self) -> Mapping[str, str]:
        """Where the engine finds its model, since the demo's own data folder has none."""
        prepared = sorted(manifest.parent.resolve() for manifest in self._models.glob("*/manifest.json"))
        if not prepared:
            return {}
        first = prepared[0]
        return {"ENGINE_MODEL": f"whisper:{first}"} if first.name.startswith("whisper-") else {"ENGINE_MODEL_DIR": str(first)}

    def _make_room(self) -> None:
        try:
            (self._folder / "logs").mkdir(parents=True)
            for old in sorted(self._root.iterdir())[:-KEPT]:
                shutil.rmtree(old)
        except OSError as error:
            raise MinutesError(
                f"{self._root} cannot be written ({error.strerror}): set DATA_DIR to a folder of yours."
            ) from error


def _terminal() -> Mapping[str, str]:
    """What a program behind a pipe must know to write for our terminal."""
    if not sys.stdout.isatty():
        return {}
    return {"FORCE_COLOR": "1", "COLUMNS": str(shutil.get_terminal_size().columns)}


async def _start(
    command: Sequence[str], options: Sequence[str], environment: Mapping[str, str], *, stderr: int | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        *options,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        limit=_LINE_LIMIT,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


async def _stop(process: asyncio.subprocess.Process | None) -> None:
    """End a program in order, or, when it takes too long, at once."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
    try:
        async with asyncio.timeout(STOP_TIME):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
