"""How commands find an engine that runs already."""

from __future__ import annotations

import json
import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from bot.engine_door import Door, announce, find, withdraw
from bot.engine_process import EngineProcess
from engine.credentials import load_credentials
from engine.settings import EngineSettings
from tests.engine.server import APP, SECRETS, engine

if TYPE_CHECKING:
    from pathlib import Path


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "engine").mkdir()
    return tmp_path


async def test_an_announced_engine_that_answers_is_found(folder: Path) -> None:
    async with engine(folder) as running:
        door = Door(url=running.url, app_id=APP, app_secret=SECRETS[APP])
        announce(folder, door)
        assert await find(folder, unused_port()) == door
        announce(folder, door.model_copy(update={"app_secret": "another"}))
        assert await find(folder, unused_port()) is None
        announce(folder, door)
    assert await find(folder, unused_port()) is None, "it has ended"


async def test_an_engine_that_was_started_alone_is_found_on_its_port(folder: Path) -> None:
    kept = {"appId": APP, "appSecret": SECRETS[APP], "signingKey": "k" * 64}
    (folder / "engine" / "credentials.json").write_text(json.dumps(kept))
    async with engine(folder) as running:
        port = int(running.url.rsplit(":", 1)[1])
        found = await find(folder, port)
    assert found == Door(url=f"http://127.0.0.1:{port}", app_id=APP, app_secret=SECRETS[APP])


@pytest.mark.parametrize("nonsense", ["", "{}", "\x00", '{"url": 1}'])
async def test_a_spoiled_note_is_no_engine(folder: Path, nonsense: str) -> None:
    (folder / "engine" / "running.json").write_text(nonsense)
    assert await find(folder, unused_port()) is None


def test_only_its_owner_reads_it_and_only_its_own_is_taken_away(folder: Path) -> None:
    first, second = (Door(url=f"http://127.0.0.1:{port}", app_id="a", app_secret="s") for port in (1, 2))
    announce(folder, first)
    announce(folder, second)
    path = folder / "engine" / "running.json"
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    withdraw(folder, first)
    assert path.exists()
    withdraw(folder, second)
    withdraw(folder, second)
    assert [path.name for path in (folder / "engine").iterdir()] == []
    assert "'s'" not in repr(first)


def application(folder: Path) -> str:
    (app_id,) = load_credentials(EngineSettings.model_validate({"DATA_DIR": folder})).applications
    return app_id


@pytest.mark.parametrize("first", ["bot", "engine"])
async def test_conversations_belong_to_one_application_whoever_is_started_first(tmp_path: Path, first: str) -> None:
    alone = application(tmp_path) if first == "engine" else ""
    process = EngineProcess(tmp_path)
    await process.stop()
    assert application(tmp_path) == process.app_id == (alone or process.app_id)
