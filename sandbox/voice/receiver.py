"""A real client of the voice server: its keys, its address, what it has been told. The gateway and the media socket share it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sandbox.voice.rtp import RtpPacket, TransportKey, junk

if TYPE_CHECKING:
    from random import Random

    from sandbox.voice.group import Payload
    from sandbox.voice.impairments import Link
    from sandbox.voice.opcodes import Op
    from sandbox.voice.session import Frame, VoiceSession

Address = tuple[str, int]


class Outlet(Protocol):
    """Where datagrams go."""

    def send(self, datagram: bytes, address: Address) -> None:
        """Send one datagram now."""


class Wire(Protocol):
    """The websocket of a client."""

    def post(self, frame: Frame) -> None:
        """Send a frame after those posted before."""

    def close(self, code: int, reason: str = "") -> None:
        """Close after the frames posted before."""

    def abort(self) -> None:
        """Drop the connection without a word, now."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the main gateway has told a client to identify with."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    token: str


@dataclass(slots=True)
class ClientAudio:
    """What a client has sent over UDP."""

    packets: int = 0
    """RTP that authenticated."""
    silence: int = 0
    """Those of them that held the silence frame."""
    keepalives: int = 0
    bad: int = 0
    """Anything else."""


@dataclass(slots=True)
class Receiver:
    """One client's session: it outlives its websocket for as long as it may be resumed."""

    grant: Grant
    ssrc: int
    session: VoiceSession
    link: Link
    outlet: Outlet
    rng: Random
    since: float
    """When it identified, on the event loop's clock."""
    key: TransportKey = field(default_factory=lambda: TransportKey(secrets.token_bytes(32)))
    wire: Wire | None = None
    address: Address | None = None
    audio: ClientAudio = field(default_factory=ClientAudio)
    announcements: dict[int, int] = field(default_factory=dict)
    """User id to the packets that still go out before op 5; -1 when it has been sent or never will be."""

    @property
    def user_id(self) -> int:
        """Who it is."""
        return self.grant.user_id

    def post(self, op: Op, payload: Payload) -> None:
        """Send a numbered message; while the websocket is away it is kept for a resume."""
        frame = self.session.numbered(op, payload)
        if self.wire is not None:
            self.wire.post(frame)

    def deliver(self, packet: RtpPacket, ssrc: int) -> None:
        """Send a packet of `ssrc` over the link, with whatever the link does to it."""
        if self.address is None:
            return
        share = self.link.impairments.junk
        if share and self.rng.random() < share:
            other = junk(self.rng, ssrc)
            self._carry(self.key.seal(other) if other.body else other.header)
        self._carry(self.key.seal(packet))

    def _carry(self, datagram: bytes) -> None:
        loop = asyncio.get_running_loop()
        for delay, arrived in self.link.carry(datagram, loop.time()):
            if delay > 0:
                loop.call_later(delay, self._send, arrived)
            else:
                self._send(arrived)

    def _send(self, datagram: bytes) -> None:
        if self.address is not None:
            self.outlet.send(datagram, self.address)
