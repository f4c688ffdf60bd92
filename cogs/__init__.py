"""Slash commands: they read the interaction, call the bot, and answer."""
