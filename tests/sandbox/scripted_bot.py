"""A bot that hears nothing and writes what it was told: a stand-in for Minutes, to test the stage of the demo.

The environment: BOT_LINES, a JSON list of messages for the thread; BOT_FILE, the text to attach, may be empty; BOT_REFUSES.
"""

from __future__ import annotations

import io
import json
import os

import discord
import yarl
from discord import app_commands

discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])

meeting = app_commands.Group(name="meeting", description="Meetings", guild_only=True)
client = discord.Client(intents=discord.Intents.default(), guild_ready_timeout=0.05)
tree = app_commands.CommandTree(client)
tree.add_command(meeting)
threads: list[discord.Thread] = []


@meeting.command(name="start", description="Begin")
async def start(interaction: discord.Interaction, channel: discord.VoiceChannel, title: str) -> None:
    if refusal := os.environ.get("BOT_REFUSES"):
        await interaction.response.send_message(refusal, ephemeral=True)
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    assert isinstance(interaction.channel, discord.TextChannel)
    threads.append(await interaction.channel.create_thread(name=title, type=discord.ChannelType.public_thread))
    await channel.connect(timeout=20)
    await interaction.followup.send("I listen.")


@meeting.command(name="stop", description="End")
async def stop(interaction: discord.Interaction) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    for line in json.loads(os.environ["BOT_LINES"]):
        await threads[0].send(line)
    file = discord.File(io.BytesIO(os.environ["BOT_FILE"].encode()), filename="transcript.md")
    await threads[0].send("## Summary", file=file)
    for voice in client.voice_clients:
        await voice.disconnect(force=True)
    await interaction.followup.send("Done.")


async def prepare() -> None:
    await tree.sync()


client.setup_hook = prepare  # type: ignore[method-assign]
client.run(os.environ["DISCORD_TOKEN"], log_handler=None)
