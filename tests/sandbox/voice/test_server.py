"""The voice server over real TLS and UDP, with a client that does what discord.py does."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from aiohttp import WSServerHandshakeError

from sandbox.errors import SandboxError
from sandbox.voice.impairments import Impairments
from tests.sandbox.voice.client import SILENCE, ScriptedClient
from tests.sandbox.voice.conftest import number, people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sandbox.voice.channel import Committer
    from sandbox.voice.server import VoiceServer
    from tests.sandbox.voice.conftest import Stage

CHANNEL, BOT, OTHER_BOT, ANA, BEN, CLEO = 300, 400, 401, 500, 501, 502
RATE = 16_000


async def in_step(client: ScriptedClient, server: VoiceServer, members: set[int]) -> None:
    """Wait until the client is in a group of exactly these, and everybody uses its keys."""

    def ready() -> bool:
        return client.dave is not None and client.dave.ready and {int(u) for u in client.dave.get_user_ids()} == members

    await client.until(ready)
    await server._channels[client.channel_id].settled()


class TestHearing:
    @pytest.mark.parametrize("committer", ["person", "client", "any"])
    async def test_each_person_under_their_own_keys(self, stage: Stage, tone: NDArray[np.int16], committer: Committer) -> None:
        server = await stage.server(committer=committer)
        for user_id in (ANA, BEN):
            await server.join(CHANNEL, user_id)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA, BEN})
        await asyncio.gather(server.say(ANA, tone, RATE), server.say(BEN, tone, RATE))
        await client.until(lambda: len(client.heard.get(ANA, [])) >= 30 and len(client.heard.get(BEN, [])) >= 30)
        assert {e["told"] for e in server.log.of("voice.speaking")} == {BOT}
        announced = {e["ssrc"]: e["user_id"] for e in server.log.of("voice.speaking")}
        assert announced == client.owners

    async def test_alone_first_then_people_come_and_go(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.join(CHANNEL, BEN)
        await in_step(client, server, {BOT, ANA, BEN})
        await server.leave(ANA)
        await in_step(client, server, {BOT, BEN})
        await server.leave(BEN)
        assert (await client.message(24))["epoch"] == 1
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, tone, RATE)
        await client.hears(ANA, 30)
        assert [op for op, _ in client.messages if op in {11, 13}] == [11, 11, 13, 13, 11]
        assert [op for op, _ in client.messages].count(25) == 1

    async def test_nobody_is_announced_who_spoke_before(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        await server.join(CHANNEL, ANA)
        await server.say(ANA, tone[:3200], RATE)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, tone, RATE)
        await client.hears(ANA, 25)
        assert server.log.of("voice.speaking") == []

    async def test_no_op_5_at_all(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server(announce_speaking=False)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, tone, RATE)
        await client.hears(ANA, 30)
        assert 5 not in [op for op, _ in client.messages]

    async def test_two_bots(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server(committer="client")
        one = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        other = await (await stage.client(server, OTHER_BOT, CHANNEL)).connect()
        for client in (one, other):
            await in_step(client, server, {BOT, OTHER_BOT, ANA})
        await server.say(ANA, tone, RATE)
        for client in (one, other):
            await client.hears(ANA, 30)

    async def test_without_dave(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server(dave=False)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        assert (await client.message(4))["dave_protocol_version"] == 0
        await server.join(CHANNEL, ANA)
        await server.say(ANA, tone, RATE)
        await client.until(lambda: len(next(iter(client.heard.values()), [])) >= 30)
        with pytest.raises(SandboxError, match="no end-to-end"):
            await server.rekey(CHANNEL)


class TestRtp:
    async def test_pauses_are_left_out_and_times_go_on(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, np.concatenate([tone, np.zeros(RATE, np.int16), tone]), RATE)
        await client.until(lambda: len(client.packets) > 80 and [p.payload for p in client.packets[-5:]] == [SILENCE] * 5)
        assert all((b.sequence - a.sequence) % 65536 == 1 for a, b in pairwise(client.packets))
        steps = [(b.timestamp - a.timestamp) % 2**32 for a, b in pairwise(client.packets)]
        assert [step for step in steps if step != 960] == [36 * 960]
        first = client.packets[0]
        late = [p.at - first.at - (p.timestamp - first.timestamp) % 2**32 / 48000 for p in client.packets]
        assert sorted(map(abs, late))[len(late) * 9 // 10] < 0.02
        assert [p.payload for p in client.packets].count(SILENCE) == 10

    async def test_frozen_timestamps(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server(freeze_timestamps=True)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await server.say(ANA, np.concatenate([tone[:4800], np.zeros(RATE, np.int16), tone[:4800]]), RATE)
        assert {(b.timestamp - a.timestamp) % 2**32 for a, b in pairwise(client.packets)} == {960}

    async def test_another_ssrc_after_a_move_and_after_a_rejoin(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await server.say(ANA, tone[:4800], RATE)
        moved = server.move_ssrc(ANA)
        await server.say(ANA, tone[:4800], RATE)
        await server.leave(ANA)
        await server.join(CHANNEL, ANA)
        await server.say(ANA, tone[:4800], RATE)
        ssrcs = list(dict.fromkeys(p.ssrc for p in client.packets))
        assert len(ssrcs) == 3
        assert ssrcs[1] == moved
        assert len(server.log.of("voice.speaking")) == 1

    async def test_a_bad_network(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        bad = Impairments(loss=0.1, delay_ms=20, reorder=0.1, duplicate=0.1, corrupt=0.1, junk=0.3)
        server = await stage.server(impairments=bad, seed=3)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, np.tile(tone, 3), RATE)
        await client.until(lambda: len(client.heard[ANA]) >= 60)
        sequences = [p.sequence for p in client.packets if p.payload]
        assert len(set(sequences)) < len(sequences)
        assert any((b - a) % 65536 > 1 for a, b in pairwise(sequences))
        assert any((b - a) % 65536 > 32768 for a, b in pairwise(sequences))
        assert client.errors["transport"] > 0
        assert client.errors["no voice"] > 0

    async def test_passthrough_frames_are_taken_in_passthrough_mode_alone(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server(impairments=Impairments(passthrough=1.0), announce_speaking=True)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        await server.say(ANA, tone, RATE)
        assert client.heard == {}
        assert any("UnencryptedWhenPassthroughDisabled" in error for error in client.errors)
        assert client.dave is not None
        client.dave.set_passthrough_mode(True, 10)
        await server.say(ANA, tone, RATE)
        await client.hears(ANA, 20)


class TestSaying:
    async def test_returns_with_the_last_voiced_sample(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await in_step(client, server, {BOT, ANA})
        loop = asyncio.get_running_loop()
        start = loop.time() + 0.5
        await server.say(ANA, np.concatenate([tone, np.zeros(RATE * 5, np.int16)]), RATE, start=start)
        (said,) = server.log.of("voice.said")
        assert loop.time() - number(said, "ended") < 0.05
        assert number(said, "began") - start == pytest.approx(0.0, abs=0.03)
        assert number(said, "ended") - start == pytest.approx(0.58, abs=0.03)
        assert (said["frames"], said["unsent"], said["cut"]) == (30, 0, False)

    async def test_one_person_says_one_thing_at_a_time(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await asyncio.gather(server.say(ANA, tone, RATE), server.say(ANA, tone, RATE))
        assert all((b.timestamp - a.timestamp) % 2**32 < 2**31 for a, b in pairwise(client.packets))
        first, second = server.log.of("voice.said")
        assert number(second, "began") > number(first, "ended")

    async def test_leaving_in_the_middle_of_a_word(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        saying = asyncio.create_task(server.say(ANA, np.tile(tone, 20), RATE))
        await client.until(lambda: len(client.packets) > 5)
        await server.leave(ANA)
        await saying
        (said,) = server.log.of("voice.said")
        assert said["cut"] is True
        with pytest.raises(SandboxError, match="in no voice channel"):
            await server.say(ANA, tone, RATE)

    async def test_cancelled(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        saying = asyncio.create_task(server.say(ANA, np.tile(tone, 20), RATE))
        await client.until(lambda: len(client.packets) > 5)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        await server.say(ANA, tone, RATE)
        assert len(server.log.of("voice.said")) == 1

    async def test_silence_is_said_without_a_word(self, stage: Stage) -> None:
        server = await stage.server()
        await server.join(CHANNEL, ANA)
        await server.say(ANA, np.zeros(RATE, np.int16), RATE)
        (said,) = server.log.of("voice.said")
        assert (said["began"], said["ended"], said["frames"]) == (None, None, 0)


class TestGateway:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"session_id": "other"}, 4006),
            ({"server_id": "5"}, 4006),
            ({"user_id": "5"}, 4006),
            ({"token": "other"}, 4004),
            ({"max_dave_protocol_version": 0}, 4017),
        ],
    )
    async def test_wrong_identification(self, stage: Stage, changes: dict[str, object], code: int) -> None:
        server = await stage.server()
        client = await stage.client(server, BOT, CHANNEL)
        client.admit()
        await client.open()
        assert await client.message(8) == {"v": 8, "heartbeat_interval": 13750}
        await client.identify(**changes)
        await client.closed.wait()
        assert client.close_code == code

    async def test_only_version_8(self, stage: Stage) -> None:
        server = await stage.server()
        client = await stage.client(server, BOT, CHANNEL)
        with pytest.raises(WSServerHandshakeError):
            await client.open(version=7)

    async def test_gcm_is_offered_but_does_not_work(self, stage: Stage) -> None:
        server = await stage.server()
        client = await stage.client(server, BOT, CHANNEL)
        client.admit()
        await client.open()
        await client.identify()
        modes = (await client.message(2))["modes"]
        assert modes == ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"]
        await client.send(1, {"protocol": "udp", "data": {"address": "127.0.0.1", "port": 1, "mode": modes[0]}})
        await client.closed.wait()
        assert client.close_code == 4016

    async def test_heartbeats_are_answered(self, stage: Stage) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await client.send(3, {"t": 123, "seq_ack": client.seq_ack})
        assert await client.message(6) == {"t": 123}

    async def test_dismissal_closes_with_4014_and_ends_the_grant(self, stage: Stage) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await server.join(CHANNEL, ANA)
        await server.dismiss(BOT)
        await client.closed.wait()
        assert client.close_code == 4014
        await client.open()
        await client.identify()
        await client.closed.wait()
        assert client.close_code == 4006
        await server.dismiss(BOT)

    async def test_a_second_connection_takes_the_place_of_the_first(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        await server.join(CHANNEL, ANA)
        first = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(first, server, {BOT, ANA})
        second = await (await stage.client(server, BOT, CHANNEL)).connect()
        await first.closed.wait()
        assert first.close_code == 4006
        await in_step(second, server, {BOT, ANA})
        await server.say(ANA, tone, RATE)
        await second.hears(ANA, 30)
        assert first.packets == []

    @pytest.mark.parametrize("how", ["abort", "4015"])
    async def test_resume_brings_what_was_missed(self, stage: Stage, tone: NDArray[np.int16], how: str) -> None:
        server = await stage.server(committer="person")
        await server.join(CHANNEL, ANA)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA})
        if how == "abort":
            server.abort(BOT)
        else:
            server.close(BOT, 4015)
        await client.closed.wait()
        assert client.close_code == (1006 if how == "abort" else 4015)
        joining = asyncio.create_task(server.join(CHANNEL, BEN))
        await server.log.wait("dave.epoch", where=lambda event: BEN in people(event))
        await client.open()
        await client.resume()
        await client.message(9)
        await joining
        await in_step(client, server, {BOT, ANA, BEN})
        await server.say(BEN, tone, RATE)
        await client.hears(BEN, 30)

    async def test_a_stranger_cannot_resume(self, stage: Stage) -> None:
        server = await stage.server()
        client = await stage.client(server, BOT, CHANNEL)
        await client.open()
        await client.resume()
        await client.closed.wait()
        assert client.close_code == 4006

    async def test_goodbye_ends_the_session_at_once(self, stage: Stage) -> None:
        server = await stage.server()
        for user_id in (ANA, BEN):
            await server.join(CHANNEL, user_id)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA, BEN})
        await client.leave()
        last = await server.log.wait("dave.epoch", where=lambda event: event["epoch"] == 3)
        assert people(last) == {ANA, BEN}
        with pytest.raises(SandboxError, match="not connected"):
            server.client_audio(BOT)


class TestMedia:
    async def test_the_bots_own_packets_are_counted(self, stage: Stage) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        for sequence in range(5):
            client.speak(SILENCE, sequence)
        client.speak(b"\xfcabc", 5)
        await server.log.wait("voice.silence", where=lambda event: event["count"] == 5)
        client.udp.sendto(b"nonsense of some length, but no RTP", ("127.0.0.1", server.media_port))
        client.udp.sendto(bytes(8), ("127.0.0.1", server.media_port))
        await client.until(lambda: bytes(8) in client.datagrams)
        audio = server.client_audio(BOT)
        assert (audio.packets, audio.silence, audio.keepalives, audio.bad) == (6, 5, 1, 1)

    async def test_strangers_get_no_answer(self, stage: Stage) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        stranger = await stage.client(server, OTHER_BOT, CHANNEL)
        for datagram in (b"\x00\x01\x00\x46" + bytes(70), bytes(8), bytes(100)):
            stranger.udp.sendto(datagram, ("127.0.0.1", server.media_port))
        client.udp.sendto(bytes(8), ("127.0.0.1", server.media_port))
        await client.until(lambda: bytes(8) in client.datagrams)
        assert stranger.datagrams == []


class TestFaults:
    async def test_a_bad_proposal_is_recovered_from_by_op_31(self, stage: Stage, tone: NDArray[np.int16]) -> None:
        server = await stage.server()
        for user_id in (ANA, BEN):
            await server.join(CHANNEL, user_id)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA, BEN})
        server.bad_proposal(BOT)
        await server.log.wait("dave.invalid")
        epoch = await server.log.wait("dave.epoch", where=lambda event: event["epoch"] == 3)
        assert people(epoch) == {BOT, ANA, BEN}
        await in_step(client, server, {BOT, ANA, BEN})
        await server.say(ANA, tone, RATE)
        await client.hears(ANA, 30)

    @pytest.mark.parametrize("new_group", [False, True])
    async def test_rekey_while_somebody_speaks(self, stage: Stage, tone: NDArray[np.int16], *, new_group: bool) -> None:
        server = await stage.server()
        for user_id in (ANA, BEN):
            await server.join(CHANNEL, user_id)
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        await in_step(client, server, {BOT, ANA, BEN})
        assert client.dave is not None
        code = client.dave.voice_privacy_code
        saying = [asyncio.create_task(server.say(user_id, np.tile(tone, 2), RATE)) for user_id in (ANA, BEN)]
        await client.until(lambda: len(client.heard.get(ANA, [])) > 10 and len(client.heard.get(BEN, [])) > 10)
        await server.rekey(CHANNEL, new_group=new_group)
        await asyncio.gather(*saying)
        assert client.dave.voice_privacy_code != code
        lost = 0 if not new_group else 10
        for user_id in (ANA, BEN):
            await client.hears(user_id, 60 - lost)

    async def test_a_client_that_never_gets_ready_holds_nobody_up_for_long(self, stage: Stage) -> None:
        server = await stage.server()
        client = await (await stage.client(server, BOT, CHANNEL)).connect()
        client.commits = client.confirms = False
        await server.join(CHANNEL, ANA)
        await server.join(CHANNEL, BEN)
        await in_step(client, server, {BOT, ANA, BEN})
        assert server.log.of("dave.ready") == []

    async def test_faults_for_who_is_not_there(self, stage: Stage) -> None:
        server = await stage.server()
        for fault in (server.abort, server.bad_proposal, lambda user_id: server.close(user_id, 4014)):
            with pytest.raises(SandboxError, match="not connected"):
                fault(BOT)
        with pytest.raises(SandboxError, match="in no voice channel"):
            await server.leave(ANA)
        with pytest.raises(SandboxError, match="in no voice channel"):
            server.move_ssrc(ANA)
