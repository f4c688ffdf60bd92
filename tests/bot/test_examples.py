from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from bot.storage.storage import Storage
from tests.bot.fakes import BEGIN
from tests.bot.publish.test_corrections import ITEM

if TYPE_CHECKING:
    from pathlib import Path


def minutes(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    environment = {**os.environ, "DATA_DIR": str(folder), "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - where the package lies
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


async def test_corrections_are_written_out_and_deleted(tmp_path: Path) -> None:
    storage = await Storage.open(tmp_path)
    numbers = await storage.items.add([ITEM], forget=BEGIN)
    await storage.items.correct(numbers["a"], "done", "", BEGIN)
    await storage.close()

    [line] = minutes(tmp_path, "export", "corrections").stdout.splitlines()
    assert json.loads(line)["label"] == "done"
    written = minutes(tmp_path, "export", "corrections", "--out", str(tmp_path / "examples.jsonl"))
    assert "1 corrections written" in written.stdout
    assert (tmp_path / "examples.jsonl").read_text(encoding="utf-8") == f"{line}\n"
    nowhere = minutes(tmp_path, "export", "corrections", "--out", str(tmp_path / "no" / "where"))
    assert nowhere.returncode == 1
    assert "cannot be written" in nowhere.stderr
    assert "1 corrections deleted" in minutes(tmp_path, "delete", "corrections").stdout
