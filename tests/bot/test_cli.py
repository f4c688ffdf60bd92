"""The commands as programs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import permissions
from engine.recognition import models
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISCORD_", "ENGINE_"))}
    return {**kept, "DATA_DIR": str(folder), "PYTHONPATH": str(ROOT), **settings}


def bot(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it in an empty folder, so that no .env is read."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_token_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = bot(tmp_path, "run")

    assert done.returncode == 2
    assert "https://discord.com/developers/applications" in done.stderr
    assert "DISCORD_TOKEN=" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 7
    assert "Traceback" not in done.stderr


@pytest.mark.model
def test_doctor_says_when_all_is_there_and_what_to_do_when_it_is_not(tmp_path: Path) -> None:
    prepared = models.find(EngineSettings())
    assert prepared is not None, "make setup prepares the model"
    well = bot(tmp_path, "doctor", ENGINE_MODEL_DIR=str(prepared.resolve()))
    ill = bot(tmp_path, "doctor")

    assert well.returncode == 0
    assert well.stdout.splitlines()[-1] == "ready: all that a meeting needs is here"
    assert ill.returncode == 1
    assert "ready:" not in ill.stdout


@pytest.mark.parametrize(
    ("setting", "value"),
    [("DISCORD_API_URL", "discord.com"), ("DISCORD_GATEWAY_URL", "https://x"), ("ENGINE_URL", "localhost:1")],
)
def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path, setting: str, value: str) -> None:
    done = bot(tmp_path, "run", **{setting: value})

    assert done.returncode == 2
    assert done.stderr.startswith(f"minutes: {setting} is wrong:")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_discord_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v10"
        done = bot(tmp_path, "run", DISCORD_TOKEN="a.b.c", DISCORD_API_URL=address, ENGINE_URL="http://127.0.0.1:1")

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f"minutes: Discord cannot be reached at {address}: look at the network and at DISCORD_API_URL."
    )
    assert "Traceback" not in done.stderr


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = bot(tmp_path, "run", DISCORD_TOKEN="a.b.c", DATA_DIR=str(tmp_path / "file" / "data"))

    assert done.returncode == 1
    assert "DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_serve_and_apps_are_given_goes_to_the_engine(tmp_path: Path) -> None:
    helped = bot(tmp_path, "serve", "--help", COLUMNS="120", NO_COLOR="1")
    added = bot(tmp_path, "apps", "add", "Archive")
    listed = bot(tmp_path, "apps", "list")

    assert (helped.returncode, added.returncode) == (0, 0)
    assert "--show-secret" in helped.stdout
    assert re.fullmatch(r"[0-9A-Za-z]{64}  Archive", listed.stdout.strip())
    assert listed.stdout.split()[0] in added.stdout
    assert str(tmp_path / "engine" / "credentials.json") in added.stdout, "through a pipe the secret is not printed"


class Program:
    """A sandbox as a program of its own."""

    def __init__(self, folder: Path) -> None:
        script = (
            "import asyncio, json, sys\n"
            "from sandbox.app import Sandbox\n"
            "async def main():\n"
            "    async with Sandbox() as sandbox:\n"
            "        print(json.dumps(sandbox.env()), flush=True)\n"
            "        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)\n"
            "asyncio.run(main())\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[dict[str, str]]:
    import json  # noqa: PLC0415 - needed here only

    with Program(tmp_path).process as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate(timeout=20)


def test_a_wrong_token_is_one_sentence(tmp_path: Path, world: dict[str, str]) -> None:
    done = bot(tmp_path, "run", **{**world, "DISCORD_TOKEN": "wrong-token", "ENGINE_URL": "http://127.0.0.1:1"})

    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("minutes: Discord does not accept DISCORD_TOKEN")
    assert "wrong-token" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_it_says_when_it_is_ready_and_ends_in_order(tmp_path: Path, world: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=environment(tmp_path, **world, ENGINE_URL="http://127.0.0.1:1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("bot ready"):
                process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 0, errors
    assert re.fullmatch(r"bot ready: \w+", next(line for line in lines if line.startswith("bot ready")))
    [link] = [line for line in lines if line.startswith("invite: ")]
    assert link.endswith(f"&permissions={permissions.least()}")
    assert lines[-1] == "ending ..."
    assert world["DISCORD_TOKEN"] not in "".join(lines) + errors
    assert "Traceback" not in errors
