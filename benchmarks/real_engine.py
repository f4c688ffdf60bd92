"""The engine as a program of its own, as people run it, and sockets that speak to it: what benchmarks of the whole engine share."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import websockets

from audio.pcm import BYTES_PER_SECOND
from engine.recognition import models
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets import ClientConnection

FRAME_SECONDS = 0.1
FRAME_BYTES = int(FRAME_SECONDS * BYTES_PER_SECOND)
_READY = "engine ready at "


class Refused(Exception):
    """The engine lets nobody else in; the text is its sentence."""


class Engine:
    """A running engine."""

    def __init__(self, http: httpx.AsyncClient, token: str, pid: int) -> None:
        self._http = http
        self._token = token
        self._pid = pid

    async def open(self, room: str, speaker: str, *, interims: bool = True) -> ClientConnection:
        """A socket of a meeting, started. Raises `Refused`."""
        address = self._http.base_url.copy_with(
            scheme="ws", path=f"/v1/streaming/{room}", query=f"access_token={self._token}".encode()
        )
        connection = await websockets.connect(str(address), compression=None, ping_interval=None)
        request = {
            "type": "start_request",
            "config": {
                "interimResults": interims,
                "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16_000},
            },
            "speaker": {"userId": speaker, "name": speaker},
        }
        await connection.send(json.dumps(request))
        while True:
            frame = json.loads(await connection.recv())
            if frame["type"] == "error":
                await connection.close()
                raise Refused(frame["details"])
            if frame["message"]["type"] == "recognition_started":
                return connection

    async def lag(self) -> float:
        """Seconds, as the engine itself says."""
        answer: dict[str, Any] = (await self._http.get("/health")).json()
        return float(answer["lag"])

    def memory(self) -> float:
        """Resident megabytes now; not a number where there is no `ps`."""
        return self._ask("rss=", lambda text: int(text) * 1024 / 1e6)

    def processor(self) -> float:
        """Processor seconds so far, whole ones but on Linux; not a number where there is no `ps`."""
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return self._ask("time=", _clock_seconds)

    def _ask(self, what: str, read: Callable[[str], float]) -> float:
        try:
            told = subprocess.run(
                ["ps", "-o", what, "-p", str(self._pid)],  # noqa: S607 - wherever the system has it
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return float("nan")
        return read(told.stdout.strip())


def _clock_seconds(text: str) -> float:
    """`[days-][hours:]minutes:seconds`."""
    days, _, rest = text.rpartition("-")
    seconds = 0.0
    for part in rest.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)


@contextlib.asynccontextmanager
async def running(model: str = "") -> AsyncIterator[Engine]:
    """An engine with the prepared model, or what `model` names (as ENGINE_MODEL does), and an empty store; ended in order."""
    folder = models.find(EngineSettings())
    if folder is None:
        sys.exit("The speech model is not prepared: make setup")
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        own = {
            "DATA_DIR": data,
            "ENGINE_MODEL_DIR": os.fspath(folder.absolute()),
            "ENGINE_MODEL": model,
            "ENGINE_APP_ID": "bench",
            "ENGINE_APP_SECRET": secret,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine", "serve", "--port", "0", "--parent-watch"),
            env={**os.environ, **own},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = await _address(process.stdout)
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                asked = {"type": "application", "appId": "bench", "appSecret": secret}
                token = (await http.post("/oauth2/token:generate", json=asked)).json()["accessToken"]
                yield Engine(http, token, process.pid)
        finally:
            process.stdin.close()
            await process.wait()


async def _address(lines: asyncio.StreamReader) -> str:
    async for line in lines:
        if line.decode().startswith(_READY):
            return line.decode().removeprefix(_READY).strip()
    sys.exit("The engine did not start.")


async def send(connection: ClientConnection, sound: bytes, begun: float, at: int = 0) -> None:
    """Send sound as it would be spoken. `begun`: monotonic time of the stream's first sample; `at`: how many bytes went before."""
    for offset in range(0, len(sound), FRAME_BYTES):
        frame = sound[offset : offset + FRAME_BYTES]
        await asyncio.sleep(begun + (at + offset + len(frame)) / BYTES_PER_SECOND - time.monotonic())
        await connection.send(frame)


@dataclass(frozen=True, slots=True)
class Told:
    """A recognition result.

    Attributes:
        text: what is recognised.
        is_final: nothing else will be recognised in its place.
        start: seconds of the stream, of the first word; those of an interim have no times.
        end: of the last word; for an interim, of the sound so far.
        at: when it came, monotonic.
    """

    text: str
    is_final: bool
    start: float
    end: float
    at: float


async def results(connection: ClientConnection) -> AsyncIterator[Told]:
    """What the engine recognises, until the socket closes."""
    async for text in connection:
        at = time.monotonic()
        frame = json.loads(text)
        if frame["type"] == "message" and frame["message"]["type"] == "recognition_result":
            message = frame["message"]
            words = message["payload"]["raw"]["alternatives"][0]["words"]
            start = words[0]["startTime"] if words else {"seconds": "0", "nanos": "0"}
            yield Told(
                message["punctuated"]["transcript"],
                message["isFinal"],
                int(start["seconds"]) + int(start["nanos"]) / 1e9,
                frame["timeOffset"] / 1000,
                at,
            )
