"""From the end of a word to its interim text on the page, and from the end of an utterance to its final line there.

A real browser hears a recording, the real engine runs as a program of its own. A word ends where the engine's own alignment of the
final text says; an utterance ends with its last voiced sample. Both are counted from the moment at which the page had captured
that sample; what the device needs before it is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

import sandbox
from sandbox.people.script import Meeting
from tests.clients.install import Unavailable, find_chromium
from tests.web.browser import browser, person, recording
from tests.web.engine import engine_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RECORDING: Final = Path(sandbox.__file__).parent / "meetings" / "weekly-sync"
RATE: Final = 16_000
PAUSE: Final = 2.5
"""Seconds between utterances; what comes later than this counts as lost."""
VOICED: Final = 0.01
"""The level of a block, as a share of full scale, from which on it is voice."""

_WATCH: Final = """() => {
  const log = { sent: [], seen: [], finals: [] };
  window.latencyLog = log;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (data instanceof Int16Array) {
      log.sent.push({ at: performance.now(), size: data.length, peak: data.reduce((most, one) => Math.max(most, Math.abs(one)), 0) });
    }
    if (typeof data === "string" && data.includes("start_request")) {
      this.addEventListener("message", ({ data: text }) => {
        const { message } = text.startsWith("{") ? JSON.parse(text) : {};
        if (message?.isFinal) log.finals.push({ at: performance.now(), words: message.payload.raw.alternatives[0].words });
      });
    }
    return send.call(this, data);
  };
  document.addEventListener("DOMContentLoaded", () => {
    const texts = (where) => [...document.querySelectorAll(where)].map((node) => node.textContent);
    const note = () => log.seen.push({ at: performance.now(), interim: texts("#interims .said").join(" "), lines: texts("#live-lines .said") });
    new MutationObserver(note).observe(document.getElementById("live"), { childList: true, subtree: true, characterData: true });
  });
}"""


@dataclass(frozen=True, slots=True)
class Result:
    """Latencies in seconds. `unseen`: words that came with the final line alone, because no interim showed them before.

    `lost`: utterances whose line did not come before the next one began.
    """

    words: tuple[float, ...]
    utterances: tuple[float, ...]
    unseen: int
    lost: int


class Capture:
    """When the page had captured a sample of its stream, in milliseconds of its own clock."""

    def __init__(self, sent: Sequence[dict[str, float]]) -> None:
        self._ends = np.cumsum([block["size"] for block in sent])
        self._times = np.array([block["at"] for block in sent])
        loud = next(index for index, block in enumerate(sent) if block["peak"] > VOICED * 32_768)
        self.first_voice = float(self._ends[loud] - sent[loud]["size"])

    def at(self, sample: float) -> float:
        """The block that holds the sample went out when its last sample had been captured."""
        index = min(int(np.searchsorted(self._ends, sample)), len(self._times) - 1)
        return float(self._times[index] - (self._ends[index] - sample) / RATE * 1000)


def read(log: dict[str, Any], spans: Sequence[tuple[float, float]]) -> Result:
    """What the watched page tells; `spans` are the utterances, in seconds from the first voiced sample."""
    capture = Capture(log["sent"])
    words: list[float] = []
    unseen = 0
    previous = 0.0
    for final in log["finals"]:
        wanted = [_plain(word["word"]) for word in final["words"]]
        interims = [(each["at"], _words(each["interim"])) for each in log["seen"] if previous < each["at"] <= final["at"]]
        for index, word in enumerate(final["words"]):
            end = capture.at(_seconds(word["endTime"]) * RATE)
            shown = [at for at, said in interims if said[: index + 1][index:] == [wanted[index]]]
            if shown:
                words.append((min(shown) - end) / 1000)
            else:
                unseen += 1
        previous = final["at"]
    grown = [
        each["at"]
        for before, each in zip(log["seen"], log["seen"][1:], strict=False)
        if len(each["lines"]) > len(before["lines"])
    ]
    moments = [[capture.at(capture.first_voice + place * RATE) for place in span] for span in spans]
    utterances = []
    for (_, end), (following, _) in zip(moments, [*moments[1:], [float("inf"), 0.0]], strict=True):
        lines = [at for at in grown if end < at < following]
        if lines:
            utterances.append((lines[-1] - end) / 1000)
    return Result(tuple(words), tuple(utterances), unseen, len(spans) - len(utterances))


def _seconds(moment: dict[str, str]) -> float:
    return int(moment["seconds"]) + int(moment["nanos"]) / 1e9


def _plain(word: str) -> str:
    return re.sub(r"[^\w']", "", word.lower())


def _words(text: str) -> list[str]:
    return [plain for word in text.split() if (plain := _plain(word))]


def _voiced(samples: NDArray[np.int16]) -> tuple[int, int]:
    """The first voiced sample, and one behind the last."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > VOICED * 32_768)
    return int(loud[0]), int(loud[-1]) + 1


async def measure(count: int) -> Result:
    """One meeting of `count` utterances."""
    meeting = Meeting.load(RECORDING)
    turns = [meeting.sound(turn) for turn in meeting.turns if turn.end - turn.start > 2][:count]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        sound = Path(folder) / "said.wav"
        length = recording(sound, turns, pause=PAUSE, rate=meeting.rate)
        async with engine_program(Path(folder) / "engine") as program, browser(sound) as running, person(running) as somebody:
            await somebody.page.add_init_script(f"({_WATCH})()")
            await somebody.begin(program.url, "Speaker")
            await somebody.live()
            await asyncio.sleep(length + 2)
            log = await somebody.page.evaluate("latencyLog")
    first = _voiced(turns[0])[0]
    starts = np.cumsum([0, *(len(turn) + round(PAUSE * meeting.rate) for turn in turns[:-1])])
    spans = []
    for start, turn in zip(starts, turns, strict=True):
        begin, end = _voiced(turn)
        spans.append(((start + begin - first) / meeting.rate, (start + end - first) / meeting.rate))
    return read(log, spans)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=10)
    count = parser.parse_args().utterances
    try:
        find_chromium()
    except Unavailable as reason:
        print(reason)
        return
    result = asyncio.run(measure(count))
    table = Table("", "number", "median s", "95 % s", title="What the page shows, after it was said")
    figures: dict[str, float] = {"unseen_words": result.unseen, "lost": result.lost}
    for name, label, values in (
        ("interim", "end of a word to its interim", result.words),
        ("final", "end of an utterance to its line", result.utterances),
    ):
        median, most = (float(np.percentile(values, share)) if values else float("nan") for share in (50, 95))
        table.add_row(label, str(len(values)), f"{median:.2f}", f"{most:.2f}")
        figures |= {f"{name}_median_s": round(median, 3), f"{name}_p95_s": round(most, 3)}
    Console().print(table)
    print(f"{result.unseen} words came with their line, before an interim showed them; {result.lost} lines came too late.")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
