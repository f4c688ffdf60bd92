from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cogs.conftest import Guild


async def test_objecting_takes_effect_in_the_running_meeting(guild: Guild) -> None:
    await (await guild.start()).reply()
    ben = guild.sandbox.people["Ben"]
    reply = await guild.sandbox.slash("privacy object", user=ben).reply()

    assert reply.ephemeral
    assert guild.listeners[0].refused == {ben.id}
    assert await guild.storage.refusals.of(guild.sandbox.world.guild.id) == {ben.id}

    await guild.sandbox.slash("privacy allow", user=ben).reply()
    assert guild.listeners[0].refused == set()
    assert await guild.storage.refusals.of(guild.sandbox.world.guild.id) == set()


async def test_objecting_before_a_meeting_holds_in_it(guild: Guild) -> None:
    ben = guild.sandbox.people["Ben"]
    await guild.sandbox.slash("privacy object", user=ben).reply()
    await (await guild.start()).reply()

    assert guild.listeners[0].refused == {ben.id}
