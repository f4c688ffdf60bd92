"""One stream of the Streaming API over WebSockets: keeps it alive, loses nothing that can be kept, says what was lost."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from audio.pcm import BYTES_PER_SECOND
from bot.clock import within
from bot.errors import EngineDown, EngineError, EngineRefused, ProtocolError
from bot.streaming.events import Completed, Dropped, FinalResult, Lost, Regained, ServerError, Unread
from bot.streaming.inflight import InFlight
from bot.streaming.outbox import Outbox, Piece
from bot.streaming.protocol import MAX_FRAME_BYTES, Phase, StreamProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from random import Random

    from bot.clock import Clock
    from bot.streaming.auth import TokenSource
    from bot.streaming.events import ServerEvent, StreamEvent
    from wire.requests import StartRequest

log = logging.getLogger(__name__)

SEND_BUFFER = 1 << 14
"""Bytes."""
UNREAD = "the speech engine could not read it"

_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.INFO)  # at DEBUG websockets writes the address, and the token in it


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Seconds."""

    held: float = 60.0
    """Sound that is kept while the engine is away."""
    frame: float = 0.1
    """Sound that is gathered before it is sent."""
    start: float = 10.0
    """Until the engine has to have accepted the start request."""
    stop: float = 30.0
    """Without a word from the engine after the stop request, until it is given up."""
    longest_stop: float = 240.0
    """Until it is given up in any case."""
    first_retry: float = 0.25
    last_retry: float = 8.0


class StreamSession:
    """A stream that survives its connections. `base`: the engine's address with `ws://` or `wss://`."""

    def __init__(
        self,
        base: str,
        connection_id: str,
        start: StartRequest,
        tokens: TokenSource,
        *,
        clock: Clock,
        random: Random,
        limits: SessionLimits | None = None,
    ) -> None:
        self._address = f"{base}/v1/streaming/{quote(connection_id, safe='')}"
        self._tokens = tokens
        self._clock = clock
        self._random = random
        self._limits = limits or SessionLimits()
        self._protocol = StreamProtocol(start, clock.now)
        self._outbox = Outbox(self._limits.held)
        self._inflight = InFlight()
        self._engine_died = False
        self._news = 0
        self._wake = asyncio.Event()
        self._took = asyncio.Event()
        self._events: asyncio.Queue[StreamEvent | None] = asyncio.Queue(maxsize=1000)
        self._ending = False
        self._keeper: asyncio.Task[None] | None = None
        self._finished = asyncio.Event()

    @property
    def alive(self) -> bool:
        """The engine listens now."""
        return self._protocol.phase in {Phase.LISTENING, Phase.STOPPING}

    @property
    def unknown_frames(self) -> int:
        """Frames of the server that were not understood."""
        return self._protocol.unknown

    async def open(self) -> None:
        """Connect and wait until the engine listens. Raises `EngineDown`, `EngineRefused` or `ProtocolError`."""
        connection, early = await self._connect()
        for event in early:
            await self._events.put(event)
        self._keeper = asyncio.create_task(self._keep(connection), name="stream")

    def feed(self, pcm: bytes, at: float) -> None:
        """16 kHz mono LINEAR16, heard at `at`. Never blocks; what finds no room is reported as a `Dropped` event."""
        self._outbox.put(Piece(at, pcm))
        self._wake.set()

    async def drained(self, seconds: float) -> None:
        """Wait until at most `seconds` of sound wait to be sent: for sound that comes faster than it was spoken."""
        while len(self._outbox) > seconds * BYTES_PER_SECOND and not (self._ending or self._finished.is_set()):
            self._took.clear()
            await self._took.wait()

    async def events(self) -> AsyncIterator[StreamEvent]:
        """What the engine says, until the stream is over. For one reader."""
        while (event := await self._events.get()) is not None:
            yield event

    def heard_at(self, time: datetime) -> float | None:
        """The `at` of sound that was held while the engine was away, from the time that the engine gives to it; else None."""
        return self._inflight.heard_at(time.timestamp())

    async def stop(self) -> bool:
        """Send what is held, end the stream, wait for its last words. False: the engine did not confirm within the limit."""
        self._ending = True
        self._wake.set()
        if self._keeper is not None:
            with suppress(TimeoutError):
                await within(self._clock, self._limits.longest_stop, self._until_finished())
        await self.close()
        return self._protocol.phase is Phase.OVER

    async def _until_finished(self) -> None:
        """As long as the engine still says something, it is waited for."""
        news = -1
        while news != self._news:
            news = self._news
            with suppress(TimeoutError):
                await within(self._clock, self._limits.stop, _until(self._finished))
                return

    async def close(self) -> None:
        """Hang up at once."""
        self._ending = True
        self._took.set()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        self._outbox.abandon()
        for loss in self._outbox.losses("the speech engine was away"):
            self._force(loss)
        self._force(None)

    def _force(self, event: StreamEvent | None) -> None:
        """Put in an event at the end of the stream's life; if nobody reads, the oldest makes room."""
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)

    async def _keep(self, connection: ClientConnection) -> None:
        """Run the stream over this connection and the ones that follow it."""
        try:
            while True:
                reason = await self._run(connection)
                if self._protocol.phase is Phase.OVER:
                    return
                self._protocol.disconnected()
                log.warning("stream lost: %s", reason)
                lost_at = self._clock.monotonic()
                await self._events.put(Lost(reason))
                connection, early = await self._reconnect()
                self._resume()
                for loss in self._outbox.losses("the speech engine was away"):
                    await self._events.put(loss)
                await self._events.put(Regained(self._clock.monotonic() - lost_at))
                for event in early:
                    await self._events.put(event)
        finally:
            self._finished.set()
            self._took.set()

    def _resume(self) -> None:
        """An engine that died has forgotten the sound that was not words yet: it gets it once more. One that lives goes on with it."""
        if self._engine_died:
            for piece in reversed(self._inflight.take()):
                self._outbox.restore(piece)
        self._engine_died = False
        self._inflight.begin()

    async def _run(self, connection: ClientConnection) -> str:
        """Read and write until the connection is gone; returns why it went."""
        writer = asyncio.create_task(self._write(connection), name="stream writer")
        try:
            async for message in connection:
                if isinstance(message, str):
                    for event in self._protocol.receive(message):
                        await self._tell(event)
                if self._protocol.phase is Phase.OVER:
                    break
        except ConnectionClosed as closed:
            return str(closed)
        finally:
            writer.cancel()
            (outcome,) = await asyncio.gather(writer, return_exceptions=True)
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                log.error("the stream's writer failed", exc_info=outcome)
            await connection.close()
        return "the engine ended the stream"

    async def _tell(self, event: ServerEvent) -> None:
        told: StreamEvent = event
        if isinstance(event, ServerError):
            log.warning("the engine reports: %s", event.message)
        elif isinstance(event, FinalResult):
            if event.end is not None:
                told = replace(event, at=self._inflight.spoken_at(event.end))
            self._inflight.recognised(event.end)
        elif isinstance(event, Unread):
            told = Dropped(self._inflight.spoken_at(event.start), event.end - event.start, UNREAD)
            self._inflight.recognised(event.end)
        self._news += 1
        await self._events.put(told)

    async def _write(self, connection: ClientConnection) -> None:
        enough = int(self._limits.frame * BYTES_PER_SECOND)
        while self._protocol.may_send:
            if not len(self._outbox):
                if self._ending:
                    await connection.send(self._protocol.stop())
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            if len(self._outbox) < enough and not self._ending:
                await self._clock.sleep(self._limits.frame)
            frame = self._outbox.take(MAX_FRAME_BYTES)
            self._took.set()
            if frame is None:
                continue
            try:
                await connection.send(frame.pcm)
            except (ConnectionClosed, asyncio.CancelledError):
                self._outbox.restore(frame)
                raise
            self._inflight.sent(frame, self._clock.now().timestamp(), more=bool(len(self._outbox)))

    async def _reconnect(self) -> tuple[ClientConnection, list[ServerEvent]]:
        """Try until it succeeds; `close` ends it. Full jitter, so that many streams do not come back at one moment."""
        attempt = 0
        while True:
            ceiling = min(self._limits.last_retry, self._limits.first_retry * 2 ** min(attempt, 16))
            await self._clock.sleep(self._random.uniform(0, ceiling))
            attempt += 1
            try:
                return await self._connect()
            except EngineError as error:
                log.info("stream not back yet: %s", error)

    async def _connect(self) -> tuple[ClientConnection, list[ServerEvent]]:
        """A connection on which the engine listens, and what it said until then."""
        connection = await self._dial()
        try:
            return connection, await within(self._clock, self._limits.start, self._begin(connection))
        except TimeoutError as error:
            self._protocol.disconnected()
            await connection.close()
            raise EngineDown("The engine took the connection and then said nothing: look at its log.") from error
        except BaseException:
            self._protocol.disconnected()
            await connection.close()
            raise

    async def _begin(self, connection: ClientConnection) -> list[ServerEvent]:
        heard: list[ServerEvent] = []
        try:
            await connection.send(self._protocol.connected())
            while not self._protocol.may_send:
                message = await connection.recv()
                for event in self._protocol.receive(message) if isinstance(message, str) else []:
                    if isinstance(event, ServerError):
                        raise EngineRefused(f"The engine refused the stream: {event.message}", status=HTTPStatus.BAD_REQUEST)
                    if not isinstance(event, Completed):
                        heard.append(event)
        except ConnectionClosed as closed:
            raise EngineDown(f"The engine hung up before it listened ({closed}): look at its log.") from closed
        return heard

    async def _dial(self) -> ClientConnection:
        for _ in range(2):
            token = await self._tokens.token()
            try:
                connection = await connect(
                    f"{self._address}?access_token={quote(token, safe='')}",
                    logger=_wire_log,
                    max_size=4 * 2**20,
                    open_timeout=self._limits.start,
                    close_timeout=1,
                    proxy=None if _is_loopback(self._address) else True,
                )
            except InvalidStatus as refused:
                status = refused.response.status_code
                if status == HTTPStatus.UNAUTHORIZED:
                    self._tokens.forget(token)
                    continue
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise EngineDown(f"The engine cannot take a stream now (status {status}): try again soon.") from refused
                raise EngineRefused(f"The engine refused the stream (status {status}).", status=status) from refused
            except InvalidURI as error:
                raise ProtocolError("The engine's address is wrong: correct ENGINE_URL.") from error
            except (OSError, TimeoutError, InvalidHandshake) as error:
                # Nobody on its port: the process is gone. Any other failure may be the network's.
                self._engine_died |= isinstance(error, ConnectionRefusedError)
                raise EngineDown("The engine does not answer: start it, or correct ENGINE_URL.") from error
            _keep_little(connection)
            return connection
        raise EngineRefused("The engine refuses the token that it gave: look at its log.", status=HTTPStatus.UNAUTHORIZED)


def _keep_little(connection: ClientConnection) -> None:
    """Let the system hold back a second or two of sound: what it would hold by itself is minutes, which nobody would know of."""
    line: socket.socket = connection.transport.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def _is_loopback(address: str) -> bool:
    """On this machine no proxy is asked."""
    host = address.split("://", 1)[1].split("/", 1)[0]
    return host.startswith(("127.", "localhost", "[::1]"))


async def _until(event: asyncio.Event) -> None:
    await event.wait()
