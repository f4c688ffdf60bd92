"""`/settings team-channel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import permissions
from bot.commands import answer
from cogs.context import Interaction, member

if TYPE_CHECKING:
    from bot.storage.guilds import GuildSettings


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Settings(commands.GroupCog, name="settings", description="How meetings are held in this server"):
    """What a guild chooses."""

    def __init__(self, guilds: GuildSettings) -> None:
        self._guilds = guilds

    @app_commands.command(name="team-channel", description="Where action items and follow-ups of every meeting also go")
    @app_commands.describe(
        channel="The channel; without it, the present choice is shown", clear="Send them to no channel any more"
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def team_channel(
        self, interaction: Interaction, channel: discord.TextChannel | None = None, *, clear: bool = False
    ) -> None:
        """Choose, show or clear the team channel."""
        guild = member(interaction).guild
        if channel is not None:
            permissions.check(channel.permissions_for(guild.me), permissions.TELL, f"#{channel.name}")
            await self._guilds.set_team_channel(guild.id, channel.id)
            await answer(interaction, f"Action items and follow-ups of every meeting also go to {channel.mention}.")
        elif clear:
            await self._guilds.set_team_channel(guild.id, None)
            await answer(interaction, "Action items and follow-ups stay in the threads of their meetings.")
        else:
            chosen = await self._guilds.team_channel(guild.id)
            where = f"to <#{chosen}>" if chosen is not None else "to no channel but their own threads"
            await answer(interaction, f"Action items and follow-ups go {where}.")
