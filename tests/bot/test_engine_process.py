from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.engine_process import EngineProcess
from bot.errors import EngineDown, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ENGINE = """
import os, socket, sys
port = int(os.environ["ENGINE_PORT"]) or 34567
print("loading the model", flush=True)
print("x" * 200_000, flush=True)
print(f"engine ready at http://127.0.0.1:{port}", flush=True)
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
names = ("ENGINE_HOST", "ENGINE_APP_ID", "ENGINE_APP_SECRET", "DATA_DIR", "DISCORD_TOKEN")
line.sendall(("|".join([str(port), *(os.environ.get(name, "-") for name in names)]) + "\\n").encode())
sys.exit(3 if line.recv(1) else 0)
"""


class Births:
    """Each engine that starts calls here, says what it was given, and dies when it is told to."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[tuple[list[str], asyncio.StreamWriter]] = asyncio.Queue()
        self.port = 0

    async def next(self) -> tuple[list[str], asyncio.StreamWriter]:
        async with asyncio.timeout(20):
            return await self.waiting.get()

    async def _born(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).decode().strip().split("|")
        self.waiting.put_nowait((words, writer))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Births]:
        server = await asyncio.start_server(self._born, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            while not self.waiting.empty():
                self.waiting.get_nowait()[1].close()


def engine(folder: Path, script: str, *arguments: object) -> EngineProcess:
    command = (sys.executable, "-c", script, *(str(each) for each in arguments))
    return EngineProcess(folder, command=command, back_off=(0.01,))


async def test_it_is_ready_when_it_says_so_and_gets_what_it_needs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-secret-of-discord")
    async with Births().open() as births:
        process = engine(tmp_path, ENGINE, births.port)
        await process.start()
        words, writer = await births.next()
        await process.stop()
        writer.close()

    assert process.url == "http://127.0.0.1:34567"
    assert words == ["34567", "127.0.0.1", process.app_id, process.app_secret, str(tmp_path), "-"]
    assert "loading the model\n" in process.log_path.read_text()


async def test_a_port_that_is_wanted_is_asked_for(tmp_path: Path) -> None:
    async with Births().open() as births:
        process = EngineProcess(tmp_path, command=(sys.executable, "-c", ENGINE, str(births.port)), port=45_678)
        await process.start()
        words, writer = await births.next()
        await process.stop()
        writer.close()
    assert words[0] == "45678"


async def test_one_that_dies_is_started_again_at_the_same_address_with_the_same_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Births().open() as births:
        process = engine(tmp_path, ENGINE, births.port)
        await process.start()
        lives = []
        for _ in range(3):
            words, writer = await births.next()
            lives.append(words)
            writer.write(b"die")
            await writer.drain()
            writer.close()
        last, writer = await births.next()
        await process.stop()
        writer.close()

    assert lives == [last, last, last]
    assert process.deaths == 3
    assert "the engine ended with code 3" in caplog.text


async def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    process = engine(tmp_path, "import sys; print('The speech model is not prepared.'); sys.exit(2)")
    with pytest.raises(EngineDown, match=r"did not start.*\"The speech model is not prepared\.\".*engine\.log"):
        await process.start()
    await process.stop()


async def test_each_start_has_a_secret_of_its_own_and_keeps_the_id_that_conversations_belong_to(tmp_path: Path) -> None:
    first, second, elsewhere = engine(tmp_path, ""), engine(tmp_path, ""), engine(tmp_path / "elsewhere", "")

    assert first.app_secret != second.app_secret
    assert first.app_id == second.app_id != elsewhere.app_id
    await elsewhere.stop()
    assert (len(first.app_id), len(first.app_secret)) == (64, 128)
    await first.stop()
    await second.stop()


async def test_an_id_that_was_spoiled_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "application-id").write_bytes(b"\xff\x00 nonsense")
    process = engine(tmp_path, "")

    assert len(process.app_id) == 64
    await process.stop()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with pytest.raises(StorageError, match="set DATA_DIR"):
        engine(tmp_path, "")


async def test_an_announced_one_is_noted_as_long_as_it_runs(tmp_path: Path) -> None:
    note = tmp_path / "engine" / "running.json"
    async with Births().open() as births:
        process = EngineProcess(tmp_path, announced=True, command=(sys.executable, "-c", ENGINE, str(births.port)))
        await process.start()
        _, writer = await births.next()
        noted = json.loads(note.read_text())
        await process.stop()
        writer.close()

    assert noted == {"url": process.url, "appId": process.app_id, "appSecret": process.app_secret}
    assert not note.exists()
