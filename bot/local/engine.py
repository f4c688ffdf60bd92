"""The engine that a command uses: the one that the settings name, one that runs already, or one of its own for as long as it runs."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot import engine_door
from bot.clock import SystemClock
from bot.engine_client import EngineClient
from bot.engine_door import Door
from bot.engine_process import EngineProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class UsedEngine:
    """A client of the engine. `lasting`: it goes on when the command has ended. `url`: where it is, else where `minutes serve` will be."""

    client: EngineClient
    url: str
    lasting: bool


@asynccontextmanager
async def open_engine(settings: Settings, *, say: Callable[[str], None]) -> AsyncIterator[UsedEngine]:
    """The engine, until the end of the block. Raises `EngineDown` when it cannot be started, `StorageError` without a data folder."""
    data_dir = settings.storage.data_dir
    async with AsyncExitStack() as stack:
        door = await running(settings)
        lasting = door is not None
        if door is None:
            process = EngineProcess(data_dir)
            stack.push_async_callback(process.stop)
            say("starting the engine ...")
            await process.start()
            door = Door(url=process.url, app_id=process.app_id, app_secret=process.app_secret)
        client = _client(door)
        stack.push_async_callback(client.close)
        yield UsedEngine(client, door.url if lasting else f"http://127.0.0.1:{settings.engine.port}", lasting)


async def running(settings: Settings) -> Door | None:
    """The engine that ENGINE_URL names, whether it answers or not; else one of this data folder that answers; else None."""
    chosen, data_dir = settings.engine, settings.storage.data_dir
    if chosen.url is None:
        return await engine_door.find(data_dir, chosen.port)
    kept = engine_door.kept_credentials(data_dir / "engine")
    if not chosen.app_id and kept is not None:
        return Door(url=chosen.url, app_id=kept.app_id, app_secret=kept.app_secret)
    return Door(url=chosen.url, app_id=chosen.app_id, app_secret=chosen.app_secret.get_secret_value())


async def access_token(door: Door) -> str:
    """A token for whoever speaks to the engine without this program. Raises `EngineError`."""
    client = _client(door)
    try:
        return await client.tokens.token()
    finally:
        await client.close()


def _client(door: Door) -> EngineClient:
    return EngineClient(door.url, door.app_id, SecretStr(door.app_secret), clock=SystemClock(), random=random.SystemRandom())
