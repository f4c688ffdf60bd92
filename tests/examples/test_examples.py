"""Each example as its reader runs it, against the real engine with a scripted recogniser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bot.local.sounds import levels, write_wav
from tests.engine.fakes import SENTENCES
from tests.engine.server import engine

if TYPE_CHECKING:
    from tests.engine.server import Engine

EXAMPLES = Path(__file__).parents[2] / "examples"
NODE = shutil.which("node")
CURL = shutil.which("curl")
SAID = [f"Ana: {SENTENCES[number]}" for number in (1, 2, 3, 4, 5)]

needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed on this machine")
needs_curl = pytest.mark.skipif(CURL is None or os.name != "posix", reason="curl and a shell are not on this machine")


async def run(running: Engine, *command: str) -> str:
    """What the program printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "ENGINE_URL": running.url, "ACCESS_TOKEN": await running.token()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


def with_websocket() -> list[str]:
    """Node 22 has WebSocket by itself, Node 20 when it is asked for."""
    assert NODE is not None
    return [NODE, "--experimental-websocket", "--no-warnings"]


@pytest.mark.parametrize("language", ["python", pytest.param("node", marks=needs_node)])
@pytest.mark.parametrize("rate", [16_000, 44_100])
async def test_a_recording_is_streamed_and_its_insights_come(tmp_path: Path, language: str, rate: int) -> None:
    spoken = levels(1, 2, 3, 4, 5)
    path = write_wav(tmp_path / "a.wav", spoken.repeat(3)[: len(spoken) * 3] if rate > 16_000 else spoken, rate)
    command = (
        [sys.executable, str(EXAMPLES / "stream.py")]
        if language == "python"
        else [*with_websocket(), str(EXAMPLES / "stream.mjs")]
    )
    async with engine(tmp_path) as running:
        lines = (await run(running, *command, str(path))).splitlines()
        (conversation,) = (await running.get("")).json()["conversations"]
    assert lines[0] == f"conversation {conversation['id']}"
    assert [line for line in lines if line.startswith("Ana: ")] == SAID
    assert f"question: {SENTENCES[2]}" in lines
    assert "action_item: Ana will send the draft by Friday." in lines
    assert f"follow_up: {SENTENCES[4]}" in lines
    assert "topics: release plan" in lines


MICROPHONE = """
import pathlib, threading, wave
class RawInputStream:
    def __init__(self, samplerate, channels, dtype, callback):
        assert (samplerate, channels, dtype) == (16000, 1, "int16")
        self.callback = callback
    def __enter__(self):
        threading.Thread(target=self.play, daemon=True).start()
    def __exit__(self, *_):
        pass
    def play(self):
        with wave.open(str(pathlib.Path(__file__).with_name("a.wav"))) as file:
            while block := file.readframes(800):
                self.callback(memoryview(block), len(block) // 2, None, None)
        while True:
            self.callback(bytes(1600), 800, None, None)
            threading.Event().wait(0.05)
"""


async def test_a_microphone_is_streamed_until_enter(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text(MICROPHONE)
    write_wav(tmp_path / "a.wav", levels(1, 2, 3, 4, 5))
    async with engine(tmp_path) as running:
        environment = {
            **os.environ,
            "ENGINE_URL": running.url,
            "ACCESS_TOKEN": await running.token(),
            "PYTHONPATH": str(tmp_path),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-u",
            str(EXAMPLES / "stream.py"),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said: list[str] = []
            while SAID[-1] not in said:
                said.append((await process.stdout.readline()).decode().strip())
            process.stdin.write(b"\n")
            process.stdin.close()
            await process.stdout.read()
            assert await process.wait() == 0
    assert [line for line in said if line.startswith("Ana: ")] == SAID


@needs_node
@pytest.mark.skipif(os.name != "posix", reason="/dev/stdin and a shell are not on this machine")
async def test_sound_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", levels(1, 2))
    async with engine(tmp_path) as running:
        text = await run(
            running, "/bin/sh", "-c", f"cat '{path}' | {' '.join(with_websocket())} '{EXAMPLES / 'stream.mjs'}' /dev/stdin"
        )
    assert [line for line in text.splitlines() if line.startswith("Ana: ")] == SAID[:2]


async def test_a_wrong_token_ends_it_with_a_reason(tmp_path: Path) -> None:
    async with engine(tmp_path) as running:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLES / "messages.py"),
            "1",
            env={**os.environ, "ENGINE_URL": running.url, "ACCESS_TOKEN": "wrong"},
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert "401" in errors.decode()


@pytest.mark.parametrize(
    "program", ["messages.py", pytest.param("messages.mjs", marks=needs_node), pytest.param("messages.sh", marks=needs_curl)]
)
async def test_messages_are_fetched(tmp_path: Path, program: str) -> None:
    path = write_wav(tmp_path / "a.wav", levels(1, 2, 3, 4, 5))
    with_what = {"messages.py": sys.executable, "messages.mjs": NODE or "", "messages.sh": "/bin/sh"}[program]
    async with engine(tmp_path) as running:
        streamed = await run(running, sys.executable, str(EXAMPLES / "stream.py"), str(path))
        (conversation_id,) = re.findall(r"^conversation (\d+)$", streamed, re.MULTILINE)
        text = await run(running, with_what, str(EXAMPLES / program), conversation_id)
    if program == "messages.sh":
        text = "".join(f"{message['from']['name']}: {message['text']}\n" for message in json.loads(text)["messages"])
    assert text.splitlines() == SAID
