"""A server of the Streaming API for the tests of its client: real sockets, scripted behaviour, and a record of what it got."""

from __future__ import annotations

import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bot.clock import SystemClock
from bot.streaming.auth import TokenSource
from tests.bot.fakes import Waiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from http import HTTPStatus

    from websockets.http11 import Request, Response

    Behaviour = Callable[["Visit"], Awaitable[None]]


@dataclass
class Visit:
    """One connection, from the server's side."""

    server: ScriptedServer
    socket: ServerConnection
    path: str
    start: dict[str, object] = field(default_factory=dict)
    audio: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)
    stopped: bool = False

    async def say(self, kind: str, **members: object) -> None:
        await self.socket.send(json.dumps({"type": "message", "message": {"type": kind, **members}}))

    async def greet(self) -> None:
        """Wait for the start request and answer it."""
        self.start = json.loads(await self.socket.recv())
        await self.say("started_listening")
        await self.say("conversation_created", data={"conversationId": "4726931040557588"})
        await self.say("recognition_started", data={"conversationId": "4726931040557588"})

    async def listen(self, most: float = float("inf")) -> None:
        """Take in sound until the stop request, or until `most` bytes came on this connection."""
        while len(self.audio) < most:
            frame = await self.socket.recv()
            if isinstance(frame, str):
                self.stopped = json.loads(frame)["type"] == "stop_request"
                self.server.changed()
                return
            self.audio += frame
            self.frames.append(len(frame))
            self.server.changed()

    async def complete(self) -> None:
        await self.say("conversation_completed", conversationId="4726931040557588")
        await self.say("recognition_stopped")

    async def serve(self) -> None:
        """All of it, as a good server does."""
        await self.greet()
        await self.listen()
        await self.complete()


class ScriptedServer(Waiter):
    """Each connection takes the next behaviour; after the last one all behave well."""

    def __init__(self, *behaviours: Behaviour) -> None:
        super().__init__()
        self._behaviours = list(behaviours)
        self.visits: list[Visit] = []
        self.refuse: list[HTTPStatus] = []
        self.tokens_given = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def tokens(self) -> TokenSource:
        def answer(request: httpx.Request) -> httpx.Response:
            self.tokens_given += 1
            return httpx.Response(200, json={"accessToken": f"token+{self.tokens_given}", "expiresIn": 86400})

        http = httpx.AsyncClient(base_url="http://engine.test", transport=httpx.MockTransport(answer))
        return TokenSource(http, "app", SecretStr("secret"), SystemClock())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedServer]:
        async with serve(self._visit, "127.0.0.1", self.port, process_request=self._admit) as server:
            listener = next(iter(server.sockets))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # what it does not read stays with the client
            self.port = listener.getsockname()[1]
            yield self

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(self.refuse.pop(0), "no") if self.refuse else None

    async def _visit(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        visit = Visit(self, socket, socket.request.path)
        self.visits.append(visit)
        self.changed()
        behave = self._behaviours.pop(0) if self._behaviours else Visit.serve
        try:
            await behave(visit)
        except ConnectionClosed:
            return
