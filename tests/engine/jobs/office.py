"""An engine whose jobs may call somebody, and somebody who takes the calls."""

from __future__ import annotations

import asyncio
import json
import wave
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from engine.jobs.outbound import Outbound
from tests.engine.server import APP, WITHIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.server import Engine

HOOK = "https://hooks.example.com/jobs"


class Receiver(httpx.AsyncBaseTransport):
    """Takes webhooks, and serves files. `refuse` says how many calls fail before one is taken."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.calls: list[httpx.Request] = []
        self.files: dict[str, bytes] = {}
        self._news = asyncio.Event()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            found = self.files.get(request.url.path)
            return httpx.Response(404) if found is None else httpx.Response(200, content=found)
        await request.aread()
        self.calls.append(request)
        self._news.set()
        if self.refuse:
            self.refuse -= 1
            return httpx.Response(503)
        return httpx.Response(200)

    async def called(self, times: int) -> list[dict[str, Any]]:
        """The bodies of the first calls, as soon as there are so many."""
        async with asyncio.timeout(WITHIN):
            while len(self.calls) < times:
                self._news.clear()
                await self._news.wait()
        return [json.loads(call.content) for call in self.calls[:times]]

    def outbound(self) -> Outbound:
        return Outbound(["hooks.example.com"], resolver=self.resolve, transport=self)


async def call(it: Engine, method: str, path: str, app_id: str = APP, **more: Any) -> httpx.Response:
    headers = {"x-api-key": await it.token(app_id), **more.pop("headers", {})}
    return await it.http.request(method, path, headers=headers, **more)


async def finished(it: Engine, job_id: str, app_id: str = APP) -> dict[str, Any]:
    """The job once it has ended. Asks again and again, as clients of the service do."""
    async with asyncio.timeout(WITHIN):
        while True:
            answer = await call(it, "GET", f"/v1/job/{job_id}", app_id)
            assert answer.status_code == 200, answer.text
            job: dict[str, Any] = answer.json()
            if job["status"] in {"completed", "failed"}:
                return job


async def text(it: Engine, *said: tuple[str, str], path: str = "/v1/process/text", **more: Any) -> dict[str, str]:
    """Hand messages over, `(who, what)`; the ids of the answer."""
    messages = [{"payload": {"content": what}, "from": {"name": who, "userId": f"{who}@x"}} for who, what in said]
    method = "POST" if path.endswith("text") else "PUT"
    answer = await call(it, method, path, json={"messages": messages, **more})
    assert answer.status_code == 201, answer.text
    ids: dict[str, str] = answer.json()
    return ids


def wav(*channels: bytes, rate: int = 16_000) -> bytes:
    """A file of LINEAR16 channels of one length."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.stack([np.frombuffer(channel, "<i2") for channel in channels], axis=1).tobytes())
    return file.getvalue()
