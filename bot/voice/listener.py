"""One ear in one voice channel: the line, the two halves of hearing on their threads, and a watch over all of it.

The line's thread takes a packet as far as DAVE and never waits; a worker thread decodes; the event loop gets events.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from audio.opus import OpusDecoder
from bot.errors import VoiceError
from bot.voice import gateway
from bot.voice.dave import FrameCipher
from bot.voice.events import Heard, LinkDown, LinkUp
from bot.voice.outlet import MAX_HEARD, Outlet
from bot.voice.receiver import Receiver, Speakers
from bot.voice.transport import TransportCipher
from bot.voice.unseal import Unsealer
from bot.voice.watchdog import Observation, Watchdog
from bot.voice.worker import DecodeWorker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence

    from bot.voice.dave import Session
    from bot.voice.events import VoiceEvent, VoiceHealth
    from bot.voice.line import Handler, Line

    Dial = Callable[[Handler], Awaitable[Line]]

log = logging.getLogger(__name__)

WATCH: Final = 0.5
"""Seconds between two looks at the connection."""
KEEP_ALIVE: Final = 15.0
"""Seconds between silence frames; a route over UDP dies after about 60."""
REDIAL_AFTER: Final = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds before each attempt at a new line; after the last the connection is lost for good."""
GREETING: Final = 5
"""Silence frames sent at once on a new connection: the voice server forwards nothing to who has sent nothing."""


class VoiceListener:
    """The `Listener` of a meeting, and the `Handler` of its line.

    Args:
        dial: makes a line to the channel; raises `VoiceError`.
        own_id: the bot's user id.
        clock: monotonic seconds.
        max_heard: pieces of speech that may wait to be taken.
        redial_after: seconds before each attempt at a new line.
    """

    def __init__(
        self,
        dial: Dial,
        own_id: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_heard: int = MAX_HEARD,
        redial_after: Sequence[float] = REDIAL_AFTER,
    ) -> None:
        self._dial = dial
        self._clock = clock
        self._began = clock()
        self._redial_after = redial_after
        self._line: Line | None = None
        self._cipher = FrameCipher(self._session, self._encrypted)
        self._unsealer = Unsealer(TransportCipher(self._key), self._cipher, own_id)
        self._lock = threading.Lock()  # around every use of the unsealer
        self._receiver = Receiver(self._unsealer, Speakers(OpusDecoder))
        self._worker = DecodeWorker(self._receiver, self._deliver, self._now)
        self._outlet = Outlet(max_heard=max_heard)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._redialling: asyncio.Task[None] | None = None
        self._down = False
        self._present: dict[int, bool] = {}
        self._refused: set[int] = set()
        self._watchdog = Watchdog(0.0)
        self._silence_due = 0.0

    # -- the connection of the moment

    def _key(self) -> Sequence[int] | None:
        line = self._line
        return line.key() if line else None

    def _session(self) -> Session | None:
        line = self._line
        return line.session() if line else None

    def _encrypted(self) -> bool:
        line = self._line
        return line is None or line.encrypted()

    def _now(self) -> float:
        return self._clock() - self._began

    # -- what a meeting calls

    async def open(self) -> None:
        """Make the connection and begin to hear. Raises `VoiceError`."""
        self._loop = asyncio.get_running_loop()
        self._line = await self._dial(self)
        self._worker.start()
        self._watchdog.reset(self._now())
        self._greet()
        self._start(self._watch())

    async def events(self) -> AsyncIterator[VoiceEvent]:
        """What is heard, until `close`; ends by itself when the connection is lost for good."""
        while True:
            for event in self._outlet.take():
                if not (isinstance(event, Heard) and event.user_id in self._refused):
                    yield event
            if self._closed and not self._outlet.waiting:
                return
            await self._arrived.wait()
            self._arrived.clear()

    def health(self) -> VoiceHealth:
        """The state of hearing now."""
        line = self._line
        return self._receiver.health(
            connected=line is not None and line.connected and line.gateway_read,
            encrypted_ready=self._cipher.ready,
            dropped=self._worker.dropped + self._outlet.dropped,
        )

    def refuse(self, user_id: int) -> None:
        """From now on this person's packets are dropped before they are decoded."""
        self._refused.add(user_id)
        with self._lock:
            self._unsealer.refuse(user_id)
        self._worker.call(partial(self._receiver.refuse, user_id))

    def accept(self, user_id: int) -> None:
        """The person may be heard again."""
        self._refused.discard(user_id)
        self._worker.call(partial(self._receiver.accept, user_id))
        with self._lock:
            self._unsealer.accept(user_id)

    async def close(self) -> None:
        """Give out what is still held, then leave the voice channel."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="voice-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with self._lock:
            self._worker.put(self._unsealer.session_began(self._now()))
        await asyncio.to_thread(self._worker.stop)
        line, self._line = self._line, None
        if line is not None:
            await line.hang_up()
        self._closed = True
        self._arrived.set()

    # -- what the line calls

    def packet(self, data: bytes) -> None:
        """A datagram came; on the line's thread."""
        with self._lock:
            frames = self._unsealer.receive(data, self._now())
        if frames:
            self._worker.put(frames)

    def gateway(self, op: int, data: Mapping[str, object]) -> None:
        """The voice gateway said something."""
        with self._lock:
            self._worker.put(gateway.apply(op, data, self._unsealer, self._now()))

    def people_changed(self) -> None:
        """Tell who came and who left, bots left out. The sound of bots is not heard."""
        line = self._line
        if line is None or not line.connected:
            return
        people = dict(line.people())
        for user_id in self._present.keys() - people.keys():
            if not self._present.pop(user_id):
                self._worker.call(partial(self._receiver.left, user_id, self._now()))
        for user_id in people.keys() - self._present.keys():
            is_bot = self._present[user_id] = people[user_id]
            if is_bot:
                with self._lock:
                    self._unsealer.refuse(user_id)
            else:
                self._worker.call(partial(self._receiver.joined, user_id, self._now()))

    def down(self, reason: str) -> None:
        """The connection was lost; told once, until it is back."""
        if not self._down:
            self._down = True
            self._put([LinkDown(self._now(), reason)])

    def up(self) -> None:
        """The connection is made."""
        if self._down:
            self._down = False
            self._put([LinkUp(self._now())])
        if self._line is not None:
            self._greet()

    def broken(self, reason: str) -> None:
        """The line is of no use any more: make a new one."""
        if self._closing is None and (self._redialling is None or self._redialling.done()):
            log.warning("the voice connection is made anew: %s", reason)
            self._redialling = self._start(self._redial(reason))

    def ended(self, reason: str) -> None:
        """The bot was sent away: the meeting is over."""
        log.info("the voice connection ended: %s", reason)
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="voice-close")

    # -- the event loop's own

    def _deliver(self, events: list[VoiceEvent]) -> None:
        """Called on the worker's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._put, events)

    def _put(self, events: list[VoiceEvent]) -> None:
        for event in events:
            self._outlet.put(event)
        self._arrived.set()

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _greet(self) -> None:
        self._silence_due = self._now() + KEEP_ALIVE
        for number in range(GREETING):
            asyncio.get_running_loop().call_later(0.02 * number, self._send_silence)

    def _send_silence(self) -> None:
        if self._line is not None and self._line.connected:
            self._line.send_silence()

    async def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                log.exception("the watch over the voice connection failed once")
            await asyncio.sleep(WATCH)

    def look(self) -> None:
        """See to everything that is due without anybody asking."""
        now = self._now()
        line = self._line
        self.people_changed()
        with self._lock:
            self._worker.put(self._unsealer.tick(now))
        if line is None:
            return
        if now >= self._silence_due:
            self._silence_due = now + KEEP_ALIVE
            self._send_silence()
        verdict = self._watchdog.check(
            now,
            Observation(
                connected=line.connected,
                gateway_read=line.gateway_read,
                encrypted_ready=self._cipher.ready,
                others=len(self._present),
                heard=self._unsealer.opened,
                undecryptable=self._unsealer.undecryptable,
            ),
        )
        if verdict is not None:
            self.broken(verdict)

    async def _redial(self, reason: str) -> None:
        self.down(reason)
        line, self._line = self._line, None
        if line is not None:
            await line.hang_up()
        for delay in self._redial_after:
            await asyncio.sleep(delay)
            try:
                self._line = await self._dial(self)
            except VoiceError as error:
                log.warning("no new voice connection yet: %s", error)
                continue
            self._watchdog.reset(self._now())
            self.up()
            return
        self.ended("no new voice connection could be made")
