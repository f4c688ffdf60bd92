"""`minutes transcribe` as its user runs it: `python -m benchmarks.transcribe [--speech FOLDER] [--hours HOURS]`.

Accuracy and speed: all clips one after the other in one file. Memory: a long file, mostly silence as meetings are, with a clip in
each minute; how much the command and its engine hold after a tenth, half and all of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from audio.pcm import SAMPLE_BYTES, SAMPLE_RATE, seconds, silence
from benchmarks.speech import SHIPPED, load, rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.speech import Clip

_PAUSE: Final = 1.5
"""Seconds of silence between clips."""
_LINE: Final = re.compile(r"\[(?:(\d+):)?(\d+):(\d\d)\] ")
_SPEED: Final = re.compile(r"real-time factor ([\d.]+)")


@dataclass(slots=True)
class Run:
    """One call of the command: what it printed, and by the place in the recording the memory of command and engine together, in MB."""

    printed: str = ""
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def factor(self) -> float:
        """Seconds of work for a second of sound."""
        found = _SPEED.search(self.printed)
        return float(found[1]) if found else float("nan")


def transcribe(path: Path, *options: str) -> Run:
    """Run the command and look at its memory whenever it shows a line."""
    run = Run()
    command = [sys.executable, "-m", "bot", "transcribe", str(path), "--mix", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8") as process:
        assert process.stdout is not None
        for line in process.stdout:
            run.printed += line
            if (place := _LINE.match(line)) and (held := _memory(process.pid)):
                hours, minutes, rest = (int(part or 0) for part in place.groups())
                run.memory.append((hours * 3600 + minutes * 60 + rest, held))
    if process.returncode:
        raise SystemExit(f"minutes transcribe ended with {process.returncode}: {run.printed}")
    return run


def _memory(pid: int) -> float:
    """MB of resident memory of a process and its children; 0 where there is no `ps`."""
    if os.name != "posix":
        return 0.0
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=False).stdout  # noqa: S607 - the system's own
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return sum(rss for own, parent, rss in rows if pid in {own, parent}) / 1024


def write(path: Path, pieces: Iterable[bytes]) -> Path:
    """16 kHz mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE)
        for piece in pieces:
            file.writeframes(piece)
    return path


def accuracy(clips: Sequence[Clip], folder: Path) -> tuple[dict[str, float], float]:
    """Word error rates in per cent by kind, and the real-time factor, of all clips in one file."""
    places, pieces, at = [], [], 0.0
    for clip in clips:
        pcm = clip.pcm()
        places.append((at - _PAUSE / 2, at + seconds(pcm) + _PAUSE / 2))
        pieces += [pcm, silence(_PAUSE)]
        at += seconds(pcm) + _PAUSE
    run = transcribe(write(folder / "clips.wav", pieces), "--out", str(folder / "clips.json"))
    said = json.loads((folder / "clips.json").read_text(encoding="utf-8"))["messages"]
    texts = [" ".join(line["text"] for line in said if begin <= (line["start"] + line["end"]) / 2 < end) for begin, end in places]
    return rates(clips, texts), run.factor


def long_file(clips: Sequence[Clip], folder: Path, hours: float) -> Run:
    """A clip in each minute, the rest silence."""
    sounds = [clip.pcm() for clip in clips if clip.duration < 50][:20]
    minutes = (sounds[number % len(sounds)] for number in range(round(hours * 60)))
    path = write(folder / "long.wav", (sound + silence(60 - seconds(sound)) for sound in minutes))
    return transcribe(path)


def main() -> None:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl (default: the shipped clips)")
    parser.add_argument("--hours", type=float, default=0.5, help="length of the long file (default: 0.5)")
    wish = parser.parse_args()
    clips = load(wish.speech)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        error_rates, factor = accuracy(clips, folder)
        run = long_file(clips, folder, wish.hours)
    found: dict[str, float] = {f"word error rate, {kind} (%)": rate for kind, rate in error_rates.items()}
    found |= {"real-time factor": factor, "hours of the long file": wish.hours, "real-time factor, long file": run.factor}
    if run.memory:
        tenth = next(held for place, held in run.memory if place >= wish.hours * 360)
        half = next(held for place, held in run.memory if place >= wish.hours * 1800)
        found |= {
            "memory after a tenth (MB)": tenth,
            "memory after a half (MB)": half,
            "memory at the end (MB)": run.memory[-1][1],
        }
    table = Table("figure", "value", title="minutes transcribe")
    for label, value in found.items():
        table.add_row(label, f"{value:.3f}")
    Console().print(table)
    print(json.dumps({"benchmark": "transcribe", **found}))


if __name__ == "__main__":
    main()
