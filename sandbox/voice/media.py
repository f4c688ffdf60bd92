"""The UDP socket of the voice server: IP discovery, keep-alives, and what clients send."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sandbox.voice.rtp import SILENCE, discovery_reply

if TYPE_CHECKING:
    from sandbox.log import EventLog
    from sandbox.voice.receiver import Address, Receiver

_log = logging.getLogger(__name__)

_KEEPALIVE_BYTES = 8


class MediaSocket(asyncio.DatagramProtocol):
    """One socket for all clients: they are told apart by the address from which they asked for theirs."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._by_ssrc: dict[int, Receiver] = {}
        self._by_address: dict[Address, Receiver] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str) -> int:
        """Bind to any free port and return it."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def expect(self, client: Receiver) -> None:
        """From now on this client may ask for its address."""
        self._by_ssrc[client.ssrc] = client

    def forget(self, client: Receiver) -> None:
        """The client has gone."""
        self._by_ssrc.pop(client.ssrc, None)
        if client.address is not None:
            self._by_address.pop(client.address, None)
            client.address = None

    def send(self, datagram: bytes, address: Address) -> None:
        """Send one datagram now."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, address)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Asyncio's callback: answer an IP discovery, count everything else."""
        address = (str(addr[0]), int(addr[1]))
        reply = discovery_reply(data, *address)
        if reply is not None:
            self._discovered(data, address, reply)
            return
        client = self._by_address.get(address)
        if client is None:
            return
        if len(data) == _KEEPALIVE_BYTES:
            client.audio.keepalives += 1
            self.send(data, address)
            return
        opened = client.key.open(data)
        if opened is None or opened[0] != client.ssrc:
            client.audio.bad += 1
            return
        client.audio.packets += 1
        if opened[1] == SILENCE:
            client.audio.silence += 1
            self.log.record("voice.silence", user_id=client.user_id, count=client.audio.silence)

    def _discovered(self, request: bytes, address: Address, reply: bytes) -> None:
        client = self._by_ssrc.get(int.from_bytes(request[4:8], "big"))
        if client is None:
            return
        if client.address is not None:
            self._by_address.pop(client.address, None)
        client.address = address
        self._by_address[address] = client
        self.send(reply, address)
        self.log.record("voice.discovery", user_id=client.user_id, port=address[1])

    def error_received(self, exc: Exception) -> None:
        """Asyncio's callback: a client's port is closed, which its websocket will tell in its own way."""
        _log.debug("The media socket got an error: %s", exc)
