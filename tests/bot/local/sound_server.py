"""A sound server without hardware: what is played into its room is what its microphone hears, by way of ALSA and PortAudio."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.install import SoundServer

RATE: Final = 44_100
"""Samples a second of the microphone: no multiple of the recogniser's."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room with a loudspeaker and a microphone. `environment`: how programs find it."""

    player: str
    environment: dict[str, str]

    def play(self, recording: Path) -> None:
        """Play a recording to its end."""
        subprocess.run([self.player, "--device=room", str(recording)], env={**os.environ, **self.environment}, check=True)


@contextlib.contextmanager
def room(programs: SoundServer) -> Iterator[Room]:
    """A sound server of its own, away from the machine's."""
    with tempfile.TemporaryDirectory(prefix="room") as home:  # short: a socket's path has at most 107 characters
        Path(home, ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n", encoding="utf-8")
        own = {"HOME": home, "XDG_RUNTIME_DIR": home, "PULSE_RUNTIME_PATH": home, "PULSE_SOURCE": "room.monitor"}
        environment = {**os.environ, **own}
        subprocess.run(
            [
                *(programs.server, "-n", "--daemonize=yes", "--exit-idle-time=-1", "--log-target=null"),
                *("--load", f"module-null-sink sink_name=room rate={RATE}"),
                *("--load", "module-native-protocol-unix auth-anonymous=1"),
            ],
            env=environment,
            check=True,
        )
        try:
            yield Room(programs.player, own)
        finally:
            subprocess.run([programs.server, "--kill"], env=environment, check=True, capture_output=True)
