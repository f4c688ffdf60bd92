"""How slash commands answer when something is wrong: one sentence, to the person who asked alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.errors import MinutesError
from bot.permissions import label

if TYPE_CHECKING:
    from discord.ext import commands

log = logging.getLogger(__name__)

_UNKNOWN_INTERACTION = 10062


class MeetingTree(app_commands.CommandTree["commands.Bot"]):
    """The commands of the bot; every error of theirs comes here."""

    async def on_error(self, interaction: discord.Interaction[commands.Bot], error: app_commands.AppCommandError, /) -> None:
        """Answer with the error's sentence; what nobody foresaw goes to the log with its trace."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if isinstance(cause, discord.NotFound) and cause.code == _UNKNOWN_INTERACTION:
            log.warning("the command %s waited too long for its first answer", _name(interaction))
            return
        try:
            await answer(interaction, _sentence(cause, interaction))
        except discord.HTTPException as failure:
            log.warning("the command %s could not be answered: %s", _name(interaction), failure)


async def answer(interaction: discord.Interaction[commands.Bot], text: str) -> None:
    """Tell the person who asked, and nobody else."""
    silent = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, suppress_embeds=True, allowed_mentions=silent)
    else:
        await interaction.response.send_message(text, ephemeral=True, suppress_embeds=True, allowed_mentions=silent)


def _sentence(cause: Exception, interaction: discord.Interaction[commands.Bot]) -> str:
    match cause:
        case MinutesError():
            log.info("the command %s was refused: %s", _name(interaction), cause)
            return str(cause)
        case app_commands.MissingPermissions():
            names = " and ".join(f'"{label(name)}"' for name in cause.missing_permissions)
            return f"You need the permission {names} to do that."
        case _:
            log.error("the command %s broke", _name(interaction), exc_info=cause)
            return "Something went wrong on my side; whoever runs me finds the reason in my log."


def _name(interaction: discord.Interaction[commands.Bot]) -> str:
    return f"/{interaction.command.qualified_name}" if interaction.command else "?"
