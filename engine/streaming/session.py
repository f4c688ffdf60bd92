"""One streaming socket: the shell between the WebSocket, its rules and its room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from engine.errors import EngineFault
from engine.streaming import frames
from engine.streaming.protocol import Audio, Bad, Modified, Ping, Started, Stopped, StreamProtocol
from engine.streaming.room import SILENCE_SECONDS, RoomOver
from wire.requests import PONG

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.websockets import WebSocket

    from engine.streaming.hub import Hub
    from engine.streaming.options import StreamOptions
    from engine.streaming.outlet import Outlet
    from engine.streaming.participant import Participant
    from engine.streaming.protocol import Event
    from engine.streaming.room import Room

_logger = logging.getLogger(__name__)

FAULT: Final = 1011


class StreamSession:
    """Lives as long as its socket, and beyond: what was received before the socket went is still worked through."""

    def __init__(self, hub: Hub, websocket: WebSocket, outlet: Outlet, app_id: str, connection_id: str) -> None:
        self._hub = hub
        self._websocket = websocket
        self._address = app_id, connection_id
        self._protocol = StreamProtocol()
        self._outlet = outlet
        self._seat: tuple[Room, Participant] | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """The socket has been accepted; returns when it is closed and everything it sent has been dealt with."""
        writer = asyncio.create_task(self._outlet.run())
        reader = asyncio.create_task(self._read())
        patience = asyncio.create_task(self._wait_for_start())
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            if writer.done() and not writer.result():
                reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader
        finally:
            patience.cancel()
            self._outlet.close()
            await asyncio.gather(writer, patience, return_exceptions=True)

    async def _wait_for_start(self) -> None:
        await self._hub.clock.sleep(SILENCE_SECONDS)
        if self._seat is None:
            self._outlet.close(reason="No start_request came.")

    async def _read(self) -> None:
        try:
            while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
                text = message.get("text")
                event = self._protocol.binary(message["bytes"]) if text is None else self._protocol.text(text)
                if event is not None:
                    await self._handle(event)
        except Exception:
            _logger.exception("A stream broke off.")
            self._outlet.close(FAULT, "The engine made a mistake: its log says which.")
        finally:
            await self._go()

    async def _go(self) -> None:
        if self._stopping is not None:
            await self._stopping
        if self._seat is not None:
            room, participant = self._seat
            await room.lost(participant)

    async def _handle(self, event: Event) -> None:
        match event:
            case Ping():
                self._outlet.send(PONG)
            case Bad(message, details):
                self._outlet.send(frames.error(message, details))
            case Started(options):
                await self._start(options)
            case Audio(data) if self._seat is not None:
                room, participant = self._seat
                await room.hear(participant, data)
            case Modified(sound) if self._seat is not None:
                room, participant = self._seat
                room.modify(participant, sound)
            case Stopped(keep):
                await self._stop(keep)

    async def _start(self, options: StreamOptions) -> None:
        if self._stopping is not None:
            await self._stopping
        try:
            if self._seat is not None:
                with contextlib.suppress(RoomOver):  # its time ran out just now: a new conversation begins
                    room, participant = self._seat
                    await self._hub.rejoin(room, participant, options)
                    return
            self._seat = await self._hub.join(*self._address, self._outlet, options)
        except EngineFault as error:
            self._protocol.refuse_start()
            self._outlet.send(frames.refusal(error))

    async def _stop(self, keep: float | None) -> None:
        if self._seat is None:
            self._outlet.send(frames.event("recognition_stopped"))
            self._outlet.close()
            return
        if self._stopping is not None:
            await self._stopping
        room, participant = self._seat
        self._stopping = asyncio.create_task(self._carefully(room.stop(participant, keep)))

    async def _carefully(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception:
            _logger.exception("A stream could not be stopped in order.")
            self._outlet.close(FAULT, "The engine made a mistake: its log says which.")
