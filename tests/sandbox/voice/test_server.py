from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.voice.client import SILENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tests.sandbox.voice.conftest import Stage

CHANNEL, BOT, ANA, BEN = 300, 400, 500, 501


async def in_step(client, server) -> None:
    """Wait until the client has the keys of the newest epoch."""
    group = server._channels[client.channel_id].group
    await client.until(lambda: client.dave is not None and client.dave.ready and client.dave.epoch == group.service.epoch)


@pytest.mark.parametrize("committer", ["person", "client"])
async def test_hears_each_person_under_their_own_keys(stage: Stage, tone: NDArray[np.int16], committer: str) -> None:
    server = await stage.server(committer=committer)
    await server.join(CHANNEL, ANA)
    await server.join(CHANNEL, BEN)
    client = await (await stage.client(server, BOT, CHANNEL)).connect()
    await in_step(client, server)
    for user_id in (ANA, BEN):
        await server.say(user_id, tone, 16000)
    assert {u: len(f) >= 30 for u, f in client.heard.items()} == {ANA: True, BEN: True}
    assert sum(client.errors.values()) <= 1  # one wrong guess while trying whose packets they are


async def test_sole_member_then_people_come_and_go(stage: Stage, tone: NDArray[np.int16]) -> None:
    server = await stage.server()
    client = await (await stage.client(server, BOT, CHANNEL)).connect()
    for user_id in (ANA, BEN):
        await server.join(CHANNEL, user_id)
        await in_step(client, server)
        await server.say(user_id, tone, 16000)
    await server.leave(ANA)
    await in_step(client, server)
    assert sorted(client.dave.get_user_ids()) == [str(BOT), str(BEN)]
    await server.leave(BEN)
    await client.message(24)
    await server.join(CHANNEL, ANA)
    await in_step(client, server)
    before = len(client.heard[ANA])
    client.owners.clear()
    await server.say(ANA, tone, 16000)
    await client.until(lambda: len(client.heard[ANA]) - before >= 30)
    assert [o for o, _ in client.messages if o in {11, 13}] == [11, 11, 13, 13, 11]
