"""The real client, cogs, service, publisher and storage against a simulated Discord; only engine and ear are fakes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot.app import Publishers
from bot.client import MeetingBot
from bot.clock import SystemClock
from bot.meetings.meeting import MeetingLimits, MeetingTools
from bot.meetings.notice import notice
from bot.meetings.service import MeetingService
from bot.publish.archive import Archive
from bot.publish.corrections import Corrections as CorrectionService
from bot.publish.menus import ItemMenus
from bot.publish.room import DiscordDirectory
from bot.storage.storage import Storage
from cogs.corrections import ITEMS, Corrections
from cogs.meetings import Meetings
from cogs.privacy import Privacy
from cogs.settings import Settings
from tests.bot.connected import connected
from tests.cogs.fakes import FakeEngine, FakeListener
from tests.sandbox.harness import sandboxed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path

    from bot.publish.room import Vocal
    from sandbox.app import Sandbox
    from sandbox.replies import Interaction


@dataclass
class Guild:
    sandbox: Sandbox
    bot: MeetingBot
    engine: FakeEngine
    service: MeetingService
    storage: Storage
    listeners: list[FakeListener] = field(default_factory=list)

    async def join(self, channel: Vocal, refused: Collection[int]) -> FakeListener:
        self.listeners.append(FakeListener(channel))
        self.listeners[-1].refused |= set(refused)
        return self.listeners[-1]

    async def come_in(self, name: str = "Alice") -> None:
        """Somebody enters the meeting room, and the bot has seen it."""
        person = self.sandbox.people[name]
        await self.sandbox.join(person.id, self.sandbox.meeting_room.id)
        await self.bot.wait_for("voice_state_update", timeout=5)

    async def start(self, name: str = "Alice", **options: str) -> Interaction:
        """Somebody in the meeting room starts a meeting."""
        if not self.sandbox.world.guild.voice_states:
            await self.come_in(name)
        return self.sandbox.slash("meeting start", user=self.sandbox.people[name], options=options)


@pytest.fixture
async def guild(tmp_path: Path) -> AsyncIterator[Guild]:
    async with sandboxed() as sandbox:
        storage = await Storage.open(tmp_path)
        bot, engine, clock = MeetingBot(), FakeEngine(), SystemClock()

        async def join(channel: Vocal, refused: Collection[int]) -> FakeListener:
            return await world.join(channel, refused)

        directory = DiscordDirectory(bot, join=join, guilds=storage.guilds)
        tools = MeetingTools(
            engine=engine,
            publishers=Publishers(clock, Archive(tmp_path), ItemMenus(storage.items, clock)),
            data_dir=tmp_path,
            clock=clock,
            random=random.Random(1),
            notice=notice,
            limits=MeetingLimits(),
        )
        service = MeetingService(tools, storage, directory)
        world = Guild(sandbox, bot, engine, service, storage)
        async with connected(bot, sandbox):
            bot.add_dynamic_items(*ITEMS)
            cogs = [Meetings(service, directory), Settings(storage.guilds), Privacy(service)]
            await bot.install([*cogs, Corrections(CorrectionService(storage.items, clock))])
            yield world
            await service.shutdown()
        await storage.close()
