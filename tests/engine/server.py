"""A real engine on a free port of this process, and a client that speaks to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import websockets

from engine.app import create_app
from engine.conversations.store import Store
from engine.credentials import Credentials
from engine.serve import EngineServer, address, bind
from engine.settings import EngineSettings
from tests.engine.fakes import LevelRecognition, MarkInsights, OwnClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from engine.jobs.outbound import Outbound
    from engine.recognition.second_look import SecondLook
    from engine.recognition.types import Recognition

APP, OTHER_APP = "a" * 64, "b" * 64
SECRETS = {APP: "s" * 128, OTHER_APP: "t" * 128}
SIGNING_KEY = "k" * 64
WITHIN = 30.0

JANE = {"userId": "jane@example.com", "name": "Jane"}
BOB = {"userId": "bob@example.com", "name": "Bob"}


def start_request(speaker: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "type": "start_request",
        "insightTypes": ["question", "action_item", "follow_up", "topic"],
        "config": {"confidenceThreshold": 0.5, "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16000}},
    }
    if speaker is not None:
        request["speaker"] = speaker
    return {**request, **more}


class Socket:
    """One WebSocket whose frames are read in order."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        await self.connection.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN):
            text = await self.connection.recv()
        frame: dict[str, Any] = json.loads(text)
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind, by `name` below."""
        while True:
            frame = await self.receive()
            if name(frame) == kind:
                return frame

    async def rest(self) -> list[dict[str, Any]]:
        """Every frame until the server closes; how it closed is `connection.close_code`."""
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(WITHIN):
            with contextlib.suppress(websockets.ConnectionClosedError):
                async for text in self.connection:
                    frames.append(json.loads(text))  # noqa: PERF401 - what came before a time-out is worth seeing
        return frames

    async def start(self, speaker: dict[str, Any] | None = None, **more: Any) -> str:
        """Send a start request and see the three frames; the conversation id."""
        await self.send(start_request(speaker, **more))
        assert name(await self.receive()) == "started_listening"
        created = await self.receive()
        assert name(created) == "conversation_created"
        started = await self.receive()
        assert name(started) == "recognition_started"
        conversation_id: str = created["message"]["data"]["conversationId"]
        assert started["message"]["data"]["conversationId"] == conversation_id
        return conversation_id

    async def stop(self) -> list[dict[str, Any]]:
        await self.send({"type": "stop_request"})
        return await self.rest()

    async def vanish(self) -> None:
        """Cut the line without a close frame."""
        self.connection.transport.abort()
        await self.connection.wait_closed()


def name(frame: dict[str, Any]) -> str:
    """What a frame is: the inner type of a message, with results told apart, else its type."""
    if frame["type"] != "message":
        return str(frame["type"])
    kind = str(frame["message"]["type"])
    if kind == "recognition_result":
        return "final" if frame["message"]["isFinal"] else "interim"
    return kind


def names(frames: list[dict[str, Any]]) -> list[str]:
    return [name(frame) for frame in frames]


@dataclass
class Engine:
    """A running engine."""

    url: str
    server: EngineServer
    running: asyncio.Task[None]
    recognition: LevelRecognition
    clock: OwnClock
    http: httpx.AsyncClient
    store: Store
    insights: list[MarkInsights] = field(default_factory=list)

    async def token(self, app_id: str = APP) -> str:
        answer = await self.http.post(
            "/oauth2/token:generate", json={"type": "application", "appId": app_id, "appSecret": SECRETS[app_id]}
        )
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["accessToken"]
        return token

    async def get(self, path: str, app_id: str = APP, **query: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {await self.token(app_id)}"}
        return await self.http.get(f"/v1/conversations{path}", headers=bearer, params=query)

    def ws(self, path: str) -> str:
        return f"{self.url.replace('http', 'ws')}{path}"

    @asynccontextmanager
    async def socket(self, connection_id: str, *, path: str = "/v1/streaming", **options: Any) -> AsyncIterator[Socket]:
        uri = self.ws(f"{path}/{connection_id}?access_token={await self.token()}")
        async with websockets.connect(uri, compression=None, close_timeout=2, **options) as connection:
            yield Socket(connection)

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.running


@asynccontextmanager
async def engine(
    folder: Path,
    *,
    clock: OwnClock | None = None,
    recognition: Recognition | None = None,
    outbound: Outbound | None = None,
    second_look: SecondLook | None = None,
    **settings: Any,
) -> AsyncIterator[Engine]:
    """An engine whose data lies in `folder`; two of them one after the other are one engine restarted."""
    clock = clock or OwnClock()
    level = LevelRecognition()
    made: list[MarkInsights] = []

    def insights(*, threshold: float) -> MarkInsights:
        made.append(MarkInsights(threshold))
        return made[-1]

    store = await Store.open(folder / "engine.db")
    app = create_app(
        EngineSettings(DATA_DIR=folder, **settings),
        recognition or level,
        insights,
        store,
        clock=clock,
        credentials=Credentials(SECRETS, SIGNING_KEY),
        outbound=outbound,
        second_look=second_look,
    )
    listener = bind("127.0.0.1", 0)
    url = address("127.0.0.1", listener)
    ready = asyncio.Event()
    server = EngineServer(app, ready.set)
    running = asyncio.create_task(server.serve([listener]))
    await asyncio.wait({running, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    async with httpx.AsyncClient(base_url=url, timeout=WITHIN) as http:
        it = Engine(url, server, running, level, clock, http, store, made)
        try:
            yield it
        finally:
            await it.stop()
