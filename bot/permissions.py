"""What the bot must be allowed to do, and nothing more: the invite link and the checks before a meeting come from the same lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import MissingPermission

if TYPE_CHECKING:
    import discord

INVITE_PAGE = "https://discord.com/oauth2/authorize"

HEAR = ("view_channel", "connect", "send_messages")
"""In the voice channel: see it, join it, and say in its chat that the bot listens."""
WRITE = ("view_channel", "create_public_threads", "send_messages_in_threads", "attach_files", "read_message_history")
"""Where the thread is opened. The history is read after a crash, to see what was already posted."""
WRITE_PLAIN = ("view_channel", "send_messages", "attach_files", "read_message_history")
"""Where no thread can be opened and the transcript goes straight into the channel."""
TELL = ("view_channel", "send_messages")
"""In the team channel."""

_BITS = {
    "view_channel": 10,
    "send_messages": 11,
    "attach_files": 15,
    "read_message_history": 16,
    "connect": 20,
    "create_public_threads": 35,
    "send_messages_in_threads": 38,
}
"""https://discord.com/developers/docs/topics/permissions"""


def least() -> int:
    """Discord's number for everything that the bot needs anywhere."""
    return sum(1 << _BITS[name] for name in {*HEAR, *WRITE, *WRITE_PLAIN, *TELL})


def invite_link(application_id: int) -> str:
    """The address at which an owner of a guild lets the bot in."""
    return f"{INVITE_PAGE}?client_id={application_id}&scope=bot+applications.commands&permissions={least()}"


def label(name: str) -> str:
    """The name of a permission as Discord's settings show it."""
    return name.replace("_", " ").title().replace(" In ", " in ")


def check(permissions: discord.Permissions, needed: tuple[str, ...], where: str) -> None:
    """Raises `MissingPermission`, a sentence that names each permission that the bot lacks in `where`."""
    missing = [f'"{label(name)}"' for name in needed if not getattr(permissions, name)]
    if missing:
        names = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
        plural = "s" if len(missing) > 1 else ""
        raise MissingPermission(f"I lack the permission{plural} {names} in {where}. Ask an admin to allow it, then try again.")
