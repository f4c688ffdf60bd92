"""Broken input at every seam: whatever a client sends, its socket is answered, everybody else goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import TYPE_CHECKING

import websockets

from engine.streaming.protocol import Audio, Bad, Modified, Ping, Started, Stopped, StreamProtocol
from tests.engine.fakes import pause, say
from tests.engine.server import BOB, JANE, OTHER_APP, names
from tests.engine.streaming import hostile

if TYPE_CHECKING:
    from websockets import ClientConnection

    from engine.streaming.protocol import Event
    from tests.engine.server import Engine

FRAMES = 100_000
SOCKET_FRAMES = 3_000


def check(event: Event | None) -> None:
    """What gets through is within its bounds, and what does not is said in a sentence."""
    match event:
        case Bad(message, details):
            assert message.endswith(".")
            assert details.endswith(".")
            assert len(details) < 1_000
        case Started(options):
            assert 0 <= options.no_connection_timeout <= 1_800
            assert options.keep_after_stop is None or 0 < options.keep_after_stop <= 1_800
            assert 0 <= options.confidence_threshold <= 1
            assert abs(options.timezone_offset) <= 960
            assert 8_000 <= options.sound.rate <= 192_000
            assert options.mask is None or 1 <= len(options.mask) <= 16
            assert len(options.title or "") <= 256
            assert 0 < len(options.language) <= 256
        case Modified(sound):
            assert 8_000 <= sound.rate <= 192_000
        case Stopped() | Ping() | Audio() | None:
            pass


def test_a_hundred_thousand_frames() -> None:
    dice = random.Random(20_260_101)
    kinds: dict[str, int] = {}
    protocol = StreamProtocol()
    for _ in range(FRAMES):
        if protocol.over or dice.random() < 0.02:
            protocol = StreamProtocol()
        event = protocol.binary(hostile.binary(dice)) if dice.random() < 0.2 else protocol.text(hostile.text(dice))
        check(event)
        kinds[type(event).__name__] = kinds.get(type(event).__name__, 0) + 1
    assert min(kinds[kind] for kind in ("Bad", "Started", "Stopped", "Modified", "Ping", "Audio", "NoneType")) > 300, kinds


async def test_thousands_of_frames_through_sockets(running: Engine) -> None:
    dice = random.Random(7)
    last = '{"type":"message","message":{"type":"recognition_stopped"}}'
    async with running.socket("calm") as calm:
        conversation_id = await calm.start(JANE)
        for round_ in range(SOCKET_FRAMES // 100):
            async with running.socket(f"noisy{round_ % 7}") as noisy:
                heard = asyncio.create_task(_drain(noisy.connection))
                for _ in range(100):
                    frame = hostile.binary(dice) if dice.random() < 0.5 else hostile.text(dice)
                    with contextlib.suppress(websockets.ConnectionClosedOK):
                        await noisy.send(frame.encode("utf-8", "replace").decode() if isinstance(frame, str) else frame)
                with contextlib.suppress(websockets.ConnectionClosedOK):  # the noise may have held a stop
                    for frame in ('{"type": "stop_request"}', '{"type": "start_request"}', '{"type": "stop_request"}'):
                        await noisy.send(frame)
                frames = await heard
                assert last in frames
                for text in frames:
                    assert text == "__PONG__" or json.loads(text)["type"]
        await calm.send(say(1) + pause())
        assert "message_response" in names(await calm.stop())
    said = (await running.get(f"/{conversation_id}/messages")).json()["messages"]
    assert [message["text"] for message in said] == ["Good morning."]


async def _drain(connection: ClientConnection) -> list[str]:
    return [str(text) async for text in connection]


async def test_nobody_hears_what_is_not_theirs(running: Engine) -> None:
    async with running.socket("room") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send(say(3) + pause())
        await jane.until("message_response")
        for path in ("", "/messages", "/members", "/topics", "/questions", "/action-items", "/follow-ups"):
            assert (await running.get(f"/{conversation_id}{path}", OTHER_APP)).status_code == 404
        for odd in ("..%2f..%2fengine.db", "%00", "1' OR '1'='1", "x" * 3_000, "1" * 16):
            assert (await running.get(f"/{odd}")).status_code in {400, 404}
        async with running.socket("room%00") as bob:
            other = await bob.start(BOB)
            assert other != conversation_id
            await bob.stop()
        await jane.stop()
