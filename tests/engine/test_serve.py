"""The engine as a program: what it says, how it ends, and one real clip through it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import websockets
from typer.testing import CliRunner

from audio.files import read_pcm
from engine.__main__ import app
from engine.recognition import models
from engine.serve import address, bind
from engine.settings import EngineSettings
from tests.engine.fakes import say
from tests.engine.server import JANE, Socket, name, names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "tests" / "data" / "speech" / "lj_LJ001-0002.flac"
STARTS_WITHIN = 90


def complain(folder: Path, **environment: str) -> str:
    """Start the engine with settings that cannot work; the one sentence that it says."""
    result = CliRunner().invoke(app, ["serve"], env={"DATA_DIR": str(folder), "ENGINE_PORT": "0", **environment})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert complain(tmp_path, ENGINE_PORT=str(port)).startswith(f"Port {port} of 127.0.0.1 cannot be opened")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    assert "minutes models prepare" in complain(tmp_path)


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "DATA_DIR" in complain(tmp_path / "file")


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [("ENGINE_PORT", "many", "ENGINE_PORT is wrong"), ("ENGINE_APP_ID", "mine", "ENGINE_APP_SECRET is missing")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, setting: str, value: str, named: str) -> None:
    assert complain(tmp_path, **{setting: value}).startswith(named)


def test_models_are_listed_and_removed(tmp_path: Path) -> None:
    for command in ("list", "remove"):
        result = CliRunner().invoke(app, ["models", command], env={"DATA_DIR": str(tmp_path)})
        assert (result.exit_code, result.stdout) == (0, "No speech model is prepared.\n")


def test_the_address_is_one_that_clients_can_use() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address("127.0.0.1", listener) == address("0.0.0.0", listener) == f"http://127.0.0.1:{port}"
        assert address("::", listener) == f"http://[::1]:{port}"


PROGRAM = """
import asyncio
from engine.credentials import load_credentials
from engine.serve import address, bind, serve
from engine.settings import EngineSettings
from tests.engine.fakes import LevelRecognition, MarkInsights

async def recognition(_): return LevelRecognition()

settings = EngineSettings()
with bind(settings.host, settings.port) as port:
    ready = lambda: print("engine ready at", address(settings.host, port), flush=True)
    asyncio.run(serve(settings, load_credentials(settings), recognition, MarkInsights, port, ready, parent_watch=True))
"""
"""The engine without its model."""


@asynccontextmanager
async def program(
    folder: Path, *command: str, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, list[str]]]:
    """A running engine: the process, its address, what it said. The test says when it is to end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder), "ENGINE_PORT": "0", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            while not said or not said[-1].startswith("engine ready at "):
                line = await process.stdout.readline()
                assert line, said
                said.append(line.decode().rstrip())
        yield process, said[-1].removeprefix("engine ready at "), said
        async with asyncio.timeout(15):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def ask_to_end(process: asyncio.subprocess.Process) -> None:
    """As a supervisor does; Windows has no signal for it, there the pipe is closed."""
    if sys.platform == "win32":
        assert process.stdin is not None
        process.stdin.close()
    else:
        process.send_signal(signal.SIGTERM)


async def token(url: str, folder: Path) -> websockets.Subprotocol:
    kept = json.loads((folder / "engine" / "credentials.json").read_text())
    async with httpx.AsyncClient(base_url=url) as http:
        answer = await http.post("/oauth2/token:generate", json={**kept, "type": "application"})
    return websockets.Subprotocol(answer.json()["accessToken"])


async def test_the_engine_ends_with_its_parent(tmp_path: Path) -> None:
    async with (
        program(tmp_path, "-c", PROGRAM) as (process, url, _),
        websockets.connect(f"{url.replace('http', 'ws')}/v1/streaming/x", subprotocols=[await token(url, tmp_path)]) as line,
    ):
        stream = Socket(line)
        await stream.start(JANE)
        await stream.send(say(3))
        await stream.until("interim")
        assert process.stdin is not None
        process.stdin.close()
        assert names(await stream.rest())[-2:] == ["conversation_completed", "recognition_stopped"]
    assert process.returncode == 0


async def before_pong(line: websockets.ClientConnection) -> AsyncIterator[str]:
    """The frames that come before the answer to a keep-alive: everything sent so far has arrived then."""
    while (text := await line.recv()) != "__PONG__":
        yield str(text)


@pytest.mark.model
async def test_a_real_clip_gives_its_words_and_the_end_of_the_engine_loses_none(tmp_path: Path) -> None:
    model = models.find(EngineSettings())
    assert model is not None, "run `make setup` first"
    command = ("-m", "engine", "serve", "--parent-watch", "--show-secret")
    async with program(tmp_path, *command, ENGINE_MODEL_DIR=str(model.resolve())) as (process, url, said):
        kept = json.loads((tmp_path / "engine" / "credentials.json").read_text())
        assert f"application id: {kept['appId']}" in said
        assert kept["appSecret"] not in "\n".join(said), "a secret is for a terminal only"
        clip = read_pcm(CLIP).tobytes()
        endings: tuple[Callable[[Socket], Awaitable[None]], ...] = (
            lambda stream: stream.send({"type": "stop_request"}),
            lambda _: asyncio.to_thread(ask_to_end, process),
        )
        for end in endings:
            address_ = f"{url.replace('http', 'ws')}/v1/streaming/clip"
            async with websockets.connect(address_, subprotocols=[await token(url, tmp_path)]) as line:
                stream = Socket(line)
                await stream.start(JANE)
                for at in range(0, len(clip), 8192):
                    await stream.send(clip[at : at + 8192])
                await stream.send("__PING__")
                frames = [json.loads(text) async for text in before_pong(line)]
                await end(stream)
                frames += await stream.rest()
            texts = [frame["messages"][0]["payload"]["content"] for frame in frames if name(frame) == "message_response"]
            assert re.sub(r"[^a-z ]", "", " ".join(texts).lower()) == "in being comparatively modern"
            assert names(frames)[-2:] == ["conversation_completed", "recognition_stopped"]
            assert line.close_code == 1000
    assert process.returncode == 0
