"""The commands as programs, with the engine and the model that they start by themselves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.speech import SHIPPED
from engine.recognition import models
from engine.settings import EngineSettings

ROOT = Path(__file__).parents[3]
CLIP, SENTENCE = SHIPPED / "lj_LJ001-0002.flac", "in being comparatively modern"
LONG = SHIPPED / "lj_LJ001-0003.flac"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    model = models.find(EngineSettings())
    assert model is not None, "run `make setup` first"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISCORD_", "ENGINE_"))}
    return {**kept, "DATA_DIR": str(folder), "ENGINE_MODEL_DIR": str(model.resolve()), "PYTHONPATH": str(ROOT), **settings}


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def words(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower()).strip()


@pytest.mark.model
def test_a_recording_is_transcribed_and_its_conversation_read_again(tmp_path: Path) -> None:
    out = tmp_path / "modern.vtt"
    done = run(tmp_path, "transcribe", str(CLIP), "--speaker", "Linda", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert words(out.read_text(encoding="utf-8").rpartition("<v Linda>")[2]) == SENTENCE
    assert re.search(r"0:01 of sound in [\d.]+ s: real-time factor \d\.\d{3}", done.stdout)
    (conversation_id,) = re.findall(r"^Conversation (\d{16})$", done.stdout, re.MULTILINE)

    again = run(tmp_path, "conversation", conversation_id, "--json")
    assert again.returncode == 0, again.stderr
    (message,) = json.loads(again.stdout)["messages"]
    assert (words(message["text"]), message["from"]["name"]) == (SENTENCE, "Linda")


@pytest.mark.model
def test_a_meeting_at_the_microphone_ends_in_order_at_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "mic", "--play", str(LONG), "--speaker", "Linda", "--title", "Printing"]
    group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        creationflags=group,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("listening to "):
                process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))
                break
        shown, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "you ended it." in shown
    assert re.search(r"^Conversation \d{16}$", shown, re.MULTILINE)
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["transcribe", "missing.wav"], "missing.wav"),
        (["mic", "--play", "missing.wav"], "missing.wav"),
        (["token"], "minutes serve"),
        (["mic", "--device", "no such device"], "microphone"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, arguments: list[str], reason: str) -> None:
    done = run(
        tmp_path, *arguments, **({} if "--play" not in arguments else {"ENGINE_URL": "http://127.0.0.1:1"}), ENGINE_PORT="1"
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("minutes: ")
    assert reason in line
    assert done.stdout == ""


def test_a_file_whose_suffix_is_no_format_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = run(tmp_path, "transcribe", str(CLIP), "--out", "x.doc")
    assert done.returncode == 2
    assert "txt, md, srt, vtt, json" in done.stderr
