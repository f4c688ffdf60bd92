"""An engine with a scripted recogniser, as a program of its own: what it says tells exactly which sound arrived, and in which order.

`python -m benchmarks.scripted FOLDER` prints its address, id and secret as one JSON line, and its memory for each line on stdin.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from audio.pcm import BYTES_PER_SECOND
from engine.credentials import load_credentials
from engine.insights.engine import InsightEngine
from engine.recognition.types import Final, Interim, Word
from engine.serve import address, bind, serve
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from engine.recognition.types import Result

SENTENCE_SECONDS = 2.0
INTERIM_SECONDS = 0.5


def sentence(number: int, checksum: int) -> str:
    """What is said after so many sentences, by the CRC-32 of all sound so far."""
    return f"I will send the draft to Berlin by Friday, which is great, number {number} sum {checksum}."


class ScriptedStream:
    """An interim every half second of sound, a final every two; the CRC-32 of what was fed stands in each final."""

    def __init__(self) -> None:
        self._sentence_bytes = int(SENTENCE_SECONDS * BYTES_PER_SECOND)
        self._interim_bytes = int(INTERIM_SECONDS * BYTES_PER_SECOND)
        self._fed = 0
        self._checksum = 0
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()

    def feed(self, pcm: bytes) -> None:
        """Take sound; results come where the script says, whatever the frames."""
        while pcm:
            room = self._interim_bytes - self._fed % self._interim_bytes
            piece, pcm = pcm[:room], pcm[room:]
            self._checksum = zlib.crc32(piece, self._checksum)
            self._fed += len(piece)
            if self._fed % self._sentence_bytes == 0:
                self._results.put_nowait(self._final())
            elif self._fed % self._interim_bytes == 0:
                start = self._fed // self._sentence_bytes * SENTENCE_SECONDS
                self._results.put_nowait(Interim(start, "I will send the draft to Berlin"))

    def _final(self) -> Final:
        end = self._fed / BYTES_PER_SECOND
        start = end - SENTENCE_SECONDS
        text = sentence(round(end / SENTENCE_SECONDS), self._checksum)
        words = text.split()
        each = SENTENCE_SECONDS / len(words)
        timed = tuple(Word(word, start + at * each, start + (at + 1) * each, 0.9) for at, word in enumerate(words))
        return Final(start, end, text, 0.9, timed)

    async def caught_up(self) -> None:
        """The script is never behind."""

    async def results(self) -> AsyncIterator[Result]:
        """In the order of the sound."""
        while (result := await self._results.get()) is not None:
            yield result

    async def finish(self) -> None:
        """What is not a whole sentence is not said."""
        self._results.put_nowait(None)

    async def abort(self) -> None:
        """The same."""
        self._results.put_nowait(None)


class ScriptedRecognition:
    """Room for as many as come."""

    def open(self, *, vocabulary: Sequence[str] = (), language: str = "en-US", interims: bool = True) -> ScriptedStream:
        """A stream that follows the script; the arguments change nothing."""
        del vocabulary, language, interims
        return ScriptedStream()

    def check_language(self, language: str) -> None:
        """The script has one."""

    def lag(self) -> float:
        """Never behind."""
        return 0.0

    async def close(self) -> None:
        """Nothing runs."""


def memory() -> float:
    """Resident memory of this process in MB; its peak where the system does not tell the present value."""
    with contextlib.suppress(OSError):  # Linux alone has it
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    if sys.platform == "win32":
        return float("nan")
    import resource  # noqa: PLC0415 - Windows has no such module

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


async def _answer(settings: EngineSettings) -> None:
    credentials = load_credentials(settings)
    app_id, secret = next(iter(credentials.applications.items()))
    loop = asyncio.get_running_loop()

    async def recognition(_: EngineSettings) -> ScriptedRecognition:
        return ScriptedRecognition()

    with bind("127.0.0.1", 0) as listener:

        def ready() -> None:
            print(json.dumps({"url": address("127.0.0.1", listener), "appId": app_id, "appSecret": secret}), flush=True)

        serving = asyncio.create_task(serve(settings, credentials, recognition, InsightEngine, listener, ready))
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps({"memory": memory(), "cpu": time.process_time()}), flush=True)
        signal.raise_signal(signal.SIGINT)  # the server's own way to end in order
        await serving


if __name__ == "__main__":
    asyncio.run(_answer(EngineSettings.model_validate({"DATA_DIR": sys.argv[1]})))
