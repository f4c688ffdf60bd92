"""When a conversation lives on, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import TYPE_CHECKING

import pytest
import websockets

from tests.engine.fakes import LevelRecognition, OwnClock, pause, say
from tests.engine.server import BOB, JANE, OTHER_APP, engine, name, names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine


async def texts(it: Engine, conversation_id: str) -> list[str]:
    return [message["text"] for message in (await it.get(f"/{conversation_id}/messages")).json()["messages"]]


async def ended(it: Engine, conversation_id: str) -> bool:
    return "endTime" in (await it.get(f"/{conversation_id}")).json()


async def until_ended(it: Engine, conversation_id: str) -> None:
    async with asyncio.timeout(10):
        while not await ended(it, conversation_id):
            it.clock.advance(0.25)


async def until_left(it: Engine) -> None:
    async with asyncio.timeout(10):
        while (await it.http.get("/health")).json()["streams"]:
            pass


async def test_a_socket_that_closes_right_after_its_stop_keeps_its_words(running: Engine) -> None:
    async with running.socket("hasty") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(3))
        await socket.send({"type": "stop_request"})
        await socket.connection.close()
    await until_ended(running, conversation_id)
    assert await texts(running, conversation_id) == ["I will send the draft."]
    assert (await running.get(f"/{conversation_id}/action-items")).json()["actionItems"]


async def test_a_socket_that_closes_without_a_stop_keeps_its_words(running: Engine) -> None:
    async with running.socket("rude") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(3))
    await until_ended(running, conversation_id)
    assert await texts(running, conversation_id) == ["I will send the draft."]


async def test_without_a_timeout_the_same_id_is_a_new_conversation(running: Engine) -> None:
    async with running.socket("again") as socket:
        first = await socket.start(JANE)
        await socket.stop()
    async with running.socket("again") as socket:
        assert await socket.start(JANE) != first
        await socket.stop()


async def test_a_lost_socket_comes_back_in_time_as_the_same_person(running: Engine) -> None:
    async with running.socket("back") as socket:
        conversation_id = await socket.start(JANE, noConnectionTimeout=60)
        await socket.send(say(1) + pause())
        before = await socket.until("message_response")
        await socket.send(say(2))
        await socket.until("interim")
        await socket.vanish()
    await until_left(running)
    running.clock.advance(59)
    async with running.socket("back") as socket:
        assert await socket.start({**JANE, "peerId": "new"}, noConnectionTimeout=60) == conversation_id
        await socket.send(say(5) + pause())
        after = await socket.until("message_response")
        await socket.stop()
    assert await ended(running, conversation_id)
    assert after["messages"][0]["from"] == before["messages"][0]["from"]
    assert after["sequenceNumber"] == 2, "what was said before the line was cut counts"
    assert sorted(await texts(running, conversation_id)) == sorted(
        ["Good morning.", "Who takes the minutes?", "The release plan is ready."]
    )


async def test_a_lost_socket_that_comes_too_late_finds_a_new_conversation(running: Engine) -> None:
    async with running.socket("late") as socket:
        conversation_id = await socket.start(JANE, noConnectionTimeout=60)
        await socket.vanish()
    await until_left(running)
    assert not await ended(running, conversation_id)
    running.clock.advance(60)
    await until_ended(running, conversation_id)
    async with running.socket("late") as socket:
        assert await socket.start(JANE) != conversation_id
        await socket.stop()


async def test_a_lost_speaker_does_not_end_the_others_conversation(running: Engine) -> None:
    async with running.socket("others") as jane, running.socket("others") as bob:
        conversation_id = await jane.start(JANE)
        await bob.start(BOB)
        await jane.send(say(3))
        await jane.vanish()
        assert name(await bob.until("message_response")) == "message_response"
        await bob.send(say(5) + pause())
        await bob.until("topic_response")
        assert not await ended(running, conversation_id)
        await bob.stop()
    assert await ended(running, conversation_id)


async def test_a_restart_keeps_a_conversation_that_waits(tmp_path: Path) -> None:
    clock = OwnClock()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        conversation_id = await socket.start(JANE, noConnectionTimeout=600)
        await socket.send(say(3) + pause())
        told = await socket.until("insight_response")
        await socket.vanish()
        await until_left(it)
    clock.advance(300)
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        assert await socket.start(JANE) == conversation_id
        await socket.send(say(5) + pause())
        message = await socket.until("message_response")
        assert message["sequenceNumber"] == 1
        rest = await socket.stop()
        assert [kind for kind in names(rest) if kind == "insight_response"] == [], "nothing is told twice"
        items = (await it.get(f"/{conversation_id}/action-items")).json()["actionItems"]
        assert [item["text"] for item in items] == [told["insights"][0]["payload"]["content"]]
        assert len((await it.get(f"/{conversation_id}/members")).json()["members"]) == 1
        assert await ended(it, conversation_id)


async def test_a_restart_ends_what_waited_too_long(tmp_path: Path) -> None:
    clock = OwnClock()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        conversation_id = await socket.start(JANE, noConnectionTimeout=60)
        await socket.vanish()
        await until_left(it)
    clock.advance(61)
    async with engine(tmp_path, clock=clock) as it:
        await until_ended(it, conversation_id)


async def test_a_stop_of_the_engine_ends_conversations_in_order(tmp_path: Path) -> None:
    async with engine(tmp_path) as it, it.socket("end") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(3))
        await socket.until("interim")
        it.server.should_exit = True
        frames = await socket.rest()
        assert names(frames) == ["final", "message_response", "insight_response", "conversation_completed", "recognition_stopped"]
        assert socket.connection.close_code == 1000
        await it.running
        assert it.recognition.closed
    async with engine(tmp_path) as it:
        assert await texts(it, conversation_id) == ["I will send the draft."]


async def test_a_stop_of_the_engine_keeps_what_may_be_resumed(tmp_path: Path) -> None:
    clock = OwnClock()
    async with engine(tmp_path, clock=clock) as it, it.socket("on") as socket:
        conversation_id = await socket.start(JANE, noConnectionTimeout=60)
        await socket.send(say(3))
        await socket.until("interim")
        it.server.should_exit = True
        assert names(await socket.rest()) == ["final", "message_response", "insight_response"]
        assert socket.connection.close_code == 1012
    async with engine(tmp_path, clock=clock) as it, it.socket("on") as socket:
        assert await socket.start(JANE) == conversation_id
        await socket.stop()
        assert await texts(it, conversation_id) == ["I will send the draft."]


async def test_half_an_hour_of_nothing_ends_the_session_in_order(running: Engine) -> None:
    async with running.socket("asleep") as jane, running.socket("asleep") as observer:
        conversation_id = await jane.start(JANE, noConnectionTimeout=60)
        await observer.start()
        running.clock.advance(1_790)
        await jane.send(say(1) + pause())
        await observer.until("message_response")
        running.clock.advance(1_790)
        await observer.send("__PING__")
        assert await observer.connection.recv() == "__PONG__"
        running.clock.advance(11)
        for socket in (jane, observer):
            assert names(await socket.rest())[-2:] == ["conversation_completed", "recognition_stopped"]
            assert socket.connection.close_code == 1000
    assert await ended(running, conversation_id)


async def test_a_socket_that_never_starts_is_closed_after_half_an_hour(running: Engine) -> None:
    async with running.socket("shy") as socket:
        await socket.send("__PING__")
        await socket.connection.recv()
        running.clock.advance(1_801)
        assert await socket.rest() == []
        assert socket.connection.close_code == 1000


async def test_the_last_frames_wait_for_the_recogniser(tmp_path: Path) -> None:
    recognition = LevelRecognition()
    recognition.held = asyncio.Event()
    async with engine(tmp_path, recognition=recognition) as it, it.socket("slow") as socket:
        await socket.start(JANE)
        await socket.send(say(3))
        await socket.until("interim")
        await socket.send({"type": "stop_request"})
        await socket.send("__PING__")
        assert await socket.connection.recv() == "__PONG__", "the socket is read while the recogniser works"
        recognition.held.set()
        assert names(await socket.rest())[-2:] == ["conversation_completed", "recognition_stopped"]


# Listeners


@pytest.mark.parametrize("path", ["/v1/subscribe", "/session/subscribe"])
async def test_a_listener_hears_everybody_and_is_told_the_end(running: Engine, path: str) -> None:
    async with running.socket("open") as jane:
        conversation_id = await jane.start(JANE)
        async with running.socket("open", path=path) as listener:
            subscribed = await listener.receive()
            assert subscribed["message"] == {
                "type": "subscription_started",
                "data": {"conversationId": conversation_id},
            }
            await listener.send("__PING__")
            assert await listener.connection.recv() == "__PONG__"
            await jane.send(say(3))
            await listener.until("interim")
            await jane.stop()
            heard = names(await listener.rest())
            assert heard == ["final", "message_response", "insight_response", "conversation_completed"]
            assert listener.connection.close_code == 1000


async def test_there_is_nothing_to_listen_to_outside_a_conversation(running: Engine) -> None:
    async with running.socket("brief") as socket:
        await socket.start(JANE)
        other = running.ws(f"/v1/subscribe/brief?access_token={await running.token(OTHER_APP)}")
        with pytest.raises(websockets.InvalidStatus) as foreign:
            await websockets.connect(other)
        await socket.stop()
    with pytest.raises(websockets.InvalidStatus) as over:
        async with running.socket("brief", path="/v1/subscribe"):
            pass
    for refused in (foreign, over):
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body or b"").keys() == {"message"}


@pytest.mark.parametrize("connection_id", ["", "x" * 257])
async def test_ids_have_a_length(running: Engine, connection_id: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with running.socket(connection_id):
            pass
    assert refused.value.response.status_code == 400


async def test_the_same_id_of_two_applications_is_two_conversations(running: Engine) -> None:
    async with running.socket("shared") as mine:
        conversation_id = await mine.start(JANE)
        uri = running.ws(f"/v1/streaming/shared?access_token={await running.token(OTHER_APP)}")
        async with websockets.connect(uri) as theirs:
            await theirs.send('{"type": "start_request"}')
            await theirs.recv()
            created = json.loads(await theirs.recv())
        assert created["message"]["data"]["conversationId"] != conversation_id
        await mine.stop()


# Sockets that misbehave


async def test_a_socket_that_does_not_read_is_closed_and_the_others_go_on(
    running: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    async with running.socket("crowd") as jane, running.socket("crowd", max_queue=1) as deaf:
        await jane.start(JANE)
        await deaf.start({**BOB, "more": "y" * 3_500})
        async with asyncio.timeout(60):
            while "did not keep up" not in caplog.text:
                with contextlib.suppress(TimeoutError):  # nothing is taken from a socket that is being closed
                    async with asyncio.timeout(1):
                        await deaf.send(say(1, 1 / 16_000))
        await jane.send(say(5))
        assert names(await jane.stop())[-2:] == ["conversation_completed", "recognition_stopped"]
        await deaf.rest()
        assert deaf.connection.close_code == 1008
        assert "keep up" in (deaf.connection.close_reason or "")


async def test_noise_on_the_line_harms_nobody(running: Engine) -> None:
    dice = random.Random(11)
    last = '{"type":"message","message":{"type":"recognition_stopped"}}'
    pieces = ['{"type"', '"start_request"', ":", "{", "}", "'stop'", "\\u0000", "null", "1e999", "__PING__", "é", '"speaker"']
    async with running.socket("calm") as calm:
        conversation_id = await calm.start(JANE)
        for round_ in range(12):
            async with running.socket(f"noisy{round_}") as noisy:
                if round_ % 2:
                    await noisy.start(BOB)
                for _ in range(150):
                    if dice.random() < 0.5:
                        await noisy.send(dice.randbytes(dice.randrange(64)))
                    else:
                        await noisy.send("".join(dice.choices(pieces, k=dice.randrange(6))))
                await noisy.send({"type": "stop_request"})
                assert [text async for text in noisy.connection][-1] == last
        await calm.send(say(1))
        assert "message_response" in names(await calm.stop())
    assert await texts(running, conversation_id) == ["Good morning."]
