"""The voice gateway: websockets over TLS around `VoiceSession`. Who may identify is granted by the main gateway."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.voice import session as said
from sandbox.voice.group import PROTOCOL_VERSION
from sandbox.voice.opcodes import CloseCode, Op
from sandbox.voice.rtp import MODE, MODES
from sandbox.voice.session import HEARTBEAT_SECONDS, Closing, Phase, VoiceSession

if TYPE_CHECKING:
    from sandbox.log import EventLog
    from sandbox.voice.receiver import Receiver
    from sandbox.voice.session import ClientEvent, Frame

_log = logging.getLogger(__name__)

_UNSENT_FRAMES = 1024
_ABNORMAL = 1006
_FAREWELL_SECONDS = 2.0


class Reception(Protocol):
    """What the gateway asks of the voice server."""

    dave: bool
    host: str
    media_port: int

    def identified(self, connection: Connection, claim: said.Identify) -> Receiver:
        """A new session for a client that may come in; raises Closing for one that may not."""

    def resumed(self, connection: Connection, claim: said.Resume) -> Receiver:
        """The earlier session of a client, bound to this connection; raises Closing if there is none."""

    def described(self, client: Receiver) -> None:
        """The client has its keys: it is in the channel now."""

    def spoken(self, client: Receiver, message: said.DaveMessage) -> None:
        """A DAVE message of the client."""

    def detached(self, client: Receiver, *, resumable: bool) -> None:
        """The client's connection has ended."""


class Connection:
    """One websocket. Frames are written in the order in which they were posted."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.session = VoiceSession()
        self.client: Receiver | None = None
        self.closed_with: int | None = None
        """The code with which the server has closed, if it was the server."""
        self._socket = socket
        self._request = request
        self._frames: asyncio.Queue[Frame | tuple[int, str]] = asyncio.Queue(_UNSENT_FRAMES)

    def post(self, frame: Frame) -> None:
        """Send a frame after those posted before; a client that does not read is cut off."""
        self._put(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Close after the frames posted before."""
        self.closed_with = int(code)
        self._put((code, reason))

    def abort(self) -> None:
        """Drop the connection without a word, now: the client sees 1006."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def _put(self, item: Frame | tuple[int, str]) -> None:
        try:
            self._frames.put_nowait(item)
        except asyncio.QueueFull:
            _log.warning("A voice client does not read; its connection is dropped.")
            self.abort()

    async def write(self) -> None:
        """Send what is posted until the connection ends."""
        try:
            while True:
                item = await self._frames.get()
                if isinstance(item, tuple):
                    await self._socket.close(code=item[0], message=item[1].encode())
                    return
                if isinstance(item, bytes):
                    await self._socket.send_bytes(item)
                else:
                    await self._socket.send_str(item)
        except ConnectionError as error:
            _log.debug("A voice client went away while it was being written to: %s", error)


class VoiceGateway:
    """The websocket endpoint; `handle` is its route."""

    def __init__(self, reception: Reception, log: EventLog) -> None:
        self._reception = reception
        self._events = log
        self._connections: set[Connection] = set()

    def close(self) -> None:
        """Tell every client that the server goes away."""
        for connection in self._connections:
            connection.close(WSCloseCode.GOING_AWAY, "The voice server stops.")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until its connection ends."""
        if request.query.get("v") != "8":
            raise web.HTTPBadRequest(text="Only version 8 of the voice gateway is spoken here.")
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        beat = int(HEARTBEAT_SECONDS * 1000)
        connection.post(connection.session.plain(Op.HELLO, {"v": 8, "heartbeat_interval": beat}))
        try:
            async for message in socket:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    self._receive(connection, message.data)
        finally:
            self._connections.discard(connection)
            self._ended(connection, connection.closed_with or socket.close_code)
            if connection.closed_with is None:
                writer.cancel()
            await asyncio.wait({writer}, timeout=_FAREWELL_SECONDS)  # it writes what is posted, and the close frame
            writer.cancel()
        return socket

    def _receive(self, connection: Connection, frame: Frame) -> None:
        try:
            self._answer(connection, connection.session.receive(frame))
        except Closing as closing:
            self._events.record("voice.rejected", code=int(closing.code), reason=closing.reason)
            connection.close(closing.code, closing.reason)

    def _answer(self, connection: Connection, event: ClientEvent) -> None:
        match event:
            case said.Heartbeat():
                connection.post(connection.session.plain(Op.HEARTBEAT_ACK, {"t": event.nonce}))
            case said.Identify():
                self._identify(connection, event)
            case said.Resume():
                self._resume(connection, event)
            case said.SelectProtocol():
                self._describe(connection, event)
            case said.DaveMessage() if connection.client is not None:
                self._reception.spoken(connection.client, event)
            case said.Speaking() if connection.client is not None:
                self._events.record("voice.client_speaking", user_id=connection.client.user_id, speaking=event.speaking)

    def _identify(self, connection: Connection, claim: said.Identify) -> None:
        if self._reception.dave and claim.dave_version < PROTOCOL_VERSION:
            raise Closing(CloseCode.DAVE_REQUIRED, "E2EE/DAVE protocol required")
        connection.client = client = self._reception.identified(connection, claim)
        connection.session.phase = Phase.IDENTIFIED
        self._events.record("voice.identify", user_id=client.user_id, channel_id=client.grant.channel_id)
        ready = {
            "ssrc": client.ssrc,
            "ip": self._reception.host,
            "port": self._reception.media_port,
            "modes": list(MODES),
            "heartbeat_interval": 1,  # a relic that clients must not use
            "experiments": [],
        }
        connection.post(connection.session.plain(Op.READY, ready))

    def _resume(self, connection: Connection, claim: said.Resume) -> None:
        connection.client = client = self._reception.resumed(connection, claim)
        missed = client.session.missed(claim.seq_ack)
        connection.session = client.session
        for frame in missed:
            connection.post(frame)
        connection.post(connection.session.plain(Op.RESUMED, None))
        self._events.record("voice.resumed", user_id=client.user_id, missed=len(missed))

    def _describe(self, connection: Connection, choice: said.SelectProtocol) -> None:
        client = connection.client
        if client is None:
            return
        if choice.mode != MODE:
            raise Closing(CloseCode.UNKNOWN_MODE, f"{choice.mode} is offered as Discord does, but only {MODE} works here.")
        description = {
            "mode": MODE,
            "secret_key": list(client.key.secret),
            "dave_protocol_version": PROTOCOL_VERSION if self._reception.dave else 0,
            "audio_codec": "opus",
            "video_codec": "H264",
            "media_session_id": f"{client.ssrc:08x}",
        }
        connection.post(connection.session.plain(Op.SESSION_DESCRIPTION, description))
        if connection.session.phase is not Phase.DESCRIBED:
            connection.session.phase = Phase.DESCRIBED
            self._reception.described(client)

    def _ended(self, connection: Connection, code: int | None) -> None:
        client = connection.client
        if client is None or client.wire is not connection:
            return
        client.wire = None
        self._events.record("voice.closed", user_id=client.user_id, code=code)
        self._reception.detached(client, resumable=code in {None, _ABNORMAL, CloseCode.SERVER_CRASHED})
