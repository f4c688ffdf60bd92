"""A meeting with everything around it, ready to begin."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from bot.meetings.journal import read, unfinished
from bot.meetings.meeting import Meeting, MeetingLimits, MeetingTools
from bot.meetings.notice import notice
from tests.bot.fakes import FakeClock, FakeEngine, FakePublisher, FakePublishers, FakeRoom, settle

if TYPE_CHECKING:
    from pathlib import Path

    from bot.meetings.entries import Entry, Spoken


class Stage:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.engine = FakeEngine()
        self.room = FakeRoom()
        self.publishers = FakePublishers(data_dir)
        self.limits = MeetingLimits()
        self.random = Random(3)

    def tools(self) -> MeetingTools:
        return MeetingTools(
            engine=self.engine,
            publishers=self.publishers,
            data_dir=self.data_dir,
            clock=self.clock,
            random=self.random,
            notice=notice,
            limits=self.limits,
        )

    def meeting(self, refused: frozenset[int] = frozenset()) -> Meeting:
        return Meeting(self.room, "Weekly", self.tools(), refused)

    async def started(self, refused: frozenset[int] = frozenset()) -> Meeting:
        meeting = self.meeting(refused)
        await meeting.start()
        return meeting

    async def speak(self, user_id: int, at: float, seconds: float = 0.1) -> None:
        """Somebody is heard at this second of the meeting; time moves there."""
        if at > self.clock.time:
            await self.clock.advance(at - self.clock.time)
        self.room.listener.speak(user_id, at, seconds)
        await settle()

    @property
    def publisher(self) -> FakePublisher:
        return self.publishers.last

    async def shown(self, count: int) -> list[Spoken]:
        """What the publisher was given, once it is so much."""
        await self.publisher.until(lambda: len(self.publisher.added) >= count)
        return self.publisher.added

    def journal(self, meeting: Meeting) -> list[Entry]:
        return read(self.data_dir / "meetings" / meeting.meeting_id / "journal.jsonl")

    def unfinished(self) -> list[str]:
        return [path.parent.name for path in unfinished(self.data_dir)]
