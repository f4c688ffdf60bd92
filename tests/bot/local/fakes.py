"""A microphone whose sound a test hands over, and settings that lead to a test's engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.settings import DiscordSettings, EngineSettings, LanguageModelSettings, Settings, StorageSettings
from tests.engine.server import APP, SECRETS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class HandedOver:
    """A `SoundSource`."""

    def __init__(self, rate: int = 16_000, channels: int = 1) -> None:
        self.name = "a test's microphone"
        self.rate = rate
        self.channels = channels
        self.lost = 0.0
        self.closed = False
        self._blocks: asyncio.Queue[bytes | None] = asyncio.Queue()

    def hear(self, sound: bytes) -> None:
        """In blocks of 0.05 s."""
        size = self.rate // 20 * 2 * self.channels
        for at in range(0, len(sound), size):
            self._blocks.put_nowait(sound[at : at + size])

    def end(self) -> None:
        self._blocks.put_nowait(None)

    async def blocks(self) -> AsyncIterator[bytes]:
        while (block := await self._blocks.get()) is not None:
            yield block

    def close(self) -> None:
        self.closed = True
        self.end()


def settings_of(folder: Path, url: str | None) -> Settings:
    chosen = EngineSettings.model_construct(url=url, port=8765, app_id=APP, app_secret=SecretStr(SECRETS[APP]))
    return Settings(
        discord=DiscordSettings.model_construct(),
        engine=chosen,
        language_model=LanguageModelSettings.model_construct(url="", name=""),
        storage=StorageSettings.model_construct(data_dir=folder),
    )
