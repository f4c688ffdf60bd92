"""What the clients stream: turns of the recorded meeting, one after the other, as one person says them."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import SAMPLE_RATE, seconds, silence
from sandbox.people.script import Meeting

if TYPE_CHECKING:
    from collections.abc import Iterable

QUESTION: Final = 5
"""Is the payment bug one of those three?"""
PROMISE: Final = 6
"""Yes, the payment bug is the serious one. I will fix it by Thursday afternoon."""
REPORT: Final = 13
"""Not yet. I can ask them for a quote and report back next Monday."""
PAUSE: Final = 1.0
"""Seconds before, between and after the turns."""
LEAD: Final = 2.0
"""Seconds that a browser's microphone is silent first: clients throw away what they hear before the server listens."""
TAIL: Final = 60.0
"""Seconds that it is silent afterwards: a file that ends would end the microphone."""
_WEEKLY: Final = Path(__file__).parents[2] / "sandbox" / "meetings" / "weekly-sync"


@dataclass(frozen=True, slots=True)
class Recording:
    """Speech at 16 kHz in a file, `seconds` long until the last turn and a pause are over, and the words in it."""

    path: Path
    seconds: float
    text: str


def bare(folder: Path, turns: Iterable[int]) -> Recording:
    """Turns as LINEAR16 without a header."""
    sound, text = _say(turns)
    path = folder / "speech.pcm"
    path.write_bytes(sound)
    return Recording(path, seconds(sound), text)


def microphone(folder: Path, turns: Iterable[int]) -> Recording:
    """Turns as a WAV that begins and ends with silence."""
    said, text = _say(turns)
    path = folder / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(silence(LEAD) + said + silence(TAIL))
    return Recording(path, LEAD + seconds(said), text)


def channels(folder: Path, turns: Iterable[int]) -> Recording:
    """Turns as a WAV in which each has a channel of its own."""
    said = [_say([turn]) for turn in turns]
    apart = [np.frombuffer(sound, "<i2") for sound, _ in said]
    samples = np.zeros((sum(map(len, apart)), len(apart)), "<i2")
    place = 0
    for number, sound in enumerate(apart):
        samples[place : place + len(sound), number] = sound
        place += len(sound)
    path = folder / "channels.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(apart))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return Recording(path, place / SAMPLE_RATE, " ".join(text for _, text in said))


def _say(turns: Iterable[int]) -> tuple[bytes, str]:
    meeting = Meeting.load(_WEEKLY)
    script = {turn.number: turn for turn in meeting.turns}
    said = [script[number] for number in turns]
    sound = silence(PAUSE) + b"".join(meeting.sound(turn).tobytes() + silence(PAUSE) for turn in said)
    return sound, " ".join(turn.text for turn in said)
