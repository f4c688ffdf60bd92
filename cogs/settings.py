"""`/settings team-channel`, `/settings language`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import permissions
from bot.commands import answer
from bot.languages import DEFAULT, code_of, name_of
from cogs.context import LANGUAGE_LIMIT, Interaction, member, suggest_language

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

    @app_commands.command(description="Which language meetings are held in")
    @app_commands.describe(language="Its name or code, or auto; without it, the present choice is shown")
    @app_commands.autocomplete(language=suggest_language)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def language(
        self, interaction: Interaction, language: app_commands.Range[str, 1, LANGUAGE_LIMIT] | None = None
    ) -> None:
        """Choose or show the language of the next meetings."""
        guild = member(interaction).guild
        if language is not None:
            await self._guilds.set_language(guild.id, code_of(language))
        chosen = await self._guilds.language(guild.id) or DEFAULT
        await answer(interaction, f"The language of the next meetings: {name_of(chosen)} ({chosen}).")
