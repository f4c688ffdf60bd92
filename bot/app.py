"""The composition root: the only place in the bot that knows every part."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import discord
from pydantic import SecretStr

from bot import permissions
from bot.client import MeetingBot, point_at
from bot.clock import SystemClock
from bot.engine_client import EngineClient
from bot.engine_process import EngineProcess
from bot.errors import MinutesError, SettingsError
from bot.meetings.meeting import MeetingLimits, MeetingTools
from bot.meetings.notice import notice
from bot.meetings.service import MeetingService
from bot.publish.archive import Archive
from bot.publish.corrections import Corrections as CorrectionService
from bot.publish.menus import ItemMenus
from bot.publish.publisher import ThreadPublisher
from bot.publish.room import DiscordDirectory
from bot.signals import stop_event
from bot.storage.storage import Storage
from bot.voice.client import listen
from cogs.corrections import ITEMS, Corrections
from cogs.meetings import Meetings
from cogs.privacy import Privacy
from cogs.settings import Settings as SettingsCog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bot.clock import Clock
    from bot.meetings.entries import Entry
    from bot.meetings.ports import JournalWriter, Room, Thread
    from bot.settings import Settings

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class _Stopped(Exception):
    """The owner wants the bot to end before it was ready."""


async def serve_discord(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run the bot until it is told to stop, then end its meetings in order. Raises `MinutesError` with a sentence."""
    with stop_event() as stop, contextlib.suppress(_Stopped):
        async with AsyncExitStack() as stack:
            await _Minutes(settings, say, stop, stack).run()


class _Minutes:
    """The parts of one running bot; `stack` closes them in the opposite order."""

    def __init__(self, settings: Settings, say: Callable[[str], None], stop: asyncio.Event, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._say = say
        self._stop = stop
        self._stack = stack
        self._clock = SystemClock()
        self._random = random.SystemRandom()

    async def run(self) -> None:
        point_at(self._settings.discord)
        starting = asyncio.create_task(self._engine(), name="engine start")  # it takes longest: meanwhile the rest is done
        self._stack.push_async_callback(_end, starting)
        storage = await self._unless_stopped(Storage.open(self._settings.storage.data_dir))
        self._stack.push_async_callback(storage.close)
        bot = MeetingBot()
        self._stack.push_async_callback(bot.close)  # once more: a login that fails has opened connections, too
        await self._unless_stopped(_log_in(bot, self._settings))
        engine = await starting
        directory = DiscordDirectory(bot, join=listen, guilds=storage.guilds)
        service = MeetingService(self._tools(engine, storage), storage, directory)
        bot.add_dynamic_items(*ITEMS)
        corrections = Corrections(CorrectionService(storage.items, self._clock))
        await bot.install([corrections, Meetings(service, directory), SettingsCog(storage.guilds), Privacy(service)])
        connection = asyncio.create_task(bot.connect(), name="gateway")
        self._stack.push_async_callback(_end, connection)
        self._stack.push_async_callback(bot.close)
        self._stack.push_async_callback(service.shutdown)
        await self._until(bot.guilds_known.wait(), connection)
        self._say(f"invite: {permissions.invite_link(bot.application_id or 0)}")
        self._say(f"bot ready: {bot.user.name if bot.user else '?'}")
        recovery = asyncio.create_task(_recover(service), name="recovery")
        self._stack.push_async_callback(_end, recovery)
        await self._until(self._stop.wait(), connection)
        self._say("ending: running meetings get their summary ..." if service.running() else "ending ...")

    async def _engine(self) -> EngineClient:
        """The engine of the settings, or one of our own."""
        chosen = self._settings.engine
        if chosen.url is not None:
            return self._client(chosen.url, chosen.app_id, chosen.app_secret)
        port = chosen.port if chosen.public_url else 0
        process = EngineProcess(self._settings.storage.data_dir, announced=True, port=port)
        self._stack.push_async_callback(process.stop)
        self._say("starting the engine ...")
        await self._unless_stopped(process.start())
        self._say(f"engine ready at {process.url}")
        return self._client(process.url, process.app_id, SecretStr(process.app_secret))

    def _client(self, url: str, app_id: str, app_secret: SecretStr) -> EngineClient:
        client = EngineClient(url, app_id, app_secret, clock=self._clock, random=self._random)
        self._stack.push_async_callback(client.close)
        return client

    def _tools(self, engine: EngineClient, storage: Storage) -> MeetingTools:
        data_dir = self._settings.storage.data_dir
        return MeetingTools(
            engine=engine,
            publishers=Publishers(self._clock, Archive(data_dir), ItemMenus(storage.items, self._clock)),
            data_dir=data_dir,
            clock=self._clock,
            random=self._random,
            notice=partial(notice, sent_to=self._settings.language_model.remote_host),
            limits=MeetingLimits(),
        )

    async def _unless_stopped(self, work: Coroutine[object, object, _T]) -> _T:
        """The work's result. Raises `_Stopped` when the owner wants the end first."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise _Stopped
        finally:
            stopped.cancel()
            await _end(task)

    async def _until(self, event: Coroutine[object, object, object], connection: asyncio.Task[None]) -> None:
        """Wait for the event, for the owner's wish to end, or for the connection to be lost for good."""
        waits = [asyncio.ensure_future(event), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait({connection, *waits}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if connection.done():
            try:
                await connection
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                raise MinutesError(f"The connection to Discord was lost for good: {error}") from error
            raise MinutesError("The connection to Discord was closed.")
        if not waits[0].done():
            raise _Stopped


class Publishers:
    """Implements `bot.meetings.ports.PublisherFactory`."""

    def __init__(self, clock: Clock, archive: Archive, menus: ItemMenus) -> None:
        self._clock = clock
        self._archive = archive
        self._menus = menus

    def __call__(self, room: Room, thread: Thread, journal: JournalWriter, history: Sequence[Entry]) -> ThreadPublisher:
        """The publisher of one meeting."""
        return ThreadPublisher(room, thread, journal, history, clock=self._clock, archive=self._archive, menus=self._menus)


async def _log_in(bot: MeetingBot, settings: Settings) -> None:
    address = settings.discord.api_url
    try:
        await bot.login(settings.discord.token.get_secret_value())
    except discord.LoginFailure as error:
        raise SettingsError(
            'Discord does not accept DISCORD_TOKEN: copy it anew from the page "Bot" of your application at '
            "https://discord.com/developers/applications into .env."
        ) from error
    except discord.HTTPException as error:
        raise MinutesError(f"Discord at {address} answered {error.status} to the login: {error.text or 'no reason'}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise MinutesError(f"Discord cannot be reached at {address}: look at the network and at DISCORD_API_URL.") from error


async def _recover(service: MeetingService) -> None:
    count = await service.recover()
    if count:
        log.info("%d interrupted meetings were completed", count)


async def _end(task: asyncio.Future[_T]) -> None:
    """Cancel a task that still runs, and wait until it has ended; how it ended matters no more."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("a task ended with %r", error)
