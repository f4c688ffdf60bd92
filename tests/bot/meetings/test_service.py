from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.errors import AlreadyMeeting, EngineDown, NoMeeting
from bot.meetings.rereading import LOOK
from bot.meetings.service import MeetingService
from bot.meetings.status import State
from bot.storage.storage import Storage
from tests.bot.fakes import ANA, BEGIN, BOB, ENGINE_IS_DOWN, FakeDirectory, FakeLine, FakePublisher, sentence, settle
from tests.bot.meetings.stage import Stage
from wire.reports import Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


def service_of(stage: Stage, storage: Storage) -> MeetingService:
    return MeetingService(stage.tools(), storage, FakeDirectory(stage.room))


async def test_a_meeting_runs_is_indexed_and_ends(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    meeting = await service.start(stage.room, "Weekly", started_by=ANA)
    assert service.status(11).title == "Weekly"
    (record,) = await storage.meetings.latest(11, 5)
    assert (record.meeting_id, record.thread_id, record.started_by, record.ended_at) == (meeting.meeting_id, 77, ANA, None)
    assert record.started_at == BEGIN
    await settle()
    await service.stop(11, reason="stopped by Ana")
    assert stage.publisher.results[0].reason == "stopped by Ana"
    with pytest.raises(NoMeeting):
        service.status(11)
    await service.shutdown()
    (record,) = await storage.meetings.latest(11, 5)
    assert record.ended_at is not None
    assert record.conversation_id == "5103365432579787"


async def test_everybody_is_heard_in_the_language_of_the_meeting(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    await storage.guilds.set_language(11, "fr")
    await service.start(stage.room, "Weekly", ANA)
    await stage.speak(ANA, 1.0)
    assert stage.engine.languages == ["fr", "fr"]
    await service.shutdown()


async def test_one_meeting_in_a_guild_even_when_two_start_at_once(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    outcomes = await asyncio.gather(
        service.start(stage.room, "One", ANA), service.start(stage.room, "Two", BOB), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(AlreadyMeeting) == 1
    with pytest.raises(AlreadyMeeting, match=stage.room.thread.url):
        await service.start(stage.room, "Three", ANA)
    await service.shutdown()


async def test_a_start_that_fails_leaves_room_for_the_next(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    stage.engine.down = ENGINE_IS_DOWN
    with pytest.raises(EngineDown):
        await service.start(stage.room, "Weekly", ANA)
    stage.engine.down = None
    await service.start(stage.room, "Weekly", ANA)
    await service.shutdown()


async def test_stopping_nothing(stage: Stage, storage: Storage) -> None:
    with pytest.raises(NoMeeting):
        await service_of(stage, storage).stop(11)


async def test_a_no_holds_now_and_in_later_meetings_until_it_is_taken_back(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    await service.start(stage.room, "Weekly", ANA)
    await service.refuse(11, ANA)
    assert stage.room.listener.refused == {ANA}
    await service.stop(11)
    stage.room.listener = type(stage.room.listener)()
    await service.start(stage.room, "Weekly", ANA)
    assert stage.room.listener.refused == {ANA}
    await service.accept(11, ANA)
    assert stage.room.listener.refused == set()
    assert await storage.refusals.of(11) == frozenset()
    await service.shutdown()


async def test_a_second_stop_does_not_wait_for_a_language_model(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    await service.start(stage.room, "Weekly", ANA)
    stage.engine.readings = [Reading(status="in_progress", model="small", made_by="local")]
    first = asyncio.create_task(service.stop(11))
    await settle()
    second = asyncio.create_task(service.stop(11))
    await settle()
    await stage.clock.advance(LOOK)
    assert await first is await second
    [result] = stage.publisher.results
    assert result.reading is not None


async def test_shutdown_ends_running_meetings_with_their_summary(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    await service.start(stage.room, "Weekly", ANA)
    await service.shutdown()
    assert [result.reason for result in stage.publisher.results] == ["the bot shut down"]
    assert stage.unfinished() == []


class StuckLine(FakeLine):
    """Never confirms its end."""

    async def stop(self) -> bool:
        await asyncio.Event().wait()
        return False


async def test_a_meeting_that_does_not_end_in_time_is_left_to_the_recovery(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    meeting = await service.start(stage.room, "Weekly", ANA)
    await stage.speak(ANA, 1.0)
    stage.engine.anchor.__class__ = StuckLine
    ending = asyncio.create_task(service.shutdown(limit=30.0))
    await settle()
    await stage.clock.advance(31.0)
    await ending
    assert meeting.state is State.FAILED
    assert stage.unfinished() == [meeting.meeting_id]


async def test_after_a_crash_the_next_start_completes_the_meeting_and_its_index(stage: Stage, storage: Storage) -> None:
    first = service_of(stage, storage)
    meeting = await first.start(stage.room, "Weekly", ANA)
    stage.engine.say(sentence("k1", ANA, "Good morning.", 1.0))
    await stage.shown(1)
    await meeting.abandon()
    second = service_of(stage, storage)
    assert await second.recover() == 1
    assert [entry.key for entry in stage.publisher.added] == ["k1"]
    assert stage.publisher.results[0].failure is not None
    (record,) = await storage.meetings.latest(11, 1)
    assert record.ended_at is not None
    assert await second.recover() == 0
    await first.shutdown()


async def test_a_running_meeting_is_not_recovered(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    await service.start(stage.room, "Weekly", ANA)
    assert await service.recover() == 0
    assert len(stage.publishers.made) == 1
    await service.shutdown()


async def test_one_meeting_that_cannot_be_recovered_does_not_keep_the_others_back(stage: Stage, storage: Storage) -> None:
    service = service_of(stage, storage)
    ids = []
    for _ in range(2):
        stage.room.listener = type(stage.room.listener)()
        meeting = stage.meeting()
        await meeting.start()
        await meeting.abandon()
        ids.append(meeting.meeting_id)
    broken = min(ids)

    def breaks(publisher: FakePublisher) -> None:
        if stage.unfinished()[0] == broken and len(stage.publishers.made) == 2:
            publisher.summary_error = EngineDown("Discord is away.")

    stage.publishers.prepare = breaks
    assert await service.recover() == 1
    assert stage.unfinished() == [broken]
