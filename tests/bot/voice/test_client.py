"""A real discord.py client hears real packets of the sandbox's people, over TLS and UDP, encrypted end to end."""

from __future__ import annotations

import asyncio
import socket
import sys

import discord
import pytest

from bot.errors import VoiceError
from bot.voice.client import HearingClient, _readable, listen
from bot.voice.events import Joined, Left, LinkDown, LinkUp, Lost
from sandbox.voice.impairments import Impairments
from sandbox.voice.server import VoiceServer
from tests.bot.voice.meeting_room import Room, room

A, B, C = 440.0, 1000.0, 1600.0


def voice(place: Room) -> VoiceServer:
    server = place.sandbox.voice
    assert isinstance(server, VoiceServer)
    return server


async def talk(place: Room, since: int | None = None) -> None:
    """Alice and Ben speak at once, and are heard apart."""
    begin = len(place.events) if since is None else since
    await asyncio.gather(place.say("Alice", A), place.say("Ben", B))
    await place.heard("Alice", A, since=begin)
    await place.heard("Ben", B, since=begin)
    assert place.seconds("Alice", B, begin) == place.seconds("Ben", A, begin) == 0


@pytest.mark.parametrize("announced", [True, False], ids=["with op 5", "without op 5"])
async def test_people_are_heard_under_their_own_ids(*, announced: bool) -> None:
    async with room(announce_speaking=announced) as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)
        assert {e.user_id for e in place.events if isinstance(e, Joined)} == {place.user("Alice").id, place.user("Ben").id}
        assert not place.of(Lost)
        health = place.listener.health()
        assert (health.connected, health.encrypted_ready, health.people, health.unknown_ssrcs) == (True, True, 2, 0)
        assert all(speaker.undecryptable == speaker.missing == 0 for speaker in health.speakers)


async def test_people_are_heard_where_calls_are_not_encrypted() -> None:
    async with room(dave=False) as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)


async def test_a_bad_network_costs_little() -> None:
    bad = Impairments(loss=0.05, reorder=0.05, jitter_ms=20, duplicate=0.02, corrupt=0.01, junk=0.3)
    async with room(announce_speaking=False, impairments=bad) as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await asyncio.gather(place.say("Alice", A, 2.0), place.say("Ben", B, 2.0))
        await place.heard("Alice", A, 1.8)
        await place.heard("Ben", B, 1.8)
        assert not place.of(Lost)


@pytest.mark.parametrize("code", [1000, 1006, 4006, 4009, 4014, 4015])
async def test_a_closed_connection_is_made_anew(code: int) -> None:
    async with room(announce_speaking=False) as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)
        if code == 1006:
            voice(place).abort(place.sandbox.bot.id)
        else:
            voice(place).close(place.sandbox.bot.id, code)
        await place.until(lambda: bool(place.of(LinkUp)))
        (down,) = [event for event in place.events if isinstance(event, LinkDown)]
        assert str(code) in down.reason
        await place.until(lambda: place.listener.health().connected and place.listener.health().encrypted_ready)
        await talk(place)


async def test_a_bad_proposal_does_not_deafen() -> None:
    async with room() as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)
        readied = len(place.sandbox.log.of("dave.epoch"))
        voice(place).bad_proposal(place.sandbox.bot.id)
        await place.until(lambda: len(place.sandbox.log.of("dave.epoch")) > readied)
        await place.until(lambda: place.listener.health().encrypted_ready)
        await talk(place)


@pytest.mark.parametrize("new_group", [False, True])
async def test_new_keys_do_not_deafen(*, new_group: bool) -> None:
    async with room() as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)
        await voice(place).rekey(place.sandbox.meeting_room.id, new_group=new_group)
        await talk(place)


async def test_people_who_come_and_go_while_others_speak() -> None:
    async with room(announce_speaking=False) as place:
        await place.join("Alice")
        await place.listen()
        speaking = asyncio.create_task(place.say("Alice", A, 2.0))
        await place.heard("Alice", A, 0.3)
        await place.join("Ben")
        await place.say("Ben", B)
        await place.sandbox.leave(place.user("Ben").id)
        await place.until(lambda: bool(place.of(Left)))
        assert place.seconds("Ben", B) >= 0.5, "all of it was given out before"
        await speaking
        await place.heard("Alice", A, 1.9)
        await place.join("Ben")
        begin = len(place.events)
        await place.say("Ben", C)
        await place.heard("Ben", C, since=begin)


async def test_another_ssrc_that_nobody_tells_of() -> None:
    async with room(announce_speaking=False) as place:
        await place.join("Alice", "Ben")
        await place.listen()
        await talk(place)
        voice(place).move_ssrc(place.user("Alice").id)
        begin = len(place.events)
        await place.say("Alice", C, 2.0)
        await place.heard("Alice", C, 0.6, since=begin)


async def test_who_said_no_is_not_heard() -> None:
    async with room() as place:
        await place.join("Alice", "Ben")
        await place.listen()
        place.listener.refuse(place.user("Ben").id)
        await asyncio.gather(place.say("Alice", A), place.say("Ben", B))
        await place.heard("Alice", A)
        assert place.pcm("Ben") == b""
        place.listener.accept(place.user("Ben").id)
        await talk(place)


async def test_the_bot_is_moved_and_hears_there() -> None:
    async with room() as place:
        await place.join("Alice")
        await place.listen()
        await place.sandbox.join(place.user("Carla").id, place.sandbox.lounge.id)
        await place.sandbox.move(place.sandbox.bot.id, place.sandbox.lounge.id)
        await place.until(lambda: bool(place.of(LinkUp)) and place.listener.health().encrypted_ready)
        await place.say("Carla", C)
        await place.heard("Carla", C)
        assert {e.user_id for e in place.events if isinstance(e, Left)} == {place.user("Alice").id}


@pytest.mark.parametrize("how", ["disconnected", "call ended"])
async def test_being_sent_away_ends_it(how: str) -> None:
    async with room() as place:
        await place.join("Alice")
        listener = await place.listen()
        if how == "disconnected":
            await place.sandbox.leave(place.sandbox.bot.id)
        else:
            voice(place).close(place.sandbox.bot.id, 4022)
        await asyncio.wait_for(place.ended.wait(), 5)
        assert not listener.health().connected
        assert not place.client.voice_clients


async def test_closing_leaves_the_channel_and_one_can_come_again() -> None:
    async with room() as place:
        await place.join("Alice", "Ben")
        await (await place.listen()).close()
        assert not place.client.voice_clients
        assert place.sandbox.bot.id not in place.channel.voice_states
        place.events.clear()
        await place.listen()
        await talk(place)


async def test_a_second_ear_in_the_same_guild_is_refused() -> None:
    async with room() as place:
        await place.join("Alice")
        await place.listen()
        with pytest.raises(VoiceError, match="already"):
            await listen(place.channel)


async def test_a_voice_server_that_does_not_answer_is_told_in_a_sentence() -> None:
    async with room() as place:
        place.sandbox.voice.admit = lambda **_: None  # type: ignore[method-assign] # whoever comes is sent away
        with pytest.raises(VoiceError, match="did not answer within 1 s"):
            await listen(place.channel, connect_within=1.0)
        assert not place.client.voice_clients


async def test_a_join_that_is_called_off_leaves_nothing_behind() -> None:
    async with room() as place:
        await place.join("Alice", "Ben")
        admit = place.sandbox.voice.admit
        asked = asyncio.Event()
        place.sandbox.voice.admit = lambda **_: asked.set()  # type: ignore[method-assign] # whoever comes is sent away
        joining = asyncio.create_task(listen(place.channel))
        await asyncio.wait_for(asked.wait(), 5)
        joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joining
        assert not place.client.voice_clients
        place.sandbox.voice.admit = admit  # type: ignore[method-assign] # as it was
        await place.listen()
        await talk(place)


if sys.platform != "win32":
    import fcntl
    import resource

    def test_sockets_beyond_the_reach_of_select_are_read() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as low:
                low.bind(("127.0.0.1", 0))
                with socket.socket(fileno=fcntl.fcntl(low, fcntl.F_DUPFD, 2000)) as high:
                    low.sendto(b"x", low.getsockname())
                    assert _readable(high)
                    assert high.recv(1) == b"x"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_clients_own_voice_client_is_an_ear_that_its_bot_can_tell() -> None:
    async with room() as place:
        await place.join("Alice")
        await place.listen()
        ear = place.channel.guild.voice_client
        assert isinstance(ear, HearingClient)
        await place.sandbox.join(place.user("Ben").id, place.sandbox.meeting_room.id)
        ear.member_joined(place.user("Ben").id)
        ear.check()
        await place.until(lambda: len(place.of(Joined)) == 2)
        assert isinstance(ear, discord.VoiceClient)
        assert not place.of(LinkDown)
