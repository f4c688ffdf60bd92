"""`/meeting start`, `/meeting stop`, `/meeting status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands import answer
from bot.errors import MinutesError, NoMeeting
from bot.languages import code_of
from bot.publish.status import status_text
from cogs.context import LANGUAGE_LIMIT, Interaction, member, origin, suggest_language, voice_channel

if TYPE_CHECKING:
    from bot.meetings.service import MeetingService
    from bot.meetings.status import MeetingStatus
    from bot.publish.room import DiscordDirectory

_TITLE_LIMIT = 80


@app_commands.guild_only()
class Meetings(commands.GroupCog, name="meeting", description="A live transcript of what is said in a voice channel"):
    """Starts, ends and shows meetings."""

    def __init__(self, service: MeetingService, directory: DiscordDirectory) -> None:
        self._service = service
        self._directory = directory

    @app_commands.command(description="Listen in a voice channel and write down who says what")
    @app_commands.describe(
        channel="The voice channel; without it, the one you are in",
        title="What the meeting is about",
        language="What is spoken, if it is not what this server has chosen",
    )
    @app_commands.autocomplete(language=suggest_language)
    async def start(
        self,
        interaction: Interaction,
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
        title: app_commands.Range[str, 1, _TITLE_LIMIT] | None = None,
        language: app_commands.Range[str, 1, LANGUAGE_LIMIT] | None = None,
    ) -> None:
        """Open a thread and listen."""
        room = self._directory.make(voice_channel(interaction, channel), origin(interaction))
        room.check()
        spoken = code_of(language) if language is not None else None
        await interaction.response.defer(ephemeral=True, thinking=True)
        meeting = await self._service.start(room, title or room.channel_name, interaction.user.id, spoken)
        await answer(interaction, f"I listen in <#{room.channel_id}>. The transcript: {meeting.status().thread_url}")

    @app_commands.command(description="End the meeting and post its summary")
    async def stop(self, interaction: Interaction) -> None:
        """Stop listening; the summary comes into the thread."""
        status = self._running(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        who = member(interaction)
        meeting = await self._service.stop(who.guild.id, f"stopped by {who.display_name}")
        if meeting.failure is not None:
            raise MinutesError(meeting.failure)
        await answer(interaction, f"The meeting has ended. Its summary: {status.thread_url}")

    @app_commands.command(description="Show whether I hear everybody")
    async def status(self, interaction: Interaction) -> None:
        """The health of the meeting at a glance."""
        await answer(interaction, status_text(self._running(interaction)))

    def _running(self, interaction: Interaction) -> MeetingStatus:
        """The guild's meeting, if it is held in a channel that this person can see. Raises `NoMeeting`."""
        who = member(interaction)
        status = self._service.status(who.guild.id)
        channel = who.guild.get_channel(status.voice_channel_id)
        if channel is not None and not channel.permissions_for(who).view_channel:
            raise NoMeeting("No meeting runs that you can see.")
        return status
