"""The listener with a line in memory: its threads and its queues are real, its packets are real, its network is not there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio.pcm import BYTES_PER_SECOND
from bot.errors import VoiceError
from bot.voice.events import Heard, Joined, Left, LinkDown, LinkUp, Lost
from bot.voice.listener import VoiceListener
from bot.voice.worker import MAX_QUEUED
from tests.bot.voice.call import ANA, BEN, BOT, CAN, Call, loud_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.voice.dave import Session
    from bot.voice.events import VoiceEvent
    from bot.voice.line import Handler

MUSIC = 3_000_000_000_000_000_001


class MemoryLine:
    """A line whose far end is a `Call`."""

    def __init__(self, call: Call, handler: Handler) -> None:
        self.call, self.handler = call, handler
        self.connected = self.gateway_read = True
        self.present: dict[int, bool] = {ANA: False, BEN: False}
        self.silences = 0
        self.silence_sent = asyncio.Event()
        self.hung_up = False

    def key(self) -> Sequence[int] | None:
        return self.call.secret

    def session(self) -> Session | None:
        return self.call.session

    def encrypted(self) -> bool:
        return self.call.encrypted

    def people(self) -> Mapping[int, bool]:
        return self.present

    def send_silence(self) -> None:
        self.silences += 1
        self.silence_sent.set()

    async def hang_up(self) -> None:
        self.hung_up = True
        self.connected = False


class Clock:
    def __init__(self) -> None:
        self.time = 50.0

    def __call__(self) -> float:
        return self.time


class Desk:
    """A listener, its lines, and what it has heard."""

    def __init__(self, *, max_heard: int = 5000, redial_after: Sequence[float] = (0.0,)) -> None:
        self.call = Call(ANA, BEN, CAN)
        self.clock = Clock()
        self.lines: list[MemoryLine] = []
        self.refusals: list[VoiceError] = []
        self.listener = VoiceListener(self.dial, BOT, clock=self.clock, max_heard=max_heard, redial_after=redial_after)
        self.events: list[VoiceEvent] = []
        self._changed = asyncio.Condition()
        self.taking: asyncio.Task[None] | None = None

    async def dial(self, handler: Handler) -> MemoryLine:
        if self.refusals:
            raise self.refusals.pop()
        self.lines.append(MemoryLine(self.call, handler))
        return self.lines[-1]

    @property
    def line(self) -> MemoryLine:
        return self.lines[-1]

    async def open(self) -> None:
        await self.listener.open()
        self.take()

    def take(self) -> None:
        self.taking = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for event in self.listener.events():
            self.events.append(event)
            async with self._changed:
                self._changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(condition)

    async def close(self) -> None:
        await self.listener.close()
        if self.taking is not None:
            await asyncio.wait_for(self.taking, 5)

    def of(self, kind: type) -> list[VoiceEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def pcm(self, user_id: int) -> bytes:
        return b"".join(event.pcm for event in self.events if isinstance(event, Heard) and event.user_id == user_id)


async def test_who_is_there_and_what_they_say() -> None:
    desk = Desk()
    await desk.open()
    desk.listener.look()
    desk.listener.gateway(5, {"user_id": str(ANA), "ssrc": 11, "speaking": 1})
    ana, ben = desk.call.voice(ANA, 11, 440.0), desk.call.voice(BEN, 12, 1000.0)
    for _ in range(50):
        desk.clock.time += 0.02
        desk.listener.packet(ana.packet())
        desk.listener.packet(ben.packet())
    await desk.close()
    assert {event.user_id for event in desk.events if isinstance(event, Joined)} == {ANA, BEN}
    assert loud_seconds(desk.pcm(ANA), 440.0) >= 0.95
    assert loud_seconds(desk.pcm(BEN), 1000.0) >= 0.95
    assert desk.line.hung_up


async def test_closing_gives_out_what_is_held() -> None:
    desk = Desk()
    await desk.open()
    desk.listener.packet(desk.call.voice(ANA, 11, 440.0).packet())
    await desk.close()
    assert len(desk.pcm(ANA)) == 640
    await desk.listener.close()


async def test_comings_and_goings_bots_left_out() -> None:
    desk = Desk()
    await desk.open()
    desk.line.present[MUSIC] = True
    desk.listener.look()
    await desk.until(lambda: len(desk.of(Joined)) == 2)
    desk.clock.time += 5
    del desk.line.present[ANA], desk.line.present[MUSIC]
    desk.line.present[CAN] = False
    desk.listener.people_changed()
    await desk.until(lambda: len(desk.of(Joined)) == 3 and bool(desk.of(Left)))
    assert desk.of(Left) == [Left(ANA, 5.0)]
    assert desk.listener.health().people == 2
    await desk.close()


async def test_who_leaves_is_heard_to_the_end() -> None:
    desk = Desk()
    await desk.open()
    desk.listener.look()
    desk.listener.packet(desk.call.voice(ANA, 11, 440.0).packet())
    del desk.line.present[ANA]
    desk.listener.people_changed()
    await desk.until(lambda: bool(desk.of(Left)))
    kinds = [type(event) for event in desk.events if getattr(event, "user_id", None) == ANA]
    assert kinds == [Joined, Heard, Left]
    await desk.close()


async def test_bots_are_not_heard() -> None:
    desk = Desk()
    desk.call.group.add(MUSIC)
    await desk.open()
    desk.line.present[MUSIC] = True
    desk.listener.look()
    music = desk.call.voice(MUSIC, 31, 440.0)
    for _ in range(20):
        desk.listener.packet(music.packet())
    await desk.close()
    assert desk.pcm(MUSIC) == b""


async def test_who_says_no_is_gone_at_once_also_from_the_queue() -> None:
    desk = Desk()
    await desk.listener.open()
    ana, ben = desk.call.voice(ANA, 11, 440.0), desk.call.voice(BEN, 12, 1000.0)
    for _ in range(20):
        desk.listener.packet(ana.packet())
        desk.listener.packet(ben.packet())
    desk.listener.refuse(ANA)
    for _ in range(20):
        desk.listener.packet(ana.packet())
    desk.take()
    await desk.until(lambda: len(desk.pcm(BEN)) > 15 * 640)
    assert desk.pcm(ANA) == b""
    desk.listener.accept(ANA)
    for _ in range(20):
        desk.listener.packet(ana.packet())
    await desk.close()
    assert len(desk.pcm(ANA)) >= 20 * 640


async def test_who_has_said_no_before_is_never_decoded() -> None:
    desk = Desk()
    desk.listener.refuse(ANA)
    await desk.open()
    ana, ben = desk.call.voice(ANA, 11, 440.0), desk.call.voice(BEN, 12, 1000.0)
    for _ in range(20):
        desk.clock.time += 0.02
        desk.listener.packet(ana.packet())
        desk.listener.packet(ben.packet())
    await desk.close()
    assert len(desk.pcm(BEN)) >= 15 * 640
    assert desk.pcm(ANA) == b""
    assert [speaker.user_id for speaker in desk.listener.health().speakers] == [BEN]


async def test_speech_that_nobody_takes_becomes_loss() -> None:
    desk = Desk(max_heard=5)
    await desk.listener.open()
    ana = desk.call.voice(ANA, 11, 440.0)
    for _ in range(60):
        desk.clock.time += 0.02
        desk.listener.packet(ana.packet())
    await desk.listener.close()
    desk.take()
    await desk.close()
    (lost,) = [event for event in desk.of(Lost) if isinstance(event, Lost)]
    assert lost.user_id == ANA
    assert len(desk.of(Heard)) == 5
    assert lost.seconds + len(desk.pcm(ANA)) / BYTES_PER_SECOND > 1.19, "the worker may put silence between what it was late for"
    assert desk.listener.health().dropped_packets >= 15, "pieces are 60 ms long at most"


async def test_frames_that_the_worker_cannot_take_become_loss() -> None:
    desk = Desk()
    await desk.open()
    ana = desk.call.voice(ANA, 11, 440.0)
    held, release = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold() -> list[VoiceEvent]:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return []

    desk.listener.packet(ana.packet())
    desk.listener._worker.call(hold)
    await held.wait()
    for _ in range(MAX_QUEUED + 100):
        desk.clock.time += 0.02
        desk.listener.packet(ana.packet())
    release.set()
    await desk.until(lambda: len(desk.pcm(ANA)) > (MAX_QUEUED - 100) * 640)
    for _ in range(5):
        desk.clock.time += 0.02
        desk.listener.packet(ana.packet())
    await desk.close()
    (lost,) = [event for event in desk.of(Lost) if isinstance(event, Lost)]
    dropped = desk.listener.health().dropped_packets
    assert 100 <= dropped <= 105
    assert lost.seconds == pytest.approx(dropped * 0.02)


async def test_silence_goes_out_at_the_beginning_and_every_15_seconds() -> None:
    desk = Desk()
    await desk.open()
    async with asyncio.timeout(2):
        while desk.line.silences < 5:
            await desk.line.silence_sent.wait()
            desk.line.silence_sent.clear()
    for _ in range(20):
        desk.clock.time += 5
        desk.listener.look()
    assert 5 + 5 <= desk.line.silences <= 5 + 8
    await desk.close()


async def test_a_lost_connection_is_told_once_until_it_is_back() -> None:
    desk = Desk()
    await desk.open()
    desk.listener.down("code 1006")
    desk.listener.down("again")
    desk.clock.time += 2
    desk.listener.up()
    desk.listener.up()
    await desk.close()
    assert desk.of(LinkDown) == [LinkDown(0.0, "code 1006")]
    assert desk.of(LinkUp) == [LinkUp(2.0)]


async def test_a_line_of_no_use_is_replaced() -> None:
    desk = Desk(redial_after=(0.0, 0.0, 0.0))
    await desk.open()
    ana = desk.call.voice(ANA, 11, 440.0)
    desk.listener.packet(ana.packet())
    desk.refusals = [VoiceError("not yet"), VoiceError("not yet")]
    desk.line.handler.broken("discord.py gave it up")
    desk.line.handler.broken("and again")
    await desk.until(lambda: bool(desk.of(LinkUp)))
    assert len(desk.lines) == 2
    assert desk.lines[0].hung_up
    for _ in range(20):
        desk.listener.packet(ana.packet())
    await desk.close()
    assert len(desk.pcm(ANA)) >= 20 * 640
    assert desk.lines[1].hung_up


async def test_a_line_that_is_dead_is_found_by_the_watch() -> None:
    desk = Desk()
    await desk.open()
    desk.line.gateway_read = False
    for _ in range(6):
        desk.clock.time += 1
        desk.listener.look()
    await desk.until(lambda: bool(desk.of(LinkUp)))
    assert len(desk.lines) == 2
    await desk.close()


async def test_without_any_new_line_the_events_end() -> None:
    desk = Desk(redial_after=(0.0, 0.0))
    await desk.open()
    desk.refusals = [VoiceError("no"), VoiceError("no")]
    desk.line.handler.broken("it broke")
    assert desk.taking is not None
    await asyncio.wait_for(desk.taking, 5)
    assert [type(event) for event in desk.events if not isinstance(event, Joined)] == [LinkDown]
    assert not desk.listener.health().connected


async def test_being_sent_away_ends_the_events() -> None:
    desk = Desk()
    await desk.open()
    desk.listener.packet(desk.call.voice(ANA, 11, 440.0).packet())
    desk.line.handler.ended("the bot was disconnected")
    assert desk.taking is not None
    await asyncio.wait_for(desk.taking, 5)
    assert len(desk.pcm(ANA)) == 640
    assert len(desk.lines) == 1


async def test_a_first_line_that_cannot_be_made_is_the_callers_to_know() -> None:
    desk = Desk()
    desk.refusals = [VoiceError("The voice channel is full.")]
    with pytest.raises(VoiceError, match="full"):
        await desk.listener.open()
