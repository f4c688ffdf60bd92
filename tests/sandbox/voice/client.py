"""A small voice client that does what discord.py does, for tests of the voice server."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import davey
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.exceptions import CryptoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.voice.server import VoiceServer

SILENCE = b"\xf8\xff\xfe"
GUILD = 111
Data = dict[str, Any]
MODE = "aead_xchacha20_poly1305_rtpsize"


class Packet:
    """One RTP packet as it came, transport encryption taken off."""

    def __init__(self, datagram: bytes, key: bytes) -> None:
        extended, padded = datagram[0] & 16, datagram[0] & 32
        begin = 12 + (4 if extended else 0)
        body = crypto_aead_xchacha20poly1305_ietf_decrypt(datagram[begin:-4], datagram[:begin], datagram[-4:] + bytes(20), key)
        if extended:
            body = body[4 * struct.unpack_from(">H", datagram, begin - 2)[0] :]
        self.padding = body[-1] if padded else 0
        self.payload = body[: len(body) - self.padding]
        self.sequence, self.timestamp, self.ssrc = struct.unpack_from(">HII", datagram, 2)
        self.at = time.monotonic()


class ScriptedClient(asyncio.DatagramProtocol):
    """Connects step by step; keeps every message and every packet."""

    def __init__(self, server: VoiceServer, certificate: Path, user_id: int, channel_id: int) -> None:
        self.server, self.user_id, self.channel_id = server, user_id, channel_id
        self._context = ssl.create_default_context(cafile=str(certificate))
        self.messages: list[tuple[int, Data]] = []
        self.datagrams: list[bytes] = []
        self.packets: list[Packet] = []
        self.errors: Counter[str] = Counter()
        self.heard: dict[int, list[bytes]] = {}
        self.owners: dict[int, int] = {}
        self.dave: davey.DaveSession | None = None
        self.seq_ack = -1
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self.commits = self.confirms = True
        self.key = b""
        self.ssrc = 0
        self._changed = asyncio.Condition()
        self._notices: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        loop = asyncio.get_running_loop()
        self.udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()
        self.udp.close()
        await self._http.close()

    async def open(self, version: int = 8) -> None:
        self.closed.clear()
        url = f"wss://{self.server.endpoint}/?v={version}"
        self.socket = await self._http.ws_connect(url, ssl=self._context)
        self.poller = asyncio.create_task(self._poll())

    async def leave(self, code: int = 1000) -> None:
        if hasattr(self, "socket"):
            await self.socket.close(code=code)
            await self.poller

    def admit(self) -> None:
        self.server.admit(guild_id=GUILD, channel_id=self.channel_id, user_id=self.user_id, session_id="session", token="token")

    async def connect(self) -> Self:
        """The whole handshake, up to the session description."""
        self.admit()
        await self.open()
        await self.identify()
        ready = await self.message(2)
        self.ssrc = ready["ssrc"]
        self.udp.sendto(struct.pack(">HHI", 1, 70, self.ssrc) + bytes(66), (ready["ip"], ready["port"]))
        await self.until(lambda: any(len(d) == 74 for d in self.datagrams))
        reply = next(d for d in self.datagrams if len(d) == 74)
        address, port = reply[8 : reply.index(0, 8)].decode(), struct.unpack(">H", reply[-2:])[0]
        await self.send(1, {"protocol": "udp", "data": {"address": address, "port": port, "mode": MODE}})
        await self.message(4)
        return self

    async def identify(self, **changes: object) -> None:
        claim = {
            "server_id": str(GUILD),
            "user_id": str(self.user_id),
            "session_id": "session",
            "token": "token",
            "max_dave_protocol_version": 1,
        }
        await self.send(0, {**claim, **changes})

    async def resume(self) -> None:
        claim = {"server_id": str(GUILD), "session_id": "session", "token": "token", "seq_ack": self.seq_ack}
        await self.send(7, claim)

    async def send(self, op: int, data: object) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def send_binary(self, op: int, data: bytes) -> None:
        await self.socket.send_bytes(bytes([op]) + data)

    def speak(self, payload: bytes, sequence: int) -> None:
        """Send one packet as discord.py does."""
        header = struct.pack(">BBHII", 0x80, 0x78, sequence, sequence * 960, self.ssrc)
        nonce = struct.pack(">I", sequence)
        sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(payload, header, nonce + bytes(20), self.key)
        self.udp.sendto(header + sealed + nonce, ("127.0.0.1", self.server.media_port))

    async def message(self, op: int, *, count: int = 1) -> Data:
        """The data of the `count`-th message with this opcode; waits for it."""
        await self.until(lambda: sum(o == op for o, _ in self.messages) >= count)
        return [d for o, d in self.messages if o == op][count - 1]

    async def hears(self, user_id: int, frames: int) -> None:
        """Wait until so many frames of somebody have been decrypted."""
        await self.until(lambda: len(self.heard.get(user_id, [])) >= frames)

    async def until(self, condition: Callable[[], bool], within: float = 5.0) -> None:
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _poll(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                frame = json.loads(message.data)
                self.seq_ack = frame.get("seq", self.seq_ack)
                self.messages.append((frame["op"], frame["d"]))
                await self._json(frame["op"], frame["d"])
            elif message.type is aiohttp.WSMsgType.BINARY:
                self.seq_ack, op = struct.unpack_from(">HB", message.data)
                self.messages.append((op, {}))
                await self._binary(op, message.data[3:])
            await self._notify()
        self.close_code = self.socket.close_code
        self.closed.set()
        await self._notify()

    async def _json(self, op: int, data: Data) -> None:
        if op == 4:
            self.key = bytes(data["secret_key"])
            if data["dave_protocol_version"]:
                self.dave = davey.DaveSession(1, self.user_id, self.channel_id)
                await self.send_binary(26, self.dave.get_serialized_key_package())
        elif op == 5:
            self.owners[data["ssrc"]] = int(data["user_id"])
        elif op == 24 and data["epoch"] == 1:
            await self.renew()

    async def renew(self) -> None:
        assert self.dave is not None
        self.dave.reinit(1, self.user_id, self.channel_id)
        await self.send_binary(26, self.dave.get_serialized_key_package())

    async def _binary(self, op: int, body: bytes) -> None:
        assert self.dave is not None
        if op == 25:
            self.dave.set_external_sender(body)
        elif op == 27:
            kinds = davey.ProposalsOperationType
            try:
                result = self.dave.process_proposals(kinds.revoke if body[0] else kinds.append, body[1:])
            except ValueError:
                await self.send(31, {"transition_id": 0})
                await self.renew()
                return
            if result is not None and self.commits:
                await self.send_binary(28, result.commit + (result.welcome or b""))
        elif op in {29, 30}:
            (self.dave.process_commit if op == 29 else self.dave.process_welcome)(body[2:])
            if self.confirms:
                await self.send(23, {"transition_id": int.from_bytes(body[:2], "big")})

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.datagrams.append(data)
        if self.key and len(data) != 74:
            self._audio(data)
        self._notices.add(asyncio.get_running_loop().create_task(self._notify()))

    def _audio(self, data: bytes) -> None:
        if len(data) < 32 or data[0] >> 6 != 2 or data[1] & 0x7F != 120:
            self.errors["no voice"] += 1
            return
        try:
            packet = Packet(data, self.key)
        except CryptoError:
            self.errors["transport"] += 1
            return
        self.packets.append(packet)
        if packet.payload == SILENCE or not packet.payload:
            return
        if self.dave is None:
            self.heard.setdefault(packet.ssrc, []).append(packet.payload)
            return
        known = self.owners.get(packet.ssrc)
        people = [known] if known else [int(u) for u in self.dave.get_user_ids() if int(u) not in self.owners.values()]
        for user_id in people:
            try:
                frame = self.dave.decrypt(user_id, davey.MediaType.audio, packet.payload)
            except ValueError as error:
                self.errors[str(error)] += 1
                continue
            self.owners[packet.ssrc] = user_id
            self.heard.setdefault(user_id, []).append(frame)
            return
