from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.errors import SandboxError
from sandbox.permissions import Permission

if TYPE_CHECKING:
    from tests.cogs.conftest import Guild


async def test_the_team_channel_is_set_shown_and_cleared(guild: Guild) -> None:
    sandbox = guild.sandbox
    replies = [
        await sandbox.slash("settings team-channel").reply(),
        await sandbox.slash("settings team-channel", options={"channel": sandbox.team.id}).reply(),
        await sandbox.slash("settings team-channel").reply(),
        await sandbox.slash("settings team-channel", options={"clear": True}).reply(),
        await sandbox.slash("settings team-channel").reply(),
    ]

    assert all(reply.ephemeral for reply in replies)
    assert "to no channel" in replies[0].content
    assert f"<#{sandbox.team.id}>" in replies[1].content
    assert f"<#{sandbox.team.id}>" in replies[2].content
    assert "to no channel" in replies[4].content


async def test_a_channel_that_the_bot_may_not_write_in_is_not_taken(guild: Guild) -> None:
    sandbox = guild.sandbox
    sandbox.world.overwrite(sandbox.team, sandbox.bot.id, deny=Permission.SEND_MESSAGES)
    reply = await sandbox.slash("settings team-channel", options={"channel": sandbox.team.id}).reply()

    assert 'I lack the permission "Send Messages" in #team.' in reply.content
    assert await guild.storage.guilds.team_channel(sandbox.world.guild.id) is None


async def test_settings_are_for_those_who_manage_the_server(guild: Guild) -> None:
    with pytest.raises(SandboxError):
        guild.sandbox.slash("settings team-channel", user=guild.sandbox.people["Ben"])


async def test_the_language_is_chosen_by_name_or_code_and_counts_for_the_next_meeting(guild: Guild) -> None:
    sandbox = guild.sandbox
    before = await sandbox.slash("settings language").reply()
    chosen = await sandbox.slash("settings language", options={"language": "Deutsch"}).reply()
    await sandbox.slash("settings team-channel", options={"channel": sandbox.team.id}).reply()
    refused = await sandbox.slash("settings language", options={"language": "Klingon"}).reply()
    await (await guild.start()).reply()

    assert "English (en-US)" in before.content
    assert "German (de)" in chosen.content
    assert 'I know no language "Klingon"' in refused.content
    assert guild.engine.languages == ["de"]
