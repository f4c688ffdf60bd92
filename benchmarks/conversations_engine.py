"""The engine for `benchmarks.conversations`: real but for its ears, which take each frame of sound for a sentence of the script.

Time is the script's: each sentence moves it on, so that eight hours go by as fast as the engine can keep what is said.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audio import pcm
from engine.app import create_app
from engine.conversations.store import Store
from engine.credentials import Credentials
from engine.insights.engine import InsightEngine
from engine.recognition.types import Final as Utterance
from engine.recognition.types import Word
from engine.serve import EngineServer, address, bind, settle
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

APP_ID: Final = "a" * 64
APP_SECRET: Final = "s" * 128
SPACING: Final = 2.88
"""Seconds from one sentence to the next: 10,000 of them are eight hours."""

_THINGS: Final = tuple(
    f"{kind} {thing}"
    for kind in ("release", "billing", "customer", "search", "payment")
    for thing in ("plan", "report", "survey", "index", "test")
)
_NAMES: Final = ("Jane", "Bob", "Eve", "Tom")
_FORMS: Final = (
    "I think the {thing} looks much better than it did last week.",
    "I will send the {thing} to {name} by Friday.",
    "Can you check the {thing} before the next meeting, {name}?",
    "The {thing} is blocked because of the {other}.",
    "We decided to move the {thing} behind the {other}.",
    "How long does the {thing} take now?",
    "That was really hard, but the {thing} is almost finished.",
    "Let us call the people of the {other} about the {thing}.",
    "Nobody complained about the {thing} in April.",
    "Yes, I agree with that.",
)


class ScriptClock:
    """Time that goes on with every sentence."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait, by the clock of this machine."""
        await asyncio.sleep(min(seconds, 1.0))


class ScriptStream:
    """A sentence for each frame that is not silent."""

    def __init__(self, clock: ScriptClock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self._place = 0.0
        self._results: asyncio.Queue[Utterance | None] = asyncio.Queue()

    def feed(self, sound: bytes) -> None:
        """Take a frame for a sentence."""
        start, self._place = self._place, self._place + pcm.seconds(sound)
        if any(sound):
            self._clock.now += SPACING
            self._results.put_nowait(self._say(start))

    def _say(self, start: float) -> Utterance:
        thing, other = self._random.sample(_THINGS, 2)
        form = self._random.choice(_FORMS)
        text = form.format(thing=thing, other=other, name=self._random.choice(_NAMES))
        words = text.split()
        each = self._random.uniform(0.22, 0.32)
        timed = tuple(Word(word, start + each * index, start + each * (index + 1), 0.93) for index, word in enumerate(words))
        return Utterance(start, start + each * len(words), text, 0.93, timed)

    async def caught_up(self) -> None:
        """Nothing ever waits."""

    async def results(self) -> AsyncIterator[Utterance]:
        """The sentences."""
        while (result := await self._results.get()) is not None:
            yield result

    async def finish(self) -> None:
        """No more will be said."""
        self._results.put_nowait(None)

    async def abort(self) -> None:
        """Stop at once."""
        self._results.put_nowait(None)


class ScriptRecognition:
    """Opens streams that speak the script."""

    def __init__(self, clock: ScriptClock) -> None:
        self._clock = clock
        self._opened = 0

    def open(self, *, vocabulary: Sequence[str] = (), language: str = "en-US", interims: bool = True) -> ScriptStream:  # noqa: ARG002 - the recogniser's own signature
        """A new speaker."""
        self._opened += 1
        return ScriptStream(self._clock, self._opened)

    def check_language(self, language: str) -> None:
        """The script has one."""

    def lag(self) -> float:
        """Nothing is ever late."""
        return 0.0

    async def close(self) -> None:
        """Nothing is held."""


async def serve(folder: Path) -> None:
    """Serve until a signal comes; the first line of output is the address."""
    clock = ScriptClock()
    store = await Store.open(folder / "engine" / "conversations.db")
    settings = EngineSettings(DATA_DIR=folder)
    app = create_app(
        settings,
        ScriptRecognition(clock),
        InsightEngine,
        store,
        clock=clock,
        credentials=Credentials({APP_ID: APP_SECRET}, "k" * 64),
    )
    with bind("127.0.0.1", 0) as listener:

        def ready() -> None:
            settle()
            print(address("127.0.0.1", listener), flush=True)

        await EngineServer(app, ready).serve([listener])


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
