"""`minutes demo`, whole: the real bot and engine in the sandbox hear a recorded meeting, on a good network and on a bad one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.recognition import models
from engine.settings import EngineSettings
from sandbox.people.script import Meeting
from sandbox.wer import Errors, word_errors

ROOT = Path(__file__).parents[2]
WEEKLY = ROOT / "sandbox" / "meetings" / "weekly-sync"
BAD_NETWORK = ("--loss", "0.05", "--reorder", "--jitter", "20", "--no-speaking-events")
COMING_AND_GOING = ("--join-late", "Carla", "--leave-early", "Dan")


@dataclass(frozen=True, slots=True)
class Run:
    """What a demo left behind."""

    code: int
    shown: str
    figures: dict[str, float]
    thread: str
    transcript: str


async def demo(folder: Path, *options: str) -> Run:
    out = folder / "out"
    prepared = models.find(EngineSettings())
    assert prepared is not None, "make setup prepares the model"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--out", str(out), *options),
        cwd=ROOT,
        env={
            **os.environ,
            "DATA_DIR": str(folder / "data"),
            "ENGINE_MODEL_DIR": str(prepared.resolve()),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        shown, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    text = shown.decode()
    assert process.returncode == 0, text
    return Run(
        code=process.returncode,
        shown=text,
        figures=json.loads((out / "figures.json").read_text(encoding="utf-8")),
        thread="\n".join(json.loads((out / "thread.json").read_text(encoding="utf-8"))),
        transcript=(out / "transcript.md").read_text(encoding="utf-8"),
    )


def own_word_error_rate(meeting: Meeting) -> float:
    """The recogniser's own, on the clean sound of each turn."""
    recogniser = models.load(EngineSettings())
    errors = [
        word_errors(turn.text, recogniser.transcribe(meeting.sound(turn).astype(np.float32) / np.float32(32768.0)).text)
        for turn in meeting.turns
    ]
    return sum(errors, Errors(0, 0)).rate


@pytest.mark.e2e
@pytest.mark.model
@pytest.mark.timeout(420)
async def test_a_recorded_meeting_from_voice_to_summary(tmp_path: Path) -> None:
    clean, rough = await asyncio.gather(demo(tmp_path / "clean"), demo(tmp_path / "rough", *BAD_NETWORK, *COMING_AND_GOING))
    own = own_word_error_rate(Meeting.load(WEEKLY))

    for run in (clean, rough):
        assert run.figures["misplaced"] == run.figures["missing"] == run.figures["untimely"] == 0
        for section in ("### Topics", "### Action items", "### Follow-ups", "### Questions", "### Talk time"):
            assert section in run.thread
        assert "transcript: " in run.shown

    assert clean.figures["turns"] == 26
    assert clean.figures["word_error_rate"] <= own + 0.03
    assert rough.figures["turns"] < 26, "who comes late or leaves early says less"
    assert rough.figures["word_error_rate"] <= own + 0.03

    assert "fix it by Thursday afternoon" in clean.transcript
    item = next(line for line in clean.thread.splitlines() if line.startswith("- ") and "Thursday afternoon" in line)
    assert "**Ben**" in item
    assert "https://discord.com/channels/" in item, "an item leads to the message that it comes from"
    assert "**Dan**: Did we ask the other hotel as well?" in clean.thread
