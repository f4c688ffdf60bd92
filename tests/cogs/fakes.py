"""An engine that hears nothing and says what the test says, and an ear that waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import EngineDown
from bot.streaming.events import ConversationCreated, Sentence
from bot.voice.events import VoiceHealth
from wire.base import Person
from wire.conversations import ActionItem, Conversation, Topic
from wire.reports import PageLink, Summary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.meetings.ports import Voice
    from bot.publish.room import Vocal
    from bot.streaming.events import StreamEvent
    from bot.voice.events import VoiceEvent
    from wire.conversations import Message, Question


class FakeLine:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue()
        self.alive = False

    async def open(self) -> None:
        if self._engine.down:
            raise EngineDown("The speech engine does not answer: look whether it runs.")
        self.alive = True
        self.tell(ConversationCreated("4242424242424242"))

    def tell(self, event: StreamEvent) -> None:
        self._queue.put_nowait(event)

    def feed(self, pcm: bytes, at: float) -> None:
        pass

    def heard_at(self, time: datetime) -> float | None:
        return None

    async def events(self) -> AsyncIterator[StreamEvent]:
        while (event := await self._queue.get()) is not None:
            yield event

    async def stop(self) -> bool:
        await self.close()
        return True

    async def close(self) -> None:
        self.alive = False
        self._queue.put_nowait(None)


class FakeEngine:
    """Its first line is the one that reads."""

    def __init__(self) -> None:
        self.down = False
        self.lines: list[FakeLine] = []
        self.languages: list[str] = []
        self._count = 0

    def line(self, connection_id: str, *, title: str, voice: Voice | None = None, language: str = "en-US") -> FakeLine:
        self.lines.append(FakeLine(self))
        self.languages.append(language)
        return self.lines[-1]

    def say(self, user_id: int, name: str, text: str) -> None:
        self._count += 1
        now = datetime.now(UTC)
        self.lines[-1].tell(Sentence(f"s{self._count}", str(user_id), name, text, now - timedelta(seconds=1), now))

    async def conversation(self, conversation_id: str) -> Conversation:
        return Conversation(id=conversation_id, name="Standup")

    async def page(self, conversation_id: str) -> PageLink | None:
        return None

    async def messages(self, conversation_id: str) -> list[Message]:
        return []

    async def topics(self, conversation_id: str) -> list[Topic]:
        return [Topic(id="t", text="the release")]

    async def action_items(self, conversation_id: str) -> list[ActionItem]:
        return [ActionItem(id="a", text="Alice will write the notes.", message_ids=["s1"], assignee=Person(name="Alice"))]

    async def follow_ups(self, conversation_id: str) -> list[ActionItem]:
        return []

    async def questions(self, conversation_id: str) -> list[Question]:
        return []

    async def summary(self, conversation_id: str) -> Summary:
        return Summary()


class FakeListener:
    def __init__(self, channel: Vocal) -> None:
        self.channel = channel
        self.refused: set[int] = set()
        self._closed = asyncio.Event()

    async def events(self) -> AsyncIterator[VoiceEvent]:
        await self._closed.wait()
        nothing: tuple[VoiceEvent, ...] = ()
        for event in nothing:
            yield event

    def health(self) -> VoiceHealth:
        return VoiceHealth(connected=True, encrypted_ready=True, people=len(self.channel.members))

    def refuse(self, user_id: int) -> None:
        self.refused.add(user_id)

    def accept(self, user_id: int) -> None:
        self.refused.discard(user_id)

    async def close(self) -> None:
        self._closed.set()
