"""All meetings of the bot: one in each guild at a time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.clock import within
from bot.errors import AlreadyMeeting, MinutesError, NoMeeting
from bot.languages import DEFAULT
from bot.meetings.consent import Consent
from bot.meetings.journal import read, unfinished
from bot.meetings.meeting import Meeting
from bot.meetings.recovery import Past, Recovery
from bot.meetings.status import State
from bot.storage.meetings import MeetingRecord

if TYPE_CHECKING:
    from bot.meetings.meeting import MeetingTools
    from bot.meetings.ports import Directory, Room
    from bot.meetings.status import MeetingStatus
    from bot.storage.storage import Storage

log = logging.getLogger(__name__)

SHUTDOWN = 45.0
"""Seconds that running meetings have to end when the bot shuts down; the rest is left to the recovery."""


class MeetingService:
    """Starts, stops and recovers meetings; keeps who said no."""

    def __init__(self, tools: MeetingTools, storage: Storage, directory: Directory) -> None:
        self._tools = tools
        self._storage = storage
        self._directory = directory
        self._consent = Consent(storage.refusals, tools.clock)
        self._meetings: dict[int, Meeting] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self, room: Room, title: str, started_by: int, language: str | None = None) -> Meeting:
        """Begin to listen; without a language in the guild's own. Raises `AlreadyMeeting`, `EngineDown` or another `MinutesError` with a sentence for who asked."""
        running = self._meetings.get(room.guild_id)
        if running is not None:
            where = f": {running.thread.url}" if running.thread else ""
            raise AlreadyMeeting(f"A meeting already runs in this server{where}. Stop it first with /meeting stop.")
        refused = await self._consent.refused(room.guild_id)
        language = language or await self._storage.guilds.language(room.guild_id) or DEFAULT
        if room.guild_id in self._meetings:
            raise AlreadyMeeting("A meeting is already starting in this server.")
        meeting = self._meetings[room.guild_id] = Meeting(room, title, self._tools, refused, language)
        try:
            await meeting.start()
        except BaseException:
            self._forget(room.guild_id, meeting)
            raise
        task = asyncio.create_task(self._until_over(room.guild_id, meeting), name=f"meeting {meeting.meeting_id}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        await self._enter(room, meeting, started_by)
        return meeting

    async def stop(self, guild_id: int, reason: str = "stopped by command") -> Meeting:
        """End the guild's meeting and return when its summary is out; asked again, wait for no language model. Raises `NoMeeting`."""
        meeting = self._running(guild_id)
        if meeting.state is State.STARTING:
            raise NoMeeting("The meeting is still starting: try again in a moment.")
        if meeting.state is State.SUMMARISING:
            meeting.hurry()
        await meeting.stop(reason)
        self._forget(guild_id, meeting)
        return meeting

    def status(self, guild_id: int) -> MeetingStatus:
        """How the guild's meeting goes. Raises `NoMeeting`."""
        return self._running(guild_id).status()

    def running(self) -> list[MeetingStatus]:
        """Every meeting that runs now."""
        return [meeting.status() for meeting in self._meetings.values()]

    async def refuse(self, guild_id: int, user_id: int) -> None:
        """This person is not heard from now on. In a running meeting that holds even if it cannot be stored (`StorageError`)."""
        if (meeting := self._meetings.get(guild_id)) is not None:
            await meeting.refuse(user_id)
        await self._consent.refuse(guild_id, user_id)

    async def accept(self, guild_id: int, user_id: int) -> None:
        """This person may be heard again. Raises `StorageError`."""
        await self._consent.accept(guild_id, user_id)
        if (meeting := self._meetings.get(guild_id)) is not None:
            meeting.accept(user_id)

    async def recover(self) -> int:
        """Complete the meetings that were interrupted; call it once at the start, when Discord is ready. Returns how many."""
        running = {meeting.meeting_id for meeting in self._meetings.values()}
        completed = 0
        recovery = Recovery(self._tools.engine, self._tools.publishers, self._directory, self._tools.clock)
        for path in await asyncio.to_thread(unfinished, self._tools.data_dir):
            if path.parent.name in running:
                continue
            try:
                past = Past.of(await asyncio.to_thread(read, path))
                refused = await self._consent.refused(past.opened.guild_id) if past else frozenset()
                past = await recovery.complete(path, refused)
                if past is not None:
                    completed += 1
                    await self._leave(past.opened.meeting_id, past.conversation_ids[-1] if past.conversation_ids else None)
            except MinutesError as error:
                log.warning("the meeting of %s could not be completed, the next start tries again: %s", path, error)
            except Exception:
                log.exception("the meeting of %s could not be completed, the next start tries again", path)
        return completed

    async def shutdown(self, limit: float = SHUTDOWN) -> None:
        """End all meetings in order, as far as the limit (seconds) allows."""
        meetings = list(self._meetings.values())
        for meeting in meetings:
            meeting.hurry()
        try:
            await within(self._tools.clock, limit, _stop_all(meetings))
        except TimeoutError:
            log.warning("not every meeting could be ended in time; the next start completes them")
        for meeting in meetings:
            await meeting.abandon()
        await asyncio.gather(*self._ending)

    def _running(self, guild_id: int) -> Meeting:
        meeting = self._meetings.get(guild_id)
        if meeting is None:
            raise NoMeeting("No meeting runs in this server. Start one with /meeting start.")
        return meeting

    async def _until_over(self, guild_id: int, meeting: Meeting) -> None:
        await meeting.wait()
        self._forget(guild_id, meeting)
        if meeting.state is State.ENDED:
            await self._leave(meeting.meeting_id, meeting.conversation_id)

    def _forget(self, guild_id: int, meeting: Meeting) -> None:
        if self._meetings.get(guild_id) is meeting:
            del self._meetings[guild_id]

    async def _enter(self, room: Room, meeting: Meeting, started_by: int) -> None:
        """Into the index; a meeting goes on without it, its journal has everything."""
        record = MeetingRecord(
            meeting_id=meeting.meeting_id,
            guild_id=room.guild_id,
            voice_channel_id=room.channel_id,
            thread_id=meeting.thread.thread_id if meeting.thread else 0,
            title=meeting.title,
            started_by=started_by,
            started_at=meeting.began_at,
        )
        try:
            await self._storage.meetings.add(record)
        except MinutesError as error:
            log.warning("meeting %s is not in the index: %s", meeting.meeting_id, error)

    async def _leave(self, meeting_id: str, conversation_id: str | None) -> None:
        try:
            await self._storage.meetings.end(meeting_id, self._tools.clock.now(), conversation_id)
        except MinutesError as error:
            log.warning("the end of meeting %s is not in the index: %s", meeting_id, error)


async def _stop_all(meetings: list[Meeting]) -> None:
    await asyncio.gather(*(meeting.stop("the bot shut down") for meeting in meetings if meeting.state is not State.STARTING))
