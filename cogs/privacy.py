"""`/privacy object`, `/privacy allow`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.ext import commands

from bot.commands import answer
from cogs.context import Interaction, member

if TYPE_CHECKING:
    from bot.meetings.service import MeetingService


@app_commands.guild_only()
class Privacy(commands.GroupCog, name="privacy", description="Whether your voice is written down"):
    """What a person decides about their own voice."""

    def __init__(self, service: MeetingService) -> None:
        self._service = service

    @app_commands.command(name="object", description="Do not write down what I say, now and in later meetings of this server")
    async def object_(self, interaction: Interaction) -> None:
        """From now on nothing of this person is decoded."""
        who = member(interaction)
        await self._service.refuse(who.guild.id, who.id)
        await answer(interaction, "From now on I do not hear you in this server. /privacy allow takes it back.")

    @app_commands.command(description="Write down what I say again")
    async def allow(self, interaction: Interaction) -> None:
        """This person may be heard again."""
        who = member(interaction)
        await self._service.accept(who.guild.id, who.id)
        await answer(interaction, "From now on I write down what you say in meetings. /privacy object takes it back.")
