"""The voice server of the sandbox: real clients over TLS and UDP, simulated people inside."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.errors import SandboxError
from sandbox.voice.channel import Channel, Committer
from sandbox.voice.gateway import Connection, VoiceGateway
from sandbox.voice.impairments import Impairments, Link
from sandbox.voice.media import MediaSocket
from sandbox.voice.member import DaveMember
from sandbox.voice.opcodes import CloseCode, Op
from sandbox.voice.person import Person, Voiced
from sandbox.voice.receiver import ClientAudio, Grant, Receiver
from sandbox.voice.rtp import SILENCE, RtpStream
from sandbox.voice.session import Closing, DaveMessage, Identify, Resume

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sandbox.log import EventLog

RESUME_SECONDS = 10.0
"""So long a session waits for a client whose connection broke."""


class VoiceServer:
    """Voice gateway version 8, media, and the end-to-end groups of any number of channels.

    Args:
        log: gets `voice.*` and `dave.*` events.
        certificate: PEM file of the TLS certificate that clients trust.
        key: PEM file of its private key.
        dave: speak DAVE, and refuse clients that cannot (4017).
        announce_speaking: send op 5 when people first speak, as Discord does: once, a few packets late, and not to those who came later.
        impairments: what happens to packets on their way to clients.
        seed: of everything that is random about media and about who commits (keys are always fresh).
        committer: whose commit ends an epoch when both people and clients could commit.
        freeze_timestamps: people's RTP timestamps stand still in pauses.
    """

    def __init__(
        self,
        log: EventLog,
        *,
        certificate: Path,
        key: Path,
        dave: bool = True,
        announce_speaking: bool = True,
        impairments: Impairments | None = None,
        seed: int = 0,
        committer: Committer = "any",
        freeze_timestamps: bool = False,
    ) -> None:
        self.log = log
        self.dave = dave
        self.host = "127.0.0.1"
        self.media_port = 0
        self.endpoint = ""
        """Host and port of the gateway, once it has started."""
        self.impairments = impairments or Impairments()
        self._announce_speaking = announce_speaking
        self._committer = committer
        self._freeze = freeze_timestamps
        self._seed = seed
        self._rng = Random(seed)
        self._encoding = ThreadPoolExecutor(1, "sandbox-voice")
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._media = MediaSocket(log)
        self._gateway = VoiceGateway(self, log)
        self._runner: web.AppRunner | None = None
        self._channels: dict[int, Channel] = {}
        self._people: dict[int, Person] = {}
        self._clients: dict[int, Receiver] = {}
        self._grants: dict[int, Grant] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen on free ports of `host`."""
        self.host = host
        self.media_port = await self._media.open(host)
        application = web.Application()
        application.router.add_get("/", self._gateway.handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, 0, ssl_context=self._tls).start()
        self.endpoint = f"{host}:{self._runner.addresses[0][1]}"
        self.log.record("voice.listening", endpoint=self.endpoint, media_port=self.media_port)

    async def stop(self) -> None:
        """Stop everybody's speech, close all connections; may be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._media.close()
        self._encoding.shutdown()

    # Clients

    def admit(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str, token: str) -> None:
        """Let a client identify with exactly these values; they replace what it was told before."""
        self._grants[user_id] = Grant(guild_id, channel_id, user_id, session_id, token)

    async def dismiss(self, user_id: int) -> None:
        """A client is out of voice: its connection, if there is one, is closed with 4014, and its values count no more."""
        self._grants.pop(user_id, None)
        client = self._clients.get(user_id)
        if client is not None:
            self._drop(client, CloseCode.DISCONNECTED)
        await asyncio.sleep(0)  # the close frame goes out before whatever the main gateway says next

    def client_audio(self, user_id: int) -> ClientAudio:
        """What a connected client has sent over UDP."""
        return self._client(user_id).audio

    def identified(self, connection: Connection, claim: Identify) -> Receiver:
        """`Reception`: a new session, if the claim is what was granted."""
        grant = self._grants.get(claim.user_id)
        if grant is None or (claim.server_id, claim.session_id) != (grant.guild_id, grant.session_id):
            raise Closing(CloseCode.SESSION_INVALID, "Session is no longer valid.")
        if claim.token != grant.token:
            raise Closing(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
        earlier = self._clients.get(claim.user_id)
        if earlier is not None:
            self._drop(earlier, CloseCode.SESSION_INVALID)
        client = Receiver(
            grant=grant,
            ssrc=self._new_ssrc(),
            session=connection.session,
            link=Link(self.impairments, Random(f"{self._seed}:link:{claim.user_id}")),
            outlet=self._media,
            rng=Random(f"{self._seed}:junk:{claim.user_id}"),
            since=asyncio.get_running_loop().time(),
            wire=connection,
        )
        self._clients[claim.user_id] = client
        self._media.expect(client)
        return client

    def resumed(self, connection: Connection, claim: Resume) -> Receiver:
        """`Reception`: the session that this client had."""
        for client in self._clients.values():
            grant = client.grant
            if (grant.guild_id, grant.session_id, grant.token) == (claim.server_id, claim.session_id, claim.token):
                if client.wire is not None:
                    client.wire.close(CloseCode.SESSION_INVALID, "Another connection has resumed the session.")
                client.wire = connection
                return client
        raise Closing(CloseCode.SESSION_INVALID, "Session is no longer valid.")

    def described(self, client: Receiver) -> None:
        """`Reception`: the client is in its channel."""
        self._channel(client.grant.channel_id).add_client(client)
        self.log.record("voice.ready", user_id=client.user_id, channel_id=client.grant.channel_id)

    def spoken(self, client: Receiver, message: DaveMessage) -> None:
        """`Reception`: hand a DAVE message to the group."""
        channel = self._channel(client.grant.channel_id)
        if channel.group is not None:
            channel.receive(client.user_id, message.op, message.payload)

    def detached(self, client: Receiver, *, resumable: bool) -> None:
        """`Reception`: drop the session, at once or when nobody resumes it."""
        if resumable:
            asyncio.get_running_loop().call_later(RESUME_SECONDS, self._give_up, client)
        else:
            self._drop(client, CloseCode.DISCONNECTED)

    def _give_up(self, client: Receiver) -> None:
        if client.wire is None:
            self._drop(client, CloseCode.DISCONNECTED)

    def _drop(self, client: Receiver, code: CloseCode) -> None:
        if self._clients.get(client.user_id) is not client:
            return
        del self._clients[client.user_id]
        self._media.forget(client)
        wire, client.wire = client.wire, None
        if wire is not None:
            self.log.record("voice.closed", user_id=client.user_id, code=int(code))
            wire.close(code)
        self._channel(client.grant.channel_id).remove_client(client.user_id)

    def _client(self, user_id: int) -> Receiver:
        try:
            return self._clients[user_id]
        except KeyError:
            raise SandboxError(f"User {user_id} is not connected to the voice server.") from None

    # People

    async def join(self, channel_id: int, user_id: int) -> None:
        """A person comes into a channel (out of the one they are in); returns when they have its end-to-end keys."""
        earlier = self._people.get(user_id)
        if earlier is not None:
            if earlier.channel_id == channel_id:
                return
            await self.leave(user_id)
        dave = DaveMember(user_id, channel_id) if self.dave else None
        born = asyncio.get_running_loop().time()
        person = Person(user_id, channel_id, self._new_stream(), dave, born=born, encoding=self._encoding)
        self._people[user_id] = person
        self.log.record("voice.join", user_id=user_id, channel_id=channel_id, ssrc=person.stream.ssrc)
        self._channel(channel_id).add_person(person)
        await self._settled(channel_id)

    async def leave(self, user_id: int) -> None:
        """A person goes, in the middle of a word if need be; returns when the group goes on without them."""
        person = self._person(user_id)
        del self._people[user_id]
        self.log.record("voice.leave", user_id=user_id, channel_id=person.channel_id)
        self._channel(person.channel_id).remove_person(user_id)
        await self._settled(person.channel_id)

    def channel_of(self, user_id: int) -> int | None:
        """Where a person is."""
        person = self._people.get(user_id)
        return None if person is None else person.channel_id

    async def say(self, user_id: int, pcm: NDArray[np.int16], rate: int, *, start: float | None = None) -> None:
        """A person speaks mono sound in real time, from `start` on (the event loop's clock) or at once.

        Returns when the last voiced frame has been sent; the end of the sound and the silence frames follow by themselves. In that
        moment `voice.said` is logged, with `began` and `ended`: the event loop's clock (`time.monotonic()`) when the first and the
        last voiced sample went out, None if there was no voice.
        """
        person = self._person(user_id)
        voiced = Voiced(lambda v: self._said(user_id, v))
        task = self._spawn(self._say(person, pcm, rate, start, voiced))
        waiting = asyncio.ensure_future(voiced.done.wait())
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            waiting.cancel()
        if task.done():
            await task

    async def _say(self, person: Person, pcm: NDArray[np.int16], rate: int, start: float | None, voiced: Voiced) -> None:
        channel = self._channel(person.channel_id)
        share = self.impairments.passthrough

        def send(frame: bytes, tick: int) -> bool:
            clear = frame != SILENCE and share > 0 and self._rng.random() < share
            return channel.speak(person, frame, tick, clear=clear)

        async with person.turn:
            await person.speak(pcm, rate, start=start, send=send, said=voiced)

    def _said(self, user_id: int, voiced: Voiced) -> None:
        self.log.record(
            "voice.said",
            user_id=user_id,
            began=voiced.began,
            ended=voiced.ended,
            frames=voiced.frames,
            unsent=voiced.unsent,
            cut=voiced.cut,
        )

    # Faults

    def close(self, user_id: int, code: int) -> None:
        """Close a client's connection with any code; after 4015 it may resume."""
        wire = self._client(user_id).wire
        if wire is not None:
            wire.close(code)

    def abort(self, user_id: int) -> None:
        """Cut a client's connection: it sees 1006, and may resume."""
        wire = self._client(user_id).wire
        if wire is not None:
            wire.abort()

    def bad_proposal(self, user_id: int) -> None:
        """Send a client proposals that are no MLS (op 27)."""
        self._client(user_id).post(Op.PROPOSALS, b"\x00\x05hello")

    async def rekey(self, channel_id: int, *, new_group: bool = False) -> None:
        """Bring a channel to a new epoch: a person is removed and added anew, or, as after a restart, the group begins anew (op 24)."""
        channel = self._channel(channel_id)
        if channel.group is None:
            raise SandboxError(f"Channel {channel_id} has no end-to-end encryption.")
        await self._settled(channel_id)
        people = [person for person in channel.people.values() if person.dave is not None and person.dave.ready]
        if new_group or not people:
            channel.restart_group()
        else:
            person = people[-1]
            assert person.dave is not None
            channel.receive(person.user_id, *person.dave.renew())
        await self._settled(channel_id)

    def move_ssrc(self, user_id: int) -> int:
        """A person goes on with another SSRC, which nobody is told of; returns it."""
        person = self._person(user_id)
        person.stream = self._new_stream()
        return person.stream.ssrc

    # Inside

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _channel(self, channel_id: int) -> Channel:
        channel = self._channels.get(channel_id)
        if channel is None:
            channel = self._channels[channel_id] = Channel(
                channel_id,
                self.log,
                dave=self.dave,
                announce_speaking=self._announce_speaking,
                committer=self._committer,
                seed=self._seed,
            )
        return channel

    def _person(self, user_id: int) -> Person:
        try:
            return self._people[user_id]
        except KeyError:
            raise SandboxError(f"User {user_id} is in no voice channel.") from None

    async def _settled(self, channel_id: int) -> None:
        await self._channel(channel_id).settled()

    def _new_stream(self) -> RtpStream:
        return RtpStream(self._new_ssrc(), self._rng, freeze=self._freeze)

    def _new_ssrc(self) -> int:
        taken = {person.stream.ssrc for person in self._people.values()} | {c.ssrc for c in self._clients.values()}
        while True:
            ssrc = self._rng.randrange(1, 1 << 32)
            if ssrc not in taken:
                return ssrc
