"""What commands read from an interaction."""

from __future__ import annotations

from typing import TypeAlias

import discord
from discord import app_commands
from discord.ext import commands

from bot import languages
from bot.errors import NotInVoice, RefusedError
from bot.publish.room import Origin, Vocal

LANGUAGE_LIMIT = 40
"""Characters of a language's name."""
_SUGGESTIONS = 25
"""The most that Discord shows."""

Interaction: TypeAlias = discord.Interaction[commands.Bot]


def member(interaction: Interaction) -> discord.Member:
    """Who asked. Raises `RefusedError` outside of a guild."""
    if not isinstance(interaction.user, discord.Member):
        raise RefusedError("Meetings are held in servers: use this command in a text channel of one.")
    return interaction.user


def voice_channel(interaction: Interaction, named: Vocal | None) -> Vocal:
    """The channel that was named, or the one that the person is in; it must be one that they may join themselves."""
    who = member(interaction)
    channel = named or (who.voice.channel if who.voice else None)
    if channel is None:
        raise NotInVoice("Join a voice channel first, or name one: /meeting start channel:<voice channel>")
    allowed = channel.permissions_for(who)
    if not (allowed.view_channel and allowed.connect):
        raise RefusedError(f"You may not join {channel.name} yourself, so I do not listen there for you.")
    return channel


def origin(interaction: Interaction) -> Origin:
    """Where the command was given."""
    if not isinstance(interaction.channel, Origin):
        raise RefusedError("I cannot write a transcript in this kind of channel: use the command in a text channel.")
    return interaction.channel


async def suggest_language(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Languages that begin with what has been typed."""
    return [app_commands.Choice(name=name, value=code) for name, code in languages.suggestions(typed, _SUGGESTIONS)]
