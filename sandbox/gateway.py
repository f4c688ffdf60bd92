"""The gateway: WebSocket connections around `sessions`, and the bot's way into voice channels."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, cast

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox import body as read
from sandbox.errors import ApiError
from sandbox.models import ChannelKind, Json
from sandbox.permissions import Permission
from sandbox.sessions import CloseCode, Op, Session, frame
from sandbox.world import Dispatch, Intent

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.limits import RateLimiter, RateLimits
    from sandbox.ports import VoiceRooms
    from sandbox.world import World

HEARTBEAT_INTERVAL_MS = 41_250
ACK_SECONDS = 0.02
"""How long a heartbeat's answer is on its way: discord.py notes when it sent one only after it has sent it, so an answer that is
there at once looks to it as if it were an interval late."""
_OUTBOX = 4000
"""Frames that wait for a slow client; one more closes its connection."""
_SESSIONS = 16


class Connection:
    """One WebSocket: frames go through a queue, so that dispatching never waits."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.socket = socket
        self._transport = transport
        self.session: Session | None = None
        self.key = secrets.token_hex(8)
        self._outbox: asyncio.Queue[str] = asyncio.Queue(_OUTBOX)

    def send(self, text: str) -> None:
        """Queue a frame."""
        try:
            self._outbox.put_nowait(text)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """Cut the connection as a broken network would: without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()

    async def pump(self) -> None:
        """Send what is queued, until cancelled or the client has gone."""
        while not self.socket.closed:
            text = await self._outbox.get()
            try:
                await self.socket.send_str(text)
            except ConnectionError:
                return


class Gateway:
    """Serves the gateway and dispatches the world's events to whoever is connected."""

    def __init__(
        self,
        world: World,
        voice: VoiceRooms,
        *,
        token: str,
        limits: RateLimits,
        limiter: RateLimiter,
        record: Callable[..., object],
        refused_intents: Intent = Intent.ALWAYS,
    ) -> None:
        self.url = ""
        self._world = world
        self._voice = voice
        self._token = token
        self._limits = limits
        self._limiter = limiter
        self._record = record
        self._refused_intents = refused_intents
        self._connections: set[Connection] = set()
        self._sessions: dict[str, Session] = {}
        world.listeners.append(self.dispatch)

    @property
    def connected(self) -> bool:
        """Whether a client is connected and identified."""
        return any(each.session is not None for each in self._connections)

    def dispatch(self, event: Dispatch) -> None:
        """Number the event in every session and send it where a client is connected."""
        by_session = {each.session.id: each for each in self._connections if each.session is not None}
        for session in self._sessions.values():
            text = session.dispatch(event)
            if text is not None and session.id in by_session:
                by_session[session.id].send(text)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Handle one client's connection until it ends."""
        socket = web.WebSocketResponse(autoclose=True)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self._connections.add(connection)
        pump = asyncio.create_task(connection.pump())
        connection.send(frame(Op.HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(connection, message.data)
        finally:
            self._connections.discard(connection)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            await self._closed(connection)
        return socket

    # what tests do to the connection

    async def drop(self, *, code: int | None = None, forget: bool = False) -> None:
        """Cut every connection: with a close code, or with None as a broken network does.

        With `forget` the session cannot be resumed: the client is told so when it tries (op 9) and has to identify again.
        """
        if forget:
            self._sessions.clear()
        for connection in list(self._connections):
            self._record("gateway.drop", code=code)
            if code is None:
                connection.abort()
            else:
                await connection.socket.close(code=code)

    def ask_to_reconnect(self) -> None:
        """Send op 7: the client should come back and resume."""
        for connection in self._connections:
            connection.send(frame(Op.RECONNECT))

    async def stop(self) -> None:
        """Close every connection as a server that goes away."""
        for connection in list(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    # what the client sends

    async def _receive(self, connection: Connection, text: str) -> None:
        if not self._limiter.take(f"gateway {connection.key}", self._limits.gateway).allowed:
            await connection.socket.close(code=CloseCode.RATE_LIMITED)
            return
        try:
            message = json.loads(text)
            op, data = Op(message["op"]), message.get("d")
        except (ValueError, TypeError, KeyError):
            await connection.socket.close(code=CloseCode.DECODE_ERROR)
            return
        try:
            await self._obey(connection, op, data)
        except ApiError as error:
            self._record("gateway.refused", reason=str(error))
            await connection.socket.close(code=CloseCode.DECODE_ERROR)

    async def _obey(self, connection: Connection, op: Op, data: object) -> None:
        if op is Op.HEARTBEAT:
            asyncio.get_running_loop().call_later(ACK_SECONDS, connection.send, frame(Op.HEARTBEAT_ACK))
        elif op in {Op.IDENTIFY, Op.RESUME}:
            await self._enter(connection, op, _object(data))
        elif connection.session is None:
            await connection.socket.close(code=CloseCode.NOT_AUTHENTICATED)
        elif op is Op.REQUEST_MEMBERS:
            chunk = connection.session.members_chunk(_object(data))
            if chunk is not None:
                connection.send(chunk)
        elif op is Op.VOICE_STATE:
            await self._voice_state(connection.session, _object(data))
        elif op is not Op.PRESENCE:
            await connection.socket.close(code=CloseCode.UNKNOWN_OPCODE)

    async def _enter(self, connection: Connection, op: Op, data: Json) -> None:
        if connection.session is not None:
            await connection.socket.close(code=CloseCode.ALREADY_AUTHENTICATED)
        elif str(data.get("token", "")).removeprefix("Bot ") != self._token:
            self._record("gateway.refused", reason="token")
            await connection.socket.close(code=CloseCode.AUTHENTICATION_FAILED)
        elif op is Op.RESUME:
            self._resume(connection, data)
        else:
            await self._identify(connection, data)

    async def _identify(self, connection: Connection, data: Json) -> None:
        intents = Intent(read.integer(data, "intents"))
        if intents & self._refused_intents:
            self._record("gateway.refused", reason="intents")
            await connection.socket.close(code=CloseCode.DISALLOWED_INTENTS)
            return
        await self.leave_voice()
        session = Session(secrets.token_hex(16), intents, self._world)
        self._sessions[session.id] = session
        while len(self._sessions) > _SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        for text in session.greeting(self.url):
            connection.send(text)
        connection.session = session
        self._record("gateway.identify", session_id=session.id, intents=int(intents))

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        missed = session.replay(read.integer(data, "seq")) if session else None
        if session is None or missed is None:
            self._record("gateway.resume_refused", session_id=data.get("session_id"))
            connection.send(frame(Op.INVALID_SESSION, data=False))
            return
        for other in self._connections:
            if other.session is session:
                other.session = None
                other.abort()
        for text in missed:
            connection.send(text)
        connection.session = session
        resumed = session.dispatch(Dispatch("RESUMED", {}))
        if resumed is not None:
            connection.send(resumed)
        self._record("gateway.resume", session_id=session.id, missed=len(missed))

    async def _closed(self, connection: Connection) -> None:
        """A client that says goodbye (1000, 1001) ends its session and leaves voice; any other end may be resumed."""
        code, session = connection.socket.close_code, connection.session
        self._record("gateway.close", code=code, identified=session is not None)
        if session is not None and code in {WSCloseCode.OK, WSCloseCode.GOING_AWAY}:
            self._sessions.pop(session.id, None)
            state = self._world.guild.voice_states.get(self._world.bot.id)
            if state is not None and state.session_id == session.id:
                await self.leave_voice()

    # the bot in voice channels

    async def _voice_state(self, session: Session, data: Json) -> None:
        channel_id = read.integer(data, "channel_id")
        mute, deaf = read.flag(data, "self_mute"), read.flag(data, "self_deaf")
        refusal = self._refusal(read.integer(data, "guild_id"), channel_id)
        self._record("gateway.voice_state", channel_id=channel_id or None, refusal=refusal)
        if refusal:
            return  # Discord does not answer either
        if not channel_id:
            await self.leave_voice()
            return
        bot_id = self._world.bot.id
        before = self._world.guild.voice_states.get(bot_id)
        changed = before is not None and (before.self_mute, before.self_deaf) != (mute, deaf)
        stays = before is not None and before.channel_id == channel_id and before.session_id == session.id
        if stays and changed:
            self._world.set_voice(bot_id, channel_id, self_mute=mute, self_deaf=deaf)
            return
        await self.admit(channel_id, session_id=session.id, self_mute=mute, self_deaf=deaf)

    async def admit(self, channel_id: int, **state: str | bool) -> None:
        """Put the bot into a voice channel and tell it which server to connect to; an older connection is closed (4014)."""
        bot_id, guild_id = self._world.bot.id, self._world.guild.id
        if bot_id in self._world.guild.voice_states:
            await self._voice.dismiss(bot_id)
        after = self._world.set_voice(bot_id, channel_id, **state)
        assert after is not None
        token = secrets.token_hex(8)
        self._voice.admit(guild_id=guild_id, channel_id=channel_id, user_id=bot_id, session_id=after.session_id, token=token)
        server: Json = {"token": token, "guild_id": str(guild_id), "endpoint": self._voice.endpoint}
        self._world.emit("VOICE_SERVER_UPDATE", server, Intent.ALWAYS)

    async def leave_voice(self) -> None:
        """Take the bot out of its voice channel, if it sits in one."""
        bot_id = self._world.bot.id
        if bot_id in self._world.guild.voice_states:
            self._world.set_voice(bot_id, None)
            await self._voice.dismiss(bot_id)

    def _refusal(self, guild_id: int, channel_id: int) -> str:
        """Why the bot may not sit there; empty when it may."""
        world = self._world
        if guild_id != world.guild.id:
            return "unknown guild"
        if not channel_id:
            return ""
        place = world.guild.channels.get(channel_id)
        if place is None or place.kind is not ChannelKind.VOICE:
            return "not a voice channel"
        granted = world.permissions(world.bot.id, place)
        if Permission.VIEW_CHANNEL | Permission.CONNECT not in granted:
            return "missing permission"
        there = [each for each in world.guild.voice_states.values() if each.channel_id == channel_id]
        if place.user_limit and len(there) >= place.user_limit and Permission.MOVE_MEMBERS not in granted:
            return "channel is full"
        return ""


def _object(data: object) -> Json:
    return cast("Json", data) if isinstance(data, dict) else {}
