"""A world to publish into: a clock that jumps, a thread with Discord's limits that can fail, a journal, a room."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from bot.errors import PostError
from bot.meetings.ports import Post

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Mapping, Sequence

    from bot.meetings.entries import Entry
    from bot.meetings.ports import Attachment, Listener, Menu
    from bot.meetings.result import MeetingResult

T = TypeVar("T")
SETTLE = 30
"""Turns of the loop after which nobody has anything to do but wait."""


class JumpingClock:
    """Time stands still while anybody works, and jumps to the next alarm when all wait."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._alarms: list[tuple[float, int, asyncio.Event]] = []
        self._number = count()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        event = asyncio.Event()
        heapq.heappush(self._alarms, (self.time + seconds, next(self._number), event))
        await event.wait()

    async def run(self, work: Coroutine[object, object, T]) -> T:
        """The work's result; time passes as fast as it can."""
        task = asyncio.ensure_future(work)
        while True:
            for _ in range(SETTLE):
                await asyncio.sleep(0)
            if task.done():
                return task.result()
            if self._alarms:
                self.time, _, event = heapq.heappop(self._alarms)
                event.set()


@dataclass
class Message:
    at: float
    content: str
    key: str
    files: list[Attachment]
    id: int


class FakeThread:
    """Takes 5 messages in 5 s, knows a key again for a minute. `trouble` holds what happens to the next tries."""

    thread_id = 77
    url = "https://discord.test/channels/1/77"

    def __init__(self, clock: JumpingClock) -> None:
        self.clock = clock
        self.messages: list[Message] = []
        self.tries: list[float] = []
        self.trouble: deque[Exception | None] = deque()
        self.lose_answers = 0
        """How many messages arrive although the sender sees a failure."""

    @property
    def text(self) -> str:
        return "\n".join(message.content for message in self.messages)

    async def send(self, content: str, *, key: str, files: Sequence[Attachment] = (), menu: Menu | None = None) -> Post:
        assert 0 < len(content) <= 2000
        assert len(key) <= 25
        now = self.clock.monotonic()
        self.tries.append(now)
        if len([at for at in self.tries if now - at < 5.0]) > 5:
            raise PostError("too many requests", retry_after=5.0)
        if self.trouble and (failure := self.trouble.popleft()):
            raise failure
        message = next((m for m in self.messages if m.key == key and now - m.at < 60), None)
        if message is None:
            message = Message(now, content, key, list(files), 100 + len(self.messages))
            self.messages.append(message)
        if self.lose_answers:
            self.lose_answers -= 1
            raise PostError("the connection broke")
        return self._post(message)

    async def recent(self, limit: int) -> list[Post]:
        return [self._post(message) for message in self.messages[::-1][:limit]]

    def _post(self, message: Message) -> Post:
        return Post(message.id, f"{self.url}/{message.id}", message.content)


class NoMenus:
    async def below(self, result: MeetingResult, urls: Mapping[str, str], texts: Sequence[str]) -> list[Menu | None]:
        return [None] * len(texts)


@dataclass
class FakeJournal:
    entries: list[Entry] = field(default_factory=list)

    async def append(self, *entries: Entry) -> None:
        self.entries.extend(entries)


@dataclass
class FakeRoom:
    team: FakeThread | None = None
    notices: list[str] = field(default_factory=list)
    guild_id = 1
    channel_id = 5
    channel_name = "Meeting room"

    def name_of(self, user_id: int) -> str:
        return f"User {user_id}"

    async def listen(self, refused: Collection[int]) -> Listener:
        raise NotImplementedError

    async def open_thread(self, title: str) -> FakeThread:
        raise NotImplementedError

    async def notice(self, text: str) -> None:
        self.notices.append(text)

    async def team_channel(self) -> FakeThread | None:
        return self.team
