from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discord.ext import commands

    from tests.cogs.conftest import Guild


def commands_of(guild: Guild) -> Iterator[app_commands.Command[commands.Cog, ..., object]]:
    for command in guild.bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


async def test_every_command_is_described_guild_only_and_there_once(guild: Guild) -> None:
    found = list(commands_of(guild))
    names = [command.qualified_name for command in found]

    assert sorted(names) == [
        "meeting start",
        "meeting status",
        "meeting stop",
        "privacy allow",
        "privacy object",
        "settings language",
        "settings team-channel",
    ]
    assert len(set(names)) == len(names)
    for command in found:
        assert 10 <= len(command.description) <= 100, command.qualified_name
        assert command.root_parent is not None
        assert command.root_parent.guild_only, command.qualified_name
        assert all(len(option.description) > 10 for option in command.parameters), command.qualified_name


async def test_settings_need_a_permission_and_the_rest_needs_none(guild: Guild) -> None:
    for command in commands_of(guild):
        assert command.root_parent is not None
        needed = command.root_parent.default_permissions
        if command.root_parent.name == "settings":
            assert needed is not None
            assert needed.manage_guild
            assert command.checks
        else:
            assert needed is None


async def test_discord_knows_the_commands(guild: Guild) -> None:
    assert sorted(guild.sandbox.commands()) == ["meeting", "privacy", "settings"]
