"""Stand-ins with behaviour for what a meeting needs: time, a voice room, a thread, a publisher, an engine."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from audio.pcm import silence
from bot.errors import EngineDown, EngineError, EngineRefused
from bot.meetings.journal import read
from bot.meetings.ports import Attachment, Post
from bot.streaming.events import Completed, ConversationCreated, Sentence
from bot.voice.events import Heard, VoiceHealth
from wire.base import Person
from wire.conversations import ActionItem, Conversation, Message, Question, Topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from pathlib import Path

    from bot.errors import MinutesError
    from bot.meetings.entries import Entry, Spoken
    from bot.meetings.ports import JournalWriter, Menu, Room, Thread, Voice
    from bot.meetings.result import MeetingResult
    from bot.streaming.events import StreamEvent
    from bot.voice.events import VoiceEvent
    from wire.reports import PageLink, Reading, Summary

_T = TypeVar("_T")
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA, BOB = 1001, 1002
NAMES = {ANA: "Ana", BOB: "Bob"}


class FakeClock:
    """Time that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = count()

    def monotonic(self) -> float:
        return 5000.0 + self.time

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._count), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass; everybody wakes at their own moment."""
        end = self.time + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.time = due
                future.set_result(None)
                await settle()
        self.time = end
        await settle()


async def settle() -> None:
    """Let every task run as far as it can without time or I/O."""
    for _ in range(25):
        await asyncio.sleep(0)


class Waiter:
    """Lets tests wait until something is true that changes only with `changed`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def changed(self) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._event.clear()
                await self._event.wait()


class FakeListener:
    def __init__(self) -> None:
        self._events: asyncio.Queue[VoiceEvent | None] = asyncio.Queue()
        self.refused: set[int] = set()
        self.closed = 0
        self.people = 2
        self.state = VoiceHealth(connected=True, encrypted_ready=True, people=2)
        self.held: list[VoiceEvent] = []
        """Given out when the listener closes."""

    def tell(self, event: VoiceEvent) -> None:
        self._events.put_nowait(event)

    def speak(self, user_id: int, at: float, seconds: float = 0.1) -> None:
        self.tell(Heard(user_id, at, silence(seconds)))

    def lose_connection(self) -> None:
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[VoiceEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def health(self) -> VoiceHealth:
        return self.state

    def refuse(self, user_id: int) -> None:
        self.refused.add(user_id)

    def accept(self, user_id: int) -> None:
        self.refused.discard(user_id)

    async def close(self) -> None:
        if not self.closed:
            for event in self.held:
                self._events.put_nowait(event)
            self._events.put_nowait(None)
        self.closed += 1


class FakeThread:
    def __init__(self, thread_id: int = 77) -> None:
        self._thread_id = thread_id
        self.posts: list[Post] = []
        self.files: list[Attachment] = []
        self.error: MinutesError | None = None

    @property
    def thread_id(self) -> int:
        return self._thread_id

    @property
    def url(self) -> str:
        return f"https://discord.test/{self._thread_id}"

    @property
    def text(self) -> str:
        return "\n".join(post.content for post in self.posts)

    async def send(self, content: str, *, key: str, files: Sequence[Attachment] = (), menu: Menu | None = None) -> Post:
        if self.error is not None:
            raise self.error
        message_id = len(self.posts) + 1
        post = Post(message_id, f"{self.url}/{message_id}", content)
        self.posts.append(post)
        self.files.extend(files)
        return post

    async def recent(self, limit: int) -> list[Post]:
        return self.posts[::-1][:limit]


class FakeRoom:
    def __init__(self, listener: FakeListener | None = None, thread: FakeThread | None = None) -> None:
        self.listener = listener or FakeListener()
        self.thread = thread or FakeThread()
        self.notices: list[str] = []
        self.titles: list[str] = []
        self.listen_error: MinutesError | None = None
        self.notice_error: MinutesError | None = None
        self.names = dict(NAMES)
        self.team: FakeThread | None = None

    @property
    def guild_id(self) -> int:
        return 11

    @property
    def channel_id(self) -> int:
        return 22

    @property
    def channel_name(self) -> str:
        return "Standup"

    def name_of(self, user_id: int) -> str:
        return self.names.get(user_id, str(user_id))

    async def listen(self, refused: Collection[int]) -> FakeListener:
        self.listener.refused |= set(refused)
        if self.listen_error is not None:
            raise self.listen_error
        return self.listener

    async def open_thread(self, title: str) -> FakeThread:
        self.titles.append(title)
        return self.thread

    async def notice(self, text: str) -> None:
        if self.notice_error is not None:
            raise self.notice_error
        self.notices.append(text)

    async def team_channel(self) -> FakeThread | None:
        return self.team


class FakeDirectory:
    def __init__(self, room: FakeRoom | None) -> None:
        self._room = room

    async def room(self, guild_id: int, channel_id: int) -> FakeRoom | None:
        return self._room

    async def thread(self, thread_id: int) -> FakeThread | None:
        for place in (self._room.thread, self._room.team) if self._room else ():
            if place is not None and place.thread_id == thread_id:
                return place
        return None


class FakePublisher(Waiter):
    """Checks with every entry that it is in the journal already."""

    def __init__(self, journal_file: Path | None = None) -> None:
        super().__init__()
        self._journal_file = journal_file
        self.added: list[Spoken] = []
        self.results: list[MeetingResult] = []
        self.closed = False
        self.summary_error: MinutesError | None = None

    def add(self, entry: Spoken) -> None:
        if self._journal_file is not None:
            assert entry in read(self._journal_file)
        self.added.append(entry)
        self.changed()

    async def flush(self) -> None:
        return

    async def summary(self, result: MeetingResult) -> None:
        if self.summary_error is not None:
            raise self.summary_error
        self.results.append(result)

    async def close(self) -> None:
        self.closed = True


class FakePublishers:
    """The factory; keeps what it made."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self._data_dir = data_dir
        self.made: list[FakePublisher] = []
        self.histories: list[list[Entry]] = []
        self.prepare: Callable[[FakePublisher], None] = lambda publisher: None

    @property
    def last(self) -> FakePublisher:
        return self.made[-1]

    def __call__(self, room: Room, thread: Thread, journal: JournalWriter, history: Sequence[Entry]) -> FakePublisher:
        opened = history[0]
        assert opened.kind == "opened"
        file = self._data_dir / "meetings" / opened.meeting_id / "journal.jsonl" if self._data_dir else None
        publisher = FakePublisher(file)
        self.prepare(publisher)
        self.made.append(publisher)
        self.histories.append(list(history))
        return publisher


class FakeLine:
    """One stream: what it is fed is kept, what the engine says comes out of all of them."""

    def __init__(self, engine: FakeEngine, voice: Voice | None) -> None:
        self._engine = engine
        self.voice = voice
        self.fed: list[tuple[float, bytes]] = []
        self.held: dict[datetime, float] = {}
        self.opened = self.stopped = self.closed = False
        self._events: asyncio.Queue[StreamEvent | None] = asyncio.Queue()

    @property
    def alive(self) -> bool:
        return self.opened and not (self.stopped or self.closed)

    async def open(self) -> None:
        if self._engine.down is not None:
            raise self._engine.down
        self.opened = True
        if self._engine.conversation_id is not None:
            self.tell(ConversationCreated(self._engine.conversation_id))

    def feed(self, pcm: bytes, at: float) -> None:
        self.fed.append((at, pcm))
        self._engine.changed()

    def tell(self, event: StreamEvent) -> None:
        self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[StreamEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def heard_at(self, time: datetime) -> float | None:
        return self.held.get(time)

    async def stop(self) -> bool:
        self.stopped = True
        if self.voice is not None:
            for sentence in self._engine.last_words.pop(self.voice.user_id, []):
                self._engine.say(sentence)
        confirmed = self.opened and self._engine.down is None
        if confirmed:
            self.tell(Completed(self._engine.conversation_id))
        self._events.put_nowait(None)
        return confirmed

    async def close(self) -> None:
        self.closed = True
        self._events.put_nowait(None)


class FakeEngine(Waiter):
    """Says what it is told to say, keeps it as conversations under ids of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[FakeLine] = []
        self.down: EngineError | None = None
        self.conversation_id: str | None = "5103365432579787"
        self.kept: list[Message] = []
        self.last_words: dict[int, list[Sentence]] = {}
        self.items: list[ActionItem] = []
        self.digest: Summary | None = None
        self.link: PageLink | None = None
        self.readings: list[Reading] = []
        """What is told of them, one question after the other; the last one stays."""
        self.connection_ids: set[str] = set()
        self.languages: list[str] = []

    @property
    def anchor(self) -> FakeLine:
        return next(line for line in self.lines if line.voice is None)

    def of(self, user_id: int) -> list[FakeLine]:
        return [line for line in self.lines if line.voice is not None and line.voice.user_id == user_id]

    def line(self, connection_id: str, *, title: str, voice: Voice | None = None, language: str = "en-US") -> FakeLine:
        self.connection_ids.add(connection_id)
        self.languages.append(language)
        line = FakeLine(self, voice)
        self.lines.append(line)
        self.changed()
        return line

    def say(self, sentence: Sentence, *, told: bool = True) -> None:
        """A sentence is recognised: every open stream tells it, unless it is lost on the way."""
        self.kept.append(
            Message(
                id=f"900{len(self.kept)}",
                text=sentence.text,
                from_=Person(id="uuid", name=sentence.name, email=sentence.user_id),
                start_time=sentence.start.isoformat(),
                end_time=sentence.end.isoformat(),
                conversation_id=self.conversation_id or "",
            )
        )
        if told:
            for line in self.lines:
                if line.opened and not line.closed:
                    line.tell(sentence)

    async def conversation(self, conversation_id: str) -> Conversation:
        reading = self.readings.pop(0) if len(self.readings) > 1 else next(iter(self.readings), None)
        return self._read([Conversation(id=conversation_id, name="Weekly", reading=reading)])[0]

    async def messages(self, conversation_id: str) -> list[Message]:
        return [message for message in self._read(self.kept) if message.conversation_id == conversation_id]

    async def topics(self, conversation_id: str) -> list[Topic]:
        return self._read([Topic(id="t1", text="release plan", score=0.7)])

    async def action_items(self, conversation_id: str) -> list[ActionItem]:
        return self._read(self.items)

    async def follow_ups(self, conversation_id: str) -> list[ActionItem]:
        return self._read([])

    async def questions(self, conversation_id: str) -> list[Question]:
        return self._read([])

    async def summary(self, conversation_id: str) -> Summary:
        [summary] = self._read([self.digest])
        if summary is None:
            raise EngineRefused("Nothing has been said.", status=404)
        return summary

    async def page(self, conversation_id: str) -> PageLink | None:
        return self._read([self.link])[0]

    def _read(self, items: list[_T]) -> list[_T]:
        if self.down is not None:
            raise self.down
        return items


def sentence(key: str, user_id: int, text: str, start: float, end: float | None = None) -> Sentence:
    """A sentence that was said `start` seconds after the meeting began."""
    return Sentence(
        key,
        str(user_id),
        f"engine's name for {user_id}",
        text,
        BEGIN + timedelta(seconds=start),
        BEGIN + timedelta(seconds=end if end is not None else start + 1),
    )


ENGINE_IS_DOWN = EngineDown("The engine does not answer.")
ENGINE_IS_FULL = EngineRefused("The engine has no room.", status=429)
