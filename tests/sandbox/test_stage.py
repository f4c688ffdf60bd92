"""`python -m sandbox` as a program, with a scripted bot as another."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import wave
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sandbox.errors import SandboxError
from sandbox.people.script import Meeting
from sandbox.play import Script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
WEEKLY = ROOT / "sandbox" / "meetings" / "weekly-sync"
TURNS = [
    ("ana", 0.2, 0.7, "Good morning everyone."),
    ("bo", 0.9, 1.3, "The login crash is fixed."),
    ("ana", 1.5, 1.9, "Please test it again."),
    ("bo", 4.0, 4.4, "I will do that on Friday."),
]


@dataclass
class Ended:
    code: int
    out: str
    err: str
    folder: Path


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """A meeting of four short turns; a WAV file under FLAC's name is read all the same."""
    folder = tmp_path / "meeting"
    folder.mkdir()
    tone = (8000 * np.sin(np.arange(5 * 16000) * 2 * np.pi * 300 / 16000)).astype("<i2")
    for speaker in ("ana", "bo"):
        with wave.open(str(folder / f"{speaker}.flac"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(tone.tobytes())
    turns = [{"n": n, "speaker": s, "start": a, "end": b, "text": t} for n, (s, a, b, t) in enumerate(TURNS)]
    script = {"title": "Short", "names": {"ana": "Ana", "bo": "Bo"}, "sample_rate": 16000, "turns": turns}
    (folder / "meeting.json").write_text(json.dumps(script), encoding="utf-8")
    return folder


@asynccontextmanager
async def program(*command: str, env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


async def perform(meeting: Path, folder: Path, *options: str, **bot: str) -> Ended:
    async with program("-m", "sandbox", "--meeting", str(meeting), "--out", str(folder), *options, env={}) as stage:
        assert stage.stdout is not None
        world = json.loads(await stage.stdout.readline())
        async with program("-m", "tests.sandbox.scripted_bot", env={**world, **bot}):
            out, err = await stage.communicate()
    assert stage.returncode is not None
    return Ended(stage.returncode, out.decode(), err.decode(), folder)


def blocks(*lines: tuple[str, float, str]) -> str:
    return json.dumps([f"**{name}** `0:{start:02.0f}` {text}" for name, start, text in lines])


GOOD = [(speaker.title(), start, text) for speaker, start, _, text in TURNS]


async def test_stage_tells_good_threads_from_bad_ones(meeting: Path, tmp_path: Path) -> None:
    wrong = [("Ana", start, text) for _, start, text in GOOD]
    late = [*GOOD[:-1], ("Bo", 30.0, GOOD[-1][2])]
    good, bad, untimely, refused = await asyncio.gather(
        perform(meeting, tmp_path / "good", BOT_LINES=blocks(*GOOD), BOT_FILE="all of it"),
        perform(meeting, tmp_path / "bad", "--loss", "0.05", BOT_LINES=blocks(*wrong), BOT_FILE="x"),
        perform(meeting, tmp_path / "untimely", BOT_LINES=blocks(*late), BOT_FILE="x"),
        perform(meeting, tmp_path / "refused", BOT_REFUSES="I may not connect there."),
    )

    assert good.code == 0, good.err
    assert "The login crash is fixed." in good.out
    assert "every person's sentences stand under their own name" in good.out
    assert (good.folder / "transcript.md").read_text() == "all of it"
    assert json.loads((good.folder / "figures.json").read_text())["word_error_rate"] == 0.0

    assert bad.code == 1
    assert "2 of 4 turns stand under a wrong name, the first is Bo's under Ana" in bad.err

    assert untimely.code == 1
    assert "1 of 4 times are wrong, the worst by 2" in untimely.err

    assert refused.code == 1
    assert "it answered: I may not connect there." in refused.err
    assert "Traceback" not in good.err + bad.err + refused.err


async def test_who_is_late_or_leaves_is_not_expected_to_speak(meeting: Path, tmp_path: Path) -> None:
    heard = [GOOD[0], GOOD[3]]
    options = ("--join-late", "bo", "--leave-early", "Ana", "--no-speaking-events", "--reorder", "--jitter", "20")
    ended = await perform(meeting, tmp_path / "out", *options, BOT_LINES=blocks(*heard), BOT_FILE="x")
    assert ended.code == 0, ended.err
    assert json.loads((ended.folder / "figures.json").read_text())["turns"] == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--join-late", "Zoe"), "Nobody in the meeting is called Zoe"),
        (("--meeting", "/nowhere"), "The meeting in /nowhere cannot be read"),
        (("--loss", "5"), "--loss is a share from 0 to 1"),
    ],
)
async def test_wrong_options_are_one_sentence(options: tuple[str, ...], sentence: str) -> None:
    async with program("-m", "sandbox", *options, env={}) as stage:
        out, err = await stage.communicate()
    assert stage.returncode != 0
    assert out == b""
    assert sentence in err.decode()
    assert err.count(b"\n") == 1


def test_halves_of_the_shipped_meeting() -> None:
    meeting = Meeting.load(WEEKLY)
    script = Script(meeting, late="carla", early="dan")
    assert (script.arrivals(), script.departures()) == ({"carla": 13}, {"dan": 12})


def test_who_never_speaks_in_that_half_cannot_be_late(meeting: Path) -> None:
    full = Meeting.load(meeting)
    half = Meeting(full.title, full.names, full.turns[:2], full.rate, full.tracks)
    with pytest.raises(SandboxError, match="Ana says nothing in the second half"):
        Script(half, late="ana").arrivals()
