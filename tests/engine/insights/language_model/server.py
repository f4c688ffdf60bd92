"""A server on loopback that speaks as much of the chat API as is asked of it, and answers as its script says."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

NOTHING: dict[str, list[Any]] = {"action_items": [], "questions": [], "topics": [], "points": []}


@dataclass(frozen=True)
class Asked:
    """One request: `rows` are the lines of data, `body` the whole."""

    rows: list[dict[str, str]]
    body: dict[str, Any]
    key: str

    @property
    def for_summary(self) -> bool:
        return "You write the summary" in self.body["messages"][0]["content"]

    @property
    def format(self) -> str:
        return str(self.body.get("response_format", {}).get("type", ""))

    def id_of(self, words: str) -> str:
        return next(row["id"] for row in self.rows if words in row["text"])


@dataclass(frozen=True)
class Refusal:
    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Silence:
    """The server never answers."""


Reply = dict[str, Any] | str | Refusal | Silence


class ScriptedServer:
    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.script: Callable[[Asked], Reply] = lambda _: NOTHING
        self.finish_reason = "stop"
        self.gate = asyncio.Event()
        self.gate.set()
        self.came = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        lines = body["messages"][1]["content"].splitlines()
        asked = Asked([json.loads(line) for line in lines[1:-1]], body, request.headers.get("Authorization", ""))
        self.asked.append(asked)
        self.came.set()
        await self.gate.wait()
        reply = self.script(asked)
        if isinstance(reply, Silence):
            await asyncio.Event().wait()
        if isinstance(reply, Refusal):
            return web.Response(status=reply.status, text=reply.text, headers=reply.headers)
        content = reply if isinstance(reply, str) else json.dumps(reply)
        message = {"role": "assistant", "content": content}
        return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}]})


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    app = web.Application(client_max_size=10_000_000)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    server = ScriptedServer("")
    app.router.add_post("/v1/chat/completions", server.answer)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
