from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING

import pytest

from audio.pcm import BYTES_PER_SECOND
from bot.clock import SystemClock
from bot.errors import EngineDown, EngineRefused
from bot.streaming.events import (
    Completed,
    ConversationCreated,
    Dropped,
    FinalResult,
    Interim,
    Listening,
    Lost,
    Regained,
    SecondLook,
    ServerError,
)
from bot.streaming.session import SessionLimits, StreamSession
from tests.bot.fakes import FakeClock, Waiter, settle
from tests.bot.streaming.server import ScriptedServer, Visit
from wire.base import Person
from wire.requests import StartRequest

if TYPE_CHECKING:
    from bot.clock import Clock
    from bot.streaming.events import StreamEvent

START = StartRequest(speaker=Person(user_id="1001", name="Ana"), no_connection_timeout=1800)
QUICK = SessionLimits(held=2.0, frame=0.01, start=5.0, stop=5.0, first_retry=0.005, last_retry=0.02)


class Tries(Random):
    """Counts the attempts to come back: the second one means that the first was in vain."""

    def __init__(self) -> None:
        super().__init__(1)
        self.count = 0
        self.waiter = Waiter()

    def uniform(self, a: float, b: float) -> float:
        self.count += 1
        self.waiter.changed()
        return super().uniform(a, b)


def session_of(
    server: ScriptedServer,
    *,
    clock: Clock | None = None,
    limits: SessionLimits = QUICK,
    random: Random | None = None,
) -> StreamSession:
    return StreamSession(
        server.url,
        "conn/ection=1",
        START,
        server.tokens(),
        clock=clock or SystemClock(),
        random=random or Random(1),
        limits=limits,
    )


def sound(seconds: float, value: int = 1) -> bytes:
    return value.to_bytes(2, "little") * int(seconds * BYTES_PER_SECOND / 2)


async def all_events(session: StreamSession) -> list[StreamEvent]:
    return [event async for event in session.events()]


async def test_a_whole_stream() -> None:
    async with ScriptedServer().running() as server:
        session = session_of(server)
        await session.open()
        alive = [session.alive]
        reading = asyncio.create_task(all_events(session))
        fed = b"".join(sound(0.1, value) for value in range(1, 21))
        session.feed(fed, 0.0)
        assert await session.stop()
        assert [*alive, session.alive] == [True, False]
        (visit,) = server.visits
        assert bytes(visit.audio) == fed
        assert max(visit.frames) <= 8192
        assert visit.path == "/v1/streaming/conn%2Fection%3D1?access_token=token%2B1"
        assert visit.start == json.loads(START.wire())
        assert await reading == [Listening(), ConversationCreated("4726931040557588"), Completed("4726931040557588")]


async def test_sound_that_comes_faster_than_it_is_taken_waits_with_its_sender() -> None:
    reads = asyncio.Event()

    async def dawdles(visit: Visit) -> None:
        await visit.greet()
        await reads.wait()
        await visit.listen()
        await visit.complete()

    noise = Random(1).randbytes(len(sound(1.0)))
    async with ScriptedServer(dawdles).running() as server:
        session = session_of(server, limits=replace(QUICK, held=3600.0))
        await session.open()
        for second in range(120):
            session.feed(noise, float(second))
        waiting = asyncio.create_task(session.drained(1.0))
        await asyncio.wait({waiting}, timeout=0.2)
        early = waiting.done()
        reads.set()
        await waiting
        assert await session.stop()
        assert not early
        assert bytes(server.visits[0].audio) == 120 * noise


async def test_nobody_waits_for_a_stream_that_is_closed() -> None:
    async with ScriptedServer(Visit.greet).running() as server:
        session = session_of(server, limits=replace(QUICK, held=3600.0))
        session.feed(sound(10.0), 0.0)
        waiting = asyncio.create_task(session.drained(1.0))
        await settle()
        await session.close()
        async with asyncio.timeout(5):
            await waiting


async def test_a_broken_connection_loses_nothing_that_was_not_sent_and_keeps_id_and_start_request() -> None:
    async def breaks(visit: Visit) -> None:
        await visit.greet()
        await visit.listen(3200)
        visit.socket.transport.abort()

    server = ScriptedServer(breaks)
    async with server.running():
        session = session_of(server)
        await session.open()
        reading = asyncio.create_task(all_events(session))
        session.feed(sound(0.1, 1), 0.0)
        await server.until(lambda: len(server.visits) == 2)
        session.feed(sound(1.0, 2), 0.1)
        assert await session.stop()
    first, second = server.visits
    assert bytes(first.audio) == sound(0.1, 1)
    assert bytes(second.audio) == sound(1.0, 2)
    assert second.path.split("?")[0] == first.path.split("?")[0]
    assert second.start == first.start
    events = await reading
    kinds = [type(event) for event in events]
    assert kinds.index(Lost) < kinds.index(Regained) < kinds.index(Completed)
    assert kinds.count(ConversationCreated) == 1


async def test_while_the_engine_is_away_the_newest_sound_is_kept_and_the_rest_is_told_as_dropped() -> None:
    async def vanishes(visit: Visit) -> None:
        await visit.greet()
        visit.socket.transport.abort()

    server = ScriptedServer(vanishes)
    async with server.running():
        session = session_of(server)
        await session.open()
        reading = asyncio.create_task(all_events(session))
        await server.until(lambda: bool(server.visits))
    # The server is gone now: nobody answers on its port.
    for second in range(5):
        session.feed(sound(1.0, second + 1), 10.0 + second)
    async with server.running():
        await server.until(lambda: len(server.visits) == 2)
        assert await session.stop()
    assert bytes(server.visits[1].audio) == sound(1.0, 4) + sound(1.0, 5)
    dropped = [event for event in await reading if isinstance(event, Dropped)]
    assert dropped == [Dropped(10.0, 3.0, "the speech engine was away")]


async def test_an_engine_that_died_gets_again_what_was_not_words_yet() -> None:
    async def dies(visit: Visit) -> None:
        await visit.greet()
        await visit.listen(len(sound(2.0)))
        word = {"word": "Good", "startTime": {"seconds": "0", "nanos": "0"}, "endTime": {"seconds": "1", "nanos": "0"}}
        raw = {"raw": {"alternatives": [{"transcript": "Good", "words": [word]}]}}
        await visit.say("recognition_result", isFinal=True, payload=raw)
        await visit.socket.wait_closed()

    server = ScriptedServer(dies)
    async with server.running():
        tries = Tries()
        session = session_of(server, random=tries)
        await session.open()
        for number in range(20):
            session.feed(sound(0.1, number + 1), number / 10)
        reader = session.events()
        while not isinstance(await anext(reader), FinalResult):
            pass
        server.visits[0].socket.transport.abort()
    while not isinstance(await anext(reader), Lost):
        pass
    await tries.waiter.until(lambda: tries.count >= 2)
    async with server.running():
        await server.until(lambda: len(server.visits) == 2)
        session.feed(sound(0.1, 99), 2.0)
        assert await session.stop()
    again = b"".join(sound(0.1, number + 1) for number in range(10, 20)) + sound(0.1, 99)
    assert bytes(server.visits[1].audio) == again


async def test_as_long_as_the_engine_still_says_something_its_last_words_are_waited_for() -> None:
    clock, heard = FakeClock(), Waiter()
    interims: list[StreamEvent] = []

    async def slow(visit: Visit) -> None:
        await visit.greet()
        await visit.listen()
        for count in range(1, 6):
            await clock.advance(QUICK.stop - 1)
            await visit.say("recognition_result", isFinal=False)
            await heard.until(lambda count=count: len(interims) == count)  # type: ignore[misc] # bound at once
        await visit.complete()

    async with ScriptedServer(slow).running() as server:
        session = session_of(server, clock=clock)
        await session.open()
        stopping = asyncio.create_task(session.stop())
        async for event in session.events():
            if isinstance(event, Interim):
                interims.append(event)
                heard.changed()
        assert await stopping


async def test_stop_gives_up_after_its_limit_and_tells_what_was_never_sent() -> None:
    async def vanishes(visit: Visit) -> None:
        await visit.greet()
        visit.socket.transport.abort()

    server = ScriptedServer(vanishes)
    async with server.running():
        session = session_of(server, limits=SessionLimits(stop=0.05, first_retry=0.005, last_retry=0.01))
        await session.open()
        reading = asyncio.create_task(all_events(session))
        await server.until(lambda: bool(server.visits))
    session.feed(sound(1.0), 4.0)
    assert not await session.stop()
    assert Dropped(4.0, 1.0, "the speech engine was away") in await reading


async def test_a_stop_request_lost_with_its_connection_is_sent_again() -> None:
    async def breaks_at_stop(visit: Visit) -> None:
        await visit.greet()
        await visit.listen()
        visit.socket.transport.abort()

    server = ScriptedServer(breaks_at_stop)
    async with server.running():
        session = session_of(server)
        await session.open()
        session.feed(sound(0.2), 0.0)
        assert await session.stop()
    assert [visit.stopped for visit in server.visits] == [True, True]


async def test_an_expired_token_is_renewed_once() -> None:
    server = ScriptedServer()
    server.refuse = [HTTPStatus.UNAUTHORIZED]
    async with server.running():
        session = session_of(server)
        await session.open()
        assert server.tokens_given == 2
        assert await session.stop()


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        ([HTTPStatus.UNAUTHORIZED] * 2, EngineRefused),
        ([HTTPStatus.FORBIDDEN], EngineRefused),
        ([HTTPStatus.SERVICE_UNAVAILABLE], EngineDown),
    ],
)
async def test_a_refused_handshake_says_who_has_to_act(statuses: list[HTTPStatus], error: type[Exception]) -> None:
    server = ScriptedServer()
    server.refuse = list(statuses)
    async with server.running():
        with pytest.raises(error):
            await session_of(server).open()


async def test_nobody_there() -> None:
    server = ScriptedServer()
    async with server.running():
        pass
    with pytest.raises(EngineDown, match="ENGINE_URL"):
        await session_of(server).open()


async def test_a_refused_start_request_is_told_in_the_engines_words() -> None:
    async def refuses(visit: Visit) -> None:
        await visit.socket.recv()
        await visit.socket.send('{"type":"error","message":"No room.","details":"Try later."}')
        await visit.socket.wait_closed()

    async with ScriptedServer(refuses).running() as server:
        with pytest.raises(EngineRefused, match=r"No room\. Try later\."):
            await session_of(server).open()


async def test_a_server_that_takes_the_connection_and_says_nothing_is_down() -> None:
    async def silent(visit: Visit) -> None:
        await visit.socket.recv()
        visit.start = {"came": True}
        visit.server.changed()
        await visit.socket.wait_closed()

    clock = FakeClock()
    async with ScriptedServer(silent).running() as server:
        opening = asyncio.create_task(session_of(server, clock=clock).open())
        await server.until(lambda: bool(server.visits and server.visits[0].start))
        await settle()
        await clock.advance(QUICK.start + 1)
        with pytest.raises(EngineDown, match="said nothing"):
            await opening


async def test_sound_fed_before_the_stream_is_open_is_sent_and_a_failed_opening_keeps_it() -> None:
    server = ScriptedServer()
    server.refuse = [HTTPStatus.SERVICE_UNAVAILABLE]
    async with server.running():
        session = session_of(server)
        session.feed(sound(0.5), 0.0)
        with pytest.raises(EngineDown):
            await session.open()
        await session.open()
        assert await session.stop()
    assert bytes(server.visits[0].audio) == sound(0.5)


async def test_an_error_and_nonsense_in_the_middle_change_nothing() -> None:
    async def odd(visit: Visit) -> None:
        await visit.greet()
        await visit.socket.send("nonsense")
        await visit.socket.send(b"\0\1")
        await visit.socket.send('{"type":"error","message":"Odd."}')
        await visit.listen()
        await visit.complete()

    async with ScriptedServer(odd).running() as server:
        session = session_of(server)
        await session.open()
        session.feed(sound(0.1), 0.0)
        reading = asyncio.create_task(all_events(session))
        assert await session.stop()
        assert len(server.visits) == 1
        assert ServerError("Odd.") in await reading
        assert session.unknown_frames == 1


async def test_close_hangs_up_at_once_and_ends_the_events() -> None:
    async with ScriptedServer().running() as server:
        session = session_of(server)
        await session.open()
        await session.close()
        assert (await all_events(session))[0] == Listening()
        await session.close()


async def test_the_token_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with ScriptedServer().running() as server:
        session = session_of(server)
        await session.open()
        session.feed(sound(0.2), 0.0)
        await session.stop()
    client_side = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    assert not any("token%2B1" in record.getMessage() or "token+1" in record.getMessage() for record in client_side)


async def test_sound_that_the_engine_could_not_read_is_reported_as_lost() -> None:
    async def fails_on_one(visit: Visit) -> None:
        await visit.greet()
        await visit.listen(most=2 * BYTES_PER_SECOND)
        await visit.say("sound_lost", start=0.5, end=1.25, user={"id": "1"})
        await visit.say("sound_lost", start="never")
        await visit.listen()
        await visit.complete()

    async with ScriptedServer(fails_on_one).running() as server:
        session = session_of(server)
        await session.open()
        reading = asyncio.create_task(all_events(session))
        session.feed(sound(2.0), 40.0)
        await session.drained(0.0)
        assert await session.stop()
        assert [event for event in await reading if isinstance(event, Dropped)] == [
            Dropped(40.5, 0.75, "the speech engine could not read it")
        ]


async def test_a_second_look_is_told_and_waited_for() -> None:
    async def looks_again(visit: Visit) -> None:
        await visit.greet()
        await visit.listen()
        await visit.say("second_look", data={"conversationId": "4726931040557588", "done": 3, "total": 8})
        await visit.say("second_look", data={"conversationId": "4726931040557588"})
        await visit.complete()

    async with ScriptedServer(looks_again).running() as server:
        session = session_of(server)
        await session.open()
        reading = asyncio.create_task(all_events(session))
        assert await session.stop()
        assert [event for event in await reading if isinstance(event, SecondLook)] == [SecondLook(3, 8)]
        assert session.unknown_frames == 1
