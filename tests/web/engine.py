"""The engine as a program of its own, and a line to it that can be cut."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from engine.recognition import models
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

READY = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class EngineProgram:
    """`python -m engine serve` with the real model; may be started again on the same port and with the same data."""

    def __init__(self, folder: Path) -> None:
        model = models.find(EngineSettings())
        assert model is not None, "The speech model is not prepared: make setup"
        self.port = free_port()
        self._env = {**os.environ, "ENGINE_MODEL_DIR": os.fspath(model.absolute()), "DATA_DIR": os.fspath(folder)}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine", "serve", "--port", str(self.port)),
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY):
            while b"engine ready" not in (line := await self._process.stdout.readline()):
                assert line, "the engine ended before it was ready"

    async def kill(self) -> None:
        """As if it had crashed."""
        await self._end(lambda process: process.kill())

    async def stop(self) -> None:
        await self._end(lambda process: process.send_signal(signal.SIGTERM))

    async def _end(self, how: Any) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                how(process)
            await process.communicate()


@asynccontextmanager
async def engine_program(folder: Path) -> AsyncIterator[EngineProgram]:
    program = EngineProgram(folder)
    await program.start()
    try:
        yield program
    finally:
        await program.stop()


async def page_token(url: str) -> str:
    """What the page gets from the engine at this address."""
    async with httpx.AsyncClient(base_url=url) as http:
        token: str = (await http.post("/web/session", headers={"Origin": url})).json()["accessToken"]
    return token


async def conversation(url: str, conversation_id: str) -> dict[str, Any]:
    """All that the Conversation API holds of a conversation of the page."""
    bearer = {"Authorization": f"Bearer {await page_token(url)}"}
    async with httpx.AsyncClient(base_url=url) as http:
        kept: dict[str, Any] = {}
        for part in ("", "/messages", "/topics", "/questions", "/action-items", "/follow-ups"):
            answer = await http.get(f"/v1/conversations/{conversation_id}{part}", headers=bearer)
            assert answer.status_code == 200, answer.text
            kept.update(answer.json())
    return kept


class Line:
    """Leads from a port of its own to another one; while it is down, nobody answers there."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", self.port)

    def down(self) -> None:
        """Cut whatever goes over the line, and take it away."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, there_writer}
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._open -= {writer, there_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # cut: the other direction learns it as well
    finally:
        writer.close()
