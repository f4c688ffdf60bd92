"""One conversation with the engine: a stream that reads everything, and one for each speaker."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import EngineDown
from bot.languages import DEFAULT
from bot.meetings.ports import Voice
from bot.streaming.events import (
    ConversationCreated,
    Dropped,
    FinalResult,
    InsightSeen,
    Interim,
    Lost,
    Regained,
    Sentence,
    ServerError,
    TopicsSeen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.engine_client import EngineClient
    from bot.streaming.session import StreamSession
    from wire.insights import StreamInsight

log = logging.getLogger(__name__)

STALLED = 120.0
"""Seconds after which an engine that takes no sound is given up."""


@dataclass(frozen=True, slots=True)
class Said:
    """A finished sentence; times in seconds on the clock that the sound was fed with."""

    start: float
    end: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody is saying, as far as it is understood; empty when it came to nothing."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """An action item, a follow-up or a question; the same id again replaces it."""

    insight: StreamInsight


@dataclass(frozen=True, slots=True)
class TalkedAbout:
    """The topics so far."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the person should know: sound was lost, the engine is away or back."""

    text: str


TalkEvent = Said | Saying | Noticed | TalkedAbout | Trouble


class Talk:
    """Opened once, fed, and ended. `names`: one speaker each; `tell` hears what comes of it; `language` is a code, or `auto`."""

    def __init__(
        self,
        engine: EngineClient,
        title: str,
        names: Sequence[str],
        tell: Callable[[TalkEvent], None],
        language: str = DEFAULT,
    ) -> None:
        connection_id = uuid.uuid4().hex
        self._tell = tell
        self._anchor = engine.line(connection_id, title=title, language=language)
        self._lines = [
            engine.line(connection_id, title=title, voice=Voice(number, name), language=language, interims=True)
            for number, name in enumerate(names, start=1)
        ]
        self._names = tuple(names)
        self._readers: list[asyncio.Task[None]] = []
        self.conversation_id: str | None = None

    async def open(self) -> None:
        """Returns when the engine listens. Raises `EngineError`."""
        try:
            for line in (self._anchor, *self._lines):
                await line.open()
        except BaseException:
            await self.close()
            raise
        self._readers = [asyncio.create_task(self._follow(), name="conversation")]
        self._readers += [
            asyncio.create_task(self._hear(line, number, name), name=f"speaker {number}")
            for number, (line, name) in enumerate(zip(self._lines, self._names, strict=True), start=1)
        ]

    def feed(self, speaker: int, pcm: bytes, at: float) -> None:
        """16 kHz mono LINEAR16 of a speaker, by index, that begins `at` seconds."""
        self._lines[speaker].feed(pcm, at)

    async def drained(self, seconds: float) -> None:
        """Wait until at most `seconds` of sound of each speaker wait to be sent. Raises `EngineDown`."""
        try:
            async with asyncio.timeout(STALLED):
                for line in self._lines:
                    await line.drained(seconds)
        except TimeoutError as error:
            raise EngineDown(f"The engine has taken no sound for {STALLED:.0f} s: look at its log, and start again.") from error

    async def end(self) -> None:
        """Send what is left and wait for the last words; afterwards the whole conversation can be read by its id."""
        confirmed = await asyncio.gather(*(line.stop() for line in self._lines))
        confirmed.append(await self._anchor.stop())
        await self._finish_reading()
        if not all(confirmed):
            self._tell(Trouble("The engine did not confirm the end: the last words may be missing."))

    async def close(self) -> None:
        """Hang up at once."""
        await asyncio.gather(*(line.close() for line in (self._anchor, *self._lines)))
        await self._finish_reading()

    async def _finish_reading(self) -> None:
        await asyncio.gather(*self._readers)

    async def _follow(self) -> None:
        """What the engine says about the whole conversation."""
        async for event in self._anchor.events():
            match event:
                case ConversationCreated(conversation_id):
                    self.conversation_id = conversation_id
                case InsightSeen(insight):
                    self._tell(Noticed(insight))
                case TopicsSeen(topics):
                    self._tell(TalkedAbout(tuple(topic.phrases for topic in topics)))
                case Lost():
                    self._tell(Trouble("The engine is away; what is said meanwhile is kept for a minute."))
                case Regained(away):
                    self._tell(Trouble(f"The engine is back after {away:.0f} s."))
                case ServerError(message):
                    self._tell(Trouble(message))
                case _:
                    pass

    async def _hear(self, line: StreamSession, number: int, name: str) -> None:
        """One speaker's words. The engine gives them by the time of day; the result before each says how that is in seconds."""
        ended_at: float | None = None
        origin = 0.0
        async for event in line.events():
            match event:
                case Interim(text):
                    self._tell(Saying(name, text))
                case FinalResult(at=at):
                    ended_at = at
                case Sentence(user_id=user_id, text=text, start=start, end=end) if user_id == str(number):
                    if ended_at is not None or not origin:
                        origin, ended_at = end.timestamp() - (ended_at or 0.0), None
                    begin = max(0.0, start.timestamp() - origin)
                    self._tell(Said(begin, max(begin, end.timestamp() - origin), name, text))
                case Dropped(_, seconds, reason):
                    self._tell(Trouble(f"{seconds:.1f} s of {name} were lost: {reason}."))
                case ServerError(message):
                    self._tell(Trouble(message))
                case _:
                    pass
