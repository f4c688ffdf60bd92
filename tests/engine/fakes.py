"""Stand-ins with behaviour: a recogniser that reads constant levels, insights that look for marks, a clock of one's own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from audio.pcm import BYTES_PER_SECOND, SAMPLE_RATE, silence
from engine.errors import Overloaded
from engine.insights.types import Changes, Due, Insight, Speaker, Topic, Utterance
from engine.recognition.language import check_language, primary
from engine.recognition.types import Capabilities, Final, Interim, Lost, Word

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from engine.recognition.types import Result

SENTENCES = {
    1: "Good morning.",
    2: "Who takes the minutes?",
    3: "I will send the draft.",
    4: "Let us call Bob.",
    5: "The release plan is ready.",
    6: "Jane, call 555 123 4567 or mail bob@example.com.",
    7: "This is awesome, I really love it.",
    8: "I will fly to Berlin on Friday with Bob.",
    9: "The release plan is a terrible disaster.",
}
UNREADABLE = 20
"""A level that the recogniser fails on."""
PAUSE = 0.5
"""Seconds of silence that end an utterance."""


def say(number: int, seconds: float = 0.5, rate: int = SAMPLE_RATE) -> bytes:
    """LINEAR16 that `LevelRecognition` reads as a sentence of `SENTENCES`."""
    return np.full(round(seconds * rate), number * 1000, "<i2").tobytes()


def pause(seconds: float = PAUSE) -> bytes:
    return silence(seconds)


class LevelStream:
    """A stretch of one level is an utterance; silence, another level or the end of the stream ends it."""

    def __init__(self, *, vocabulary: Sequence[str] = (), language: str = "en", interims: bool = True) -> None:
        self.vocabulary = tuple(vocabulary)
        self._interims = interims
        self._language = language
        self.fed = 0
        self.open = True
        self.held: asyncio.Event | None = None
        """Set by a test: the end of the stream waits for it."""
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()
        self._spoken: list[int] = []
        self._start = 0.0
        self._quiet = 0.0

    def feed(self, pcm: bytes) -> None:
        assert self.open, "fed after its end"
        assert len(pcm) % 2 == 0
        before = self._spoken
        for block in np.array_split(np.frombuffer(pcm, "<i2"), max(1, len(pcm) // 320)):
            self._hear(block)
        if self._interims and self._spoken and self._spoken is before:
            self._results.put_nowait(Interim(self._start, self._text()))

    def _hear(self, block: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
        length = len(block) / SAMPLE_RATE
        level = round(float(np.median(block)) / 1000) if len(block) else 0
        if self._spoken and (self._quiet >= PAUSE or (level and level != self._spoken[-1])):
            self._end()
        if level:
            if not self._spoken:
                self._start = self.fed / BYTES_PER_SECOND
            self._spoken.append(level)
            self._quiet = 0.0
        else:
            self._quiet += length
        self.fed += 2 * len(block)
        if self._spoken and self._quiet >= PAUSE:
            self._end()

    def _text(self) -> str:
        return SENTENCES.get(self._spoken[len(self._spoken) // 2], "What?")

    def _end(self) -> None:
        end = self.fed / BYTES_PER_SECOND - self._quiet
        if UNREADABLE in self._spoken:
            self._results.put_nowait(Lost(self._start, end))
            self._spoken, self._quiet = [], 0.0
            return
        words = self._text().split()
        each = (end - self._start) / len(words)
        timed = tuple(
            Word(word, self._start + each * index, self._start + each * (index + 1), 0.9) for index, word in enumerate(words)
        )
        self._results.put_nowait(Final(self._start, end, self._text(), 0.9, timed, language=self._language))
        self._spoken, self._quiet = [], 0.0

    async def caught_up(self) -> None:
        await asyncio.sleep(0)

    async def results(self) -> AsyncIterator[Result]:
        while (result := await self._results.get()) is not None:
            yield result

    async def finish(self) -> None:
        assert self.open, "finished twice"
        self.open = False
        if self.held is not None:
            await self.held.wait()
        if self._spoken:
            self._end()
        self._results.put_nowait(None)

    async def abort(self) -> None:
        self.open = False
        self._results.put_nowait(None)


class LevelRecognition:
    """Room for `room` streams at a time."""

    languages = frozenset({"en"})

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.streams: list[LevelStream] = []
        self.held: asyncio.Event | None = None
        self.closed = False

    def check_language(self, language: str) -> None:
        check_language(language, "Level", Capabilities(self.languages, detects=False))

    def open(self, *, vocabulary: Sequence[str] = (), language: str = "en-US", interims: bool = True) -> LevelStream:
        self.check_language(language)
        if sum(stream.open for stream in self.streams) >= self.room:
            raise Overloaded(f"This machine recognises {self.room} streams at a time.")
        stream = LevelStream(vocabulary=vocabulary, language=primary(language), interims=interims)
        stream.held = self.held
        self.streams.append(stream)
        return stream

    def lag(self) -> float:
        return 0.0

    async def close(self) -> None:
        self.closed = True


class MarkInsights:
    """A question mark is a question, "I will" an action item, "call" a follow-up; "release plan" a topic."""

    def __init__(self, threshold: float = 0.5) -> None:
        self._threshold = threshold
        self.heard: list[Utterance] = []
        self.known: list[Speaker] = []
        self._insights: dict[str, Insight] = {}

    def push(self, utterance: Utterance) -> Changes:
        self.heard.append(utterance)
        found = [item for item in self._found(utterance) if item.score >= self._threshold]
        self._insights.update({item.key: item for item in found})
        topics = self._topics() if "release plan" in utterance.text else ()
        return Changes(tuple(found), topics)

    def _found(self, said: Utterance) -> list[Insight]:
        who, key = said.speaker, said.id
        item = Insight(key, "question", said.text, 0.9, (said.id,), who)
        if "?" in said.text:
            return [item]
        if "I will" in said.text:
            text = said.text.replace("I will", f"{who.name} will").replace(".", " by Friday.")
            friday = (said.start + timedelta(days=(4 - said.start.weekday()) % 7)).replace(
                hour=8, minute=0, second=0, microsecond=0
            )
            due = Due(friday, "by Friday", text.index("by Friday"))
            return [replace(item, kind="action_item", text=text, assignee=who, due=due)]
        if "call" in said.text:
            return [replace(item, kind="follow_up", score=0.7)]
        return []

    def _topics(self) -> tuple[Topic, ...]:
        refs = tuple(said.id for said in self.heard if "release plan" in said.text)
        return (Topic("release plan", "release plan", 0.8, refs, ("plan",), ("launch",)),) if refs else ()

    def finish(self) -> Changes:
        return Changes(tuple(self._insights.values()), self._topics())

    def roster(self, speakers: Sequence[Speaker]) -> None:
        self.known = list(speakers)


class OwnClock:
    """Time that stands still until a test moves it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waiting))
        await waiting

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [waiting for at, waiting in self._sleepers if at <= self.now]
        self._sleepers = [(at, waiting) for at, waiting in self._sleepers if at > self.now]
        for waiting in due:
            if not waiting.done():
                waiting.set_result(None)
