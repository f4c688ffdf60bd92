"""An engine in a thread of its own, with a conversation and a job in it, for clients that do not know asyncio."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.engine.conversations.test_routes import collection, meet
from tests.engine.jobs.office import finished, text
from tests.engine.server import engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Known:
    """Where the engine is, the token, and ids that lead somewhere."""

    url: str
    token: str
    ids: dict[str, str]


@contextmanager
def running_engine(folder: Path) -> Iterator[Known]:
    ready: list[Known] = []
    begun, ended = threading.Event(), threading.Event()

    async def run() -> None:
        async with engine(folder) as it:
            conversation_id = await meet(it)
            (jane, _) = await collection(it, conversation_id, "members")
            job = await text(it, ("Jane", "Hello."))
            await finished(it, job["jobId"])
            ids = {"conversation_id": conversation_id, "member_id": jane["id"], "job_id": job["jobId"]}
            ready.append(Known(it.url, await it.token(), ids))
            begun.set()
            await asyncio.to_thread(ended.wait)

    def work() -> None:
        try:
            asyncio.run(run())
        finally:
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        begun.wait()
        yield ready[0]
    finally:
        ended.set()
        thread.join()
