import discord
import pytest

from bot import permissions
from bot.errors import MissingPermission


def test_the_link_asks_for_what_the_bot_uses_and_no_more() -> None:
    asked = discord.Permissions(permissions.least())

    used = {*permissions.HEAR, *permissions.WRITE, *permissions.WRITE_PLAIN, *permissions.TELL}
    assert asked == discord.Permissions(**dict.fromkeys(used, True))
    assert not asked.administrator
    assert permissions.invite_link(42) == (
        f"https://discord.com/oauth2/authorize?client_id=42&scope=bot+applications.commands&permissions={permissions.least()}"
    )


def test_what_is_missing_is_named_as_discord_names_it() -> None:
    has = discord.Permissions(view_channel=True, create_public_threads=True, read_message_history=True)
    with pytest.raises(MissingPermission) as caught:
        permissions.check(has, permissions.WRITE, "#general")

    assert str(caught.value).startswith('I lack the permissions "Send Messages in Threads" and "Attach Files" in #general.')


def test_nothing_is_said_when_nothing_is_missing() -> None:
    permissions.check(discord.Permissions.all(), permissions.WRITE, "#general")
