"""All rooms of the engine, found by application and connection id."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from engine.conversations.models import ConversationRow
from engine.conversations.store import new_id
from engine.errors import NotFound, Overloaded
from engine.streaming.outlet import RESTART
from engine.streaming.room import House, Room, RoomOver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from engine.clock import Clock
    from engine.conversations.store import Store
    from engine.recognition.second_look import SecondLook
    from engine.recognition.types import Recognition, SpeechStream
    from engine.streaming.findings import InsightsFactory
    from engine.streaming.options import StreamOptions
    from engine.streaming.outlet import Outlet
    from engine.streaming.participant import Participant

_logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.25
MAX_SOCKETS: Final = 1_000
MAX_LISTENERS: Final = 10_000
LAST_SECONDS: Final = 3.0
"""How long sockets may take for their last frames when the engine stops."""
CLOSING: Final = "The engine is shutting down: try again in a moment."


class Hub:
    """Opens rooms, keeps their time, closes them."""

    def __init__(
        self,
        recognition: Recognition,
        insights: InsightsFactory,
        store: Store,
        clock: Clock,
        ended: Callable[[ConversationRow], Awaitable[None]],
        second_look: SecondLook | None = None,
    ) -> None:
        self._house = House(recognition, insights, store, clock, self._spawn, ended, second_look)
        self._rooms: dict[tuple[str, str], Room] = {}
        self._opening = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._closing = False
        self._streamers: set[Outlet] = set()
        self._listeners: set[Outlet] = set()
        self._gone = asyncio.Event()

    @property
    def clock(self) -> Clock:
        """The engine's time."""
        return self._house.clock

    @property
    def streams(self) -> int:
        """How many sockets are in a conversation."""
        return sum(room.streams for room in self._rooms.values())

    async def start(self) -> None:
        """Take up the conversations that were alive when the engine stopped, and begin to keep time."""
        store, now = self._house.store, self._house.clock.time()
        alive = await store.alive()
        members = await store.members([row.id for row in alive])
        for row in alive:
            room = Room(self._house, row)
            until = row.resume_until
            room.record.restore(members[row.id], now + row.no_connection_timeout if until is None else until)
            self._rooms[row.app_id, row.connection_id] = room
        self._ticker = asyncio.create_task(self._tick())

    async def close(self) -> None:
        """Let nobody in any more, and end what can end; takes a few seconds at most. May be called twice."""
        self._closing = True
        if self._house.second_look is not None:
            self._house.second_look.stop()
        for room in self._rooms.values():
            self._spawn(room.suspend())
        await asyncio.gather(*self._work, return_exceptions=True)  # `_done` logs what fails
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        for outlet in (*self._streamers, *self._listeners):
            outlet.close(RESTART, CLOSING)
        with contextlib.suppress(TimeoutError):  # a socket that takes nothing is cut with the server
            async with asyncio.timeout(LAST_SECONDS):
                while self._streamers or self._listeners:
                    self._gone.clear()
                    await self._gone.wait()

    # Sockets

    def admit(self, outlet: Outlet, *, listener: bool = False) -> None:
        """A socket asks to be opened. Raises `Overloaded`; whoever is let in says `dismiss` at the end."""
        if self._closing:
            raise Overloaded(CLOSING)
        sockets, most = (self._listeners, MAX_LISTENERS) if listener else (self._streamers, MAX_SOCKETS)
        if len(sockets) >= most:
            raise Overloaded("Too many sockets are open: close some, or try again later.")
        sockets.add(outlet)

    def dismiss(self, outlet: Outlet) -> None:
        """An admitted socket is gone, and what it sent has been dealt with."""
        self._streamers.discard(outlet)
        self._listeners.discard(outlet)
        self._gone.set()

    async def join(self, app_id: str, connection_id: str, outlet: Outlet, options: StreamOptions) -> tuple[Room, Participant]:
        """A start request: into the room of this connection id, or into a new one. Raises `Overloaded`, `BadRequest`."""
        stream = self._open_stream(options)
        try:
            while True:
                room = await self._room(app_id, connection_id, options)
                try:
                    return room, await room.join(outlet, options, stream)
                except RoomOver:  # it ended just now: the next turn opens a new one
                    continue
        except BaseException:
            await _drop(stream)
            raise

    async def rejoin(self, room: Room, participant: Participant, options: StreamOptions) -> None:
        """A start request on a socket that was kept. Raises `Overloaded` and `RoomOver`."""
        stream = self._open_stream(options)
        try:
            await room.rejoin(participant, options, stream)
        except BaseException:
            await _drop(stream)
            raise

    def _open_stream(self, options: StreamOptions) -> SpeechStream | None:
        if self._closing:
            raise Overloaded(CLOSING)
        self._house.recognition.check_language(options.language)
        if options.speaker is None:
            return None
        return self._house.recognition.open(vocabulary=options.vocabulary, language=options.language, interims=options.interims)

    async def _room(self, app_id: str, connection_id: str, options: StreamOptions) -> Room:
        key = app_id, connection_id
        async with self._opening:
            room = self._rooms.get(key)
            if room is None or room.over:
                row = _new_conversation(app_id, connection_id, options, self._house.clock.time())
                await self._house.store.add(row)
                room = self._rooms[key] = Room(self._house, row)
        return room

    def find(self, app_id: str, connection_id: str) -> Room:
        """The live room of a connection id, to listen to. Raises `NotFound`."""
        room = self._rooms.get((app_id, connection_id))
        if room is None or room.over:
            raise NotFound("No conversation is going on under this connection id.")
        return room

    async def discard(self, conversation_id: str) -> None:
        """The conversation is being deleted."""
        for room in list(self._rooms.values()):
            if room.conversation_id == conversation_id:
                await room.discard()

    # Time

    async def _tick(self) -> None:
        while True:
            await self._house.clock.sleep(TICK_SECONDS)
            now = self._house.clock.time()
            for key, room in list(self._rooms.items()):
                room.tick(now)
                if room.over:
                    del self._rooms[key]

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _logger.error("A conversation could not be ended in order.", exc_info=error)


def _new_conversation(app_id: str, connection_id: str, options: StreamOptions, now: float) -> ConversationRow:
    conversation_id = new_id()
    return ConversationRow(
        id=conversation_id,
        app_id=app_id,
        connection_id=connection_id,
        name=options.title or conversation_id,
        language=options.language,
        confidence_threshold=options.confidence_threshold,
        timezone_offset=options.timezone_offset,
        no_connection_timeout=options.no_connection_timeout,
        start_time=now,
        end_time=None,
        resume_until=None,
        details={},
    )


async def _drop(stream: SpeechStream | None) -> None:
    if stream is not None:
        await stream.abort()
