"""The demo's own part, with small programs in the places of sandbox and bot."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from bot.demo import KEPT, Demo
from bot.errors import MinutesError

if TYPE_CHECKING:
    from pathlib import Path

SANDBOX = """
import json, socket, sys
door = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"DISCORD_TOKEN": "t", "DOOR": door.getsockname()[1]}), flush=True)
door.accept()
print("Alice: Hello. 你好", flush=True)
print("options: " + " ".join(sys.argv[1:]), flush=True)
sys.exit(4 if "--bad" in sys.argv else 0)
"""
BOT = """
import os, pathlib, signal, socket, sys
folder = pathlib.Path(os.environ["DATA_DIR"])
print("starting the engine ...", flush=True)
print("secret detail", file=sys.stderr, flush=True)
print("bot ready: Minutes", flush=True)
def end(*_):
    (folder / "meetings" / "m1").mkdir(parents=True)
    (folder / "meetings" / "m1" / "transcript.md").write_text("# Hello")
    print("ended in order", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
waiting, _ = socket.socketpair()
socket.create_connection(("127.0.0.1", int(os.environ["DOOR"])))
waiting.recv(1)
"""


def demo(folder: Path, said: list[str], *, sandbox: str = SANDBOX, bot: str = BOT) -> Demo:
    return Demo(
        folder,
        say=said.append,
        sandbox=(sys.executable, "-c", sandbox),
        bot=(sys.executable, "-c", bot),
    )


def written(folder: Path, name: str) -> Path:
    [path] = folder.rglob(name)
    return path


async def test_it_shows_progress_the_meeting_and_where_the_transcript_lies(tmp_path: Path) -> None:
    said: list[str] = []
    code = await demo(tmp_path, said).run(["--loss", "0.05"])

    shown = "\n".join(said)
    assert code == 0
    assert "starting the simulated Discord ..." in said[0]
    assert "starting the engine ..." in shown
    assert "bot ready: Minutes" in shown
    assert "Alice: Hello. 你好" in said
    assert "options: --loss 0.05" in said
    assert "secret detail" not in shown
    assert said[-1].endswith(f"transcript: {written(tmp_path, 'transcript.md')}")
    log = written(tmp_path, "bot.log").read_text()
    assert "secret detail" in log
    assert "ended in order" in log


async def test_its_exit_code_is_the_sandboxs(tmp_path: Path) -> None:
    said: list[str] = []

    assert await demo(tmp_path, said).run(["--bad"]) == 4
    assert "The last lines of the bot's log:" in "\n".join(said)


async def test_a_bot_that_dies_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    said: list[str] = []
    dying = "import sys; print('starting the engine ...'); print('minutes: no model', file=sys.stderr); sys.exit(1)"

    assert await demo(tmp_path, said, bot=dying).run([]) == 1
    assert "The bot ended with code 1. Its last words:" in said[-1]
    assert "minutes: no model" in said[-1]


async def test_a_sandbox_that_does_not_start_ends_the_demo(tmp_path: Path) -> None:
    assert await demo(tmp_path, [], sandbox="import sys; sys.exit(2)").run(["--nonsense"]) == 2


async def test_a_sandbox_that_says_nonsense_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MinutesError, match="cannot be read: hello"):
        await demo(tmp_path, [], sandbox="print('hello')").run([])


async def test_the_prepared_model_is_found_from_the_demos_own_folder(tmp_path: Path) -> None:
    (tmp_path / "models" / "moonshine").mkdir(parents=True)
    (tmp_path / "models" / "moonshine" / "manifest.json").write_text("{}")
    told = "import json, os, sys; print(json.dumps({k: os.environ[k] for k in ('ENGINE_MODEL_DIR', 'DATA_DIR')})); sys.exit(1)"
    said: list[str] = []
    await demo(tmp_path, said, bot=told).run([])

    found = json.loads(said[-1].splitlines()[1])
    assert found["ENGINE_MODEL_DIR"] == str((tmp_path / "models" / "moonshine").resolve())
    assert found["DATA_DIR"].startswith(str(tmp_path / "demo"))


async def test_what_stands_in_for_moonshine_is_found_from_there_too(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "whisper-tiny.en"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    told = "import os, sys; print(os.environ['ENGINE_MODEL'], 'ENGINE_MODEL_DIR' in os.environ); sys.exit(1)"
    said: list[str] = []
    await demo(tmp_path, said, bot=told).run([])
    assert f"whisper:{folder.resolve()} False" in said[-1]


async def test_old_demos_are_deleted(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / "demo" / f"2020-01-{number:02}").mkdir(parents=True)
    await demo(tmp_path, [], sandbox="import sys; sys.exit(2)").run([])

    left = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert len(left) == KEPT
    assert left[-1].startswith("2")
    assert "2020-01-03" not in left
