"""`minutes mic` at a microphone of the system's own: ALSA, PortAudio and another rate than the recogniser's."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.bot.local.sound_server import RATE, Room, room
from tests.bot.local.test_program import CLIP, environment, run, words
from tests.clients.conftest import or_skip
from tests.clients.install import find_sound_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def sound() -> Iterator[Room]:
    with room(or_skip(find_sound_server)) as it:
        yield it


def test_the_systems_microphone_is_listed_with_its_rate(sound: Room, tmp_path: Path) -> None:
    done = run(tmp_path, "mic", "--devices", **sound.environment)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"default\W+32\W+{RATE} Hz\W+default", done.stdout), done.stdout


@pytest.mark.model
def test_what_is_said_into_the_microphone_is_read(sound: Room, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "mic", "--speaker", "Linda"],
        cwd=tmp_path,
        env=environment(tmp_path, **sound.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        shown: list[str] = []
        for line in process.stdout:
            shown.append(line)
            if line.startswith("listening to "):
                sound.play(CLIP)
            if "Linda:" in line:
                process.send_signal(signal.SIGINT)
                break
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert words(shown[-1].partition("Linda:")[2]).endswith("being comparatively modern")
    assert re.search(r"^Conversation \d{16}$", rest, re.MULTILINE)
