"""The voice connection, on discord.py 2.7: the only module of hearing that knows the library, and the only one that touches its private names.

discord.py opens the connection, keeps it and encrypts what is sent; it receives nothing. What is mended here was provoked with 2.7.1:

- its reader waits up to 30 s on a socket that was closed meanwhile, so that a reconnect times out, and `select` refuses file
  descriptors from 1,024 on: `_Reader`;
- a bad DAVE message, or an exception in a hook, ends the task that reads the voice gateway while the connection looks well: `_Gateway`;
- close code 4015 begins a resume that never ends: it is made an ordinary reconnect;
- after close codes 4014 and 4022 the connection looks well until a time-out: `_State`.

`tests/bot/voice/test_discord_contract.py` fails when a name that is used here changes its meaning.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord
from discord.errors import ConnectionClosed
from discord.gateway import DiscordVoiceWebSocket
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

from bot.errors import VoiceError
from bot.voice.dave import SILENCE
from bot.voice.gateway import CLIENT_DISCONNECT, CLIENTS_CONNECT, READY, SESSION_DESCRIPTION
from bot.voice.listener import VoiceListener

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from discord.types.voice import GuildVoiceState

    from bot.voice.dave import Session
    from bot.voice.line import Handler

log = logging.getLogger(__name__)

CONNECT_WITHIN: Final = 20.0
"""Seconds for the first connection, and for each attempt at a new one."""
HANG_UP_WITHIN: Final = 5.0
MOVE_WITHIN: Final = 5.0
"""Seconds in which a move to another channel must follow close code 4014."""
RECEIVE_BUFFER: Final = 1 << 20
"""Bytes that the system keeps for us while Python is busy: some four seconds of 25 people."""

_POLL_SECONDS = 0.2
_AT_ONCE = 64  # packets read before the flags are looked at again
_DATAGRAM = 2048
_CRASHED, _GONE, _CALL_ENDED, _RECONNECT = 4015, 4014, 4022, 4009
_HELLO = 8
_RECOVER_EVERY = 1.0

Vocal = discord.VoiceChannel | discord.StageChannel


class _Reader(SocketReader):
    """Reads the UDP socket of the moment; notices within a moment that it was replaced."""

    def _do_run(self) -> None:
        while not self._end.is_set():
            if not self._running.is_set():
                self._running.wait()
                continue
            try:
                sock = self.state.socket
                if _readable(sock):
                    self._read(sock)
            except (AttributeError, OSError, TypeError, ValueError):  # not made yet, or closed
                self._end.wait(0.02)

    def _read(self, sock: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                data = sock.recv(_DATAGRAM)
            except BlockingIOError:
                return
            for callback in tuple(self._callbacks):
                try:
                    callback(data)
                except Exception:
                    log.exception("a datagram could not be taken")


def _readable(sock: socket.socket) -> bool:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(_POLL_SECONDS * 1000))
    return bool(select.select([sock], [], [], _POLL_SECONDS)[0])  # Windows, where any descriptor will do


class _Gateway(DiscordVoiceWebSocket):
    """The voice gateway, whose messages cannot end the task that reads them."""

    _connection: _State

    async def received_message(self, msg: dict[str, Any]) -> None:
        try:
            await super().received_message(msg)
        except ConnectionClosed:
            raise
        except Exception:
            if msg.get("op") in {READY, SESSION_DESCRIPTION, _HELLO}:
                raise  # there is no connection without them
            log.exception("a message of the voice gateway could not be used: op %s", msg.get("op"))

    async def received_binary_message(self, msg: bytes) -> None:
        try:
            await super().received_binary_message(msg)
        except ConnectionClosed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever davey or struct make of it
            op = msg[2] if len(msg) > 2 else None
            log.warning("DAVE message %s could not be used: %s", op, error)
            if op == self.MLS_PROPOSALS:
                await self._connection.ask_to_be_added_anew()

    async def poll_event(self) -> None:
        try:
            await super().poll_event()
        except ConnectionClosed as closed:
            self._connection.lost(closed.code, by_us=self._close_code is not None)
            if closed.code == _CRASHED:
                closed.code = _RECONNECT
            raise
        except TimeoutError:
            self._connection.lost(None, by_us=False)
            raise


class _State(VoiceConnectionState):
    """discord.py's state of the connection, which tells a handler what becomes of it."""

    voice_client: HearingClient

    def __init__(self, voice_client: HearingClient, handler: Handler) -> None:
        super().__init__(voice_client, hook=self._overheard)
        self._handler = handler
        self._spare_reader, self._socket_reader = (
            self._socket_reader,
            _Reader(self),
        )  # the spare one is never given anything to read
        self._socket_reader.start()
        self.sent_away: str | None = None
        self.waiting_for_move = False
        self._recovered_at = 0.0

    @property
    def alive(self) -> bool:
        """Connected, and not just not told yet that it is over."""
        return self.is_connected() and not self.waiting_for_move

    @property
    def gateway_read(self) -> bool:
        """The task that reads the voice gateway runs (before the first connection it is not there yet)."""
        return self._runner is not None and not self._runner.done()

    async def _overheard(self, _ws: DiscordVoiceWebSocket, msg: Mapping[str, Any]) -> None:
        """discord.py's hook: every JSON message, after discord.py has used it."""
        op, data = msg["op"], msg.get("d")
        if op == SESSION_DESCRIPTION:
            self._handler.up()
        self._handler.gateway(op, data if isinstance(data, dict) else {})
        if op in {CLIENTS_CONNECT, CLIENT_DISCONNECT}:
            self._handler.people_changed()

    def lost(self, code: int | None, *, by_us: bool) -> None:
        """The voice gateway's connection is over."""
        if code == _CALL_ENDED:
            self.sent_away = "the call was ended"
        if code is None:
            self._handler.down("the voice server fell silent")
        elif not by_us:
            self._handler.down(f"the voice server closed the connection with code {code}")
        elif code == _GONE:
            self._handler.down("the call is moved to another voice server")

    async def ask_to_be_added_anew(self) -> None:
        """Op 31 and a new key package: our group is not the others' any more."""
        now = time.monotonic()
        if now - self._recovered_at >= _RECOVER_EVERY:
            self._recovered_at = now
            await self._recover_from_invalid_commit(0)

    async def voice_state_update(self, data: GuildVoiceState) -> None:
        channel_id: object = data["channel_id"]
        if channel_id is None and not self._expecting_disconnect:
            self.sent_away = "the bot was disconnected from the voice channel"
        await super().voice_state_update(data)
        self._handler.people_changed()

    async def _potential_reconnect(self) -> bool:
        patience, self.timeout = self.timeout, 0.0 if self.sent_away else MOVE_WITHIN
        self.waiting_for_move = True
        try:
            return await super()._potential_reconnect()
        finally:
            self.timeout = patience
            self.waiting_for_move = False

    async def _connect_websocket(self, resume: bool) -> DiscordVoiceWebSocket:  # noqa: FBT001 - discord.py's signature
        ws = await _Gateway.from_connection_state(self, resume=resume, hook=self.hook)
        self.state = ConnectionFlowState.websocket_connected
        return ws

    def _create_socket(self) -> None:
        super()._create_socket()
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        except OSError as error:
            log.info("the receive buffer could not be made larger: %s", error)

    def stop_reading(self) -> None:
        """End both readers."""
        self._spare_reader.stop()
        self._socket_reader.stop()

    def stop_reconnecting(self) -> None:
        """End the tasks that keep the connection, so that none of them acts after us."""
        for task in (self._connector, self._runner):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._connector = self._runner = None


class HearingClient(discord.VoiceClient):
    """A voice client that hands every datagram and every message of the voice gateway to a handler. It is a `Line`.

    Args:
        handler: is told everything.
    """

    _connection: _State

    def __init__(self, client: discord.Client, channel: discord.abc.Connectable, *, handler: Handler) -> None:
        self._handler = handler
        self._in_use = False
        self._gone = False
        super().__init__(client, channel)

    def create_connection_state(self) -> VoiceConnectionState:
        """Called by discord.py while it is constructed."""
        return _State(self, self._handler)

    def begin(self) -> None:
        """The connection is made: from now on the handler gets datagrams, and is told when the client is of no use any more."""
        self._in_use = True
        self._connection.add_socket_listener(self._handler.packet)

    # -- Line

    @property
    def connected(self) -> bool:
        """Packets can come."""
        return self._connection.alive

    @property
    def gateway_read(self) -> bool:
        """Somebody reads the voice gateway."""
        return self._connection.gateway_read

    def key(self) -> Sequence[int] | None:
        """The transport key now."""
        key = self._connection.secret_key
        return None if key is MISSING else key

    def session(self) -> Session | None:
        """The end-to-end session now."""
        return self._connection.dave_session

    def encrypted(self) -> bool:
        """The call is encrypted end to end now."""
        return self._connection.dave_protocol_version > 0

    def people(self) -> Mapping[int, bool]:
        """The others in the voice channel now; True: a bot."""
        members = {user_id: self.guild.get_member(user_id) for user_id in self.channel.voice_states if user_id != self.user.id}
        return {user_id: member is not None and member.bot for user_id, member in members.items()}

    def send_silence(self) -> None:
        """Send one silence frame."""
        if self.connected:
            self.send_audio_packet(SILENCE, encode=False)

    async def hang_up(self) -> None:
        """Leave the channel and free everything."""
        self._in_use = False
        self._connection.stop_reconnecting()
        try:
            async with asyncio.timeout(HANG_UP_WITHIN):
                await self.disconnect(force=True)
                while self._in_voice():  # noqa: ASYNC110 - discord.py has no event for it
                    await asyncio.sleep(0.05)
        except Exception as error:  # noqa: BLE001 - whatever it is, the line is not used any more
            log.info("Discord did not confirm that the bot left the voice channel: %r", error)
        self._connection.stop_reading()

    def _in_voice(self) -> bool:
        """Whether Discord's main gateway says so. A new connection must not begin before it says no: it would take that for its own end."""
        me = self.guild.get_member(self.user.id)
        return me is not None and me.voice is not None and me.voice.channel is not None

    # -- what discord.py and the bot's client call

    async def disconnect(self, *, force: bool = False) -> None:
        """Somebody who is not discord.py's own machinery wants the bot to leave: the client closes, or `hang_up`."""
        self._connection.sent_away = "the bot left the voice channel"
        if not self._gone:
            await super().disconnect(force=force)

    def cleanup(self) -> None:
        """discord.py has given the connection up."""
        super().cleanup()
        self._gone = True
        self._connection.stop_reading()
        if not self._in_use:
            return
        self._in_use = False
        if self._connection.sent_away:
            self._handler.ended(self._connection.sent_away)
        else:
            self._handler.broken("discord.py gave it up")

    def member_joined(self, user_id: int) -> None:  # noqa: ARG002 - the handler asks who is there
        """Somebody came into the voice channel."""
        self._handler.people_changed()

    def member_left(self, user_id: int) -> None:  # noqa: ARG002 - the handler asks who is there
        """Somebody left it."""
        self._handler.people_changed()

    def check(self) -> None:
        """The bot's gateway was away: without a voice state there, Discord has forgotten this connection."""
        if self._in_use and not self._in_voice():
            self._handler.broken("Discord has forgotten it")


async def listen(channel: Vocal, refused: Collection[int] = (), *, connect_within: float = CONNECT_WITHIN) -> VoiceListener:
    """Join a voice channel and hear, but never one packet of those who refused. Raises `VoiceError` with a sentence for the person who asked."""
    listener = VoiceListener(partial(_dial, channel, connect_within), channel.guild.me.id)
    for user_id in refused:
        listener.refuse(user_id)
    await listener.open()
    return listener


async def _dial(channel: Vocal, within: float, handler: Handler) -> HearingClient:
    made: list[HearingClient] = []

    def make(client: discord.Client, connectable: discord.abc.Connectable) -> HearingClient:
        made.append(HearingClient(client, connectable, handler=handler))
        return made[0]

    try:
        client = await channel.connect(timeout=within, cls=make)
    except asyncio.CancelledError:
        for half_made in made:  # discord.py would keep it, and let nobody else in
            await half_made.hang_up()
        raise
    except TimeoutError as error:
        raise VoiceError(
            f"The voice server of {channel.name} did not answer within {within:.0f} s. Try again, or have the channel's region changed."
        ) from error
    except discord.ClientException as error:
        raise VoiceError("I am in a voice channel of this server already. Disconnect me there, then try again.") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise VoiceError(f"The voice channel {channel.name} could not be joined: {error}.") from error
    client.begin()
    return client
