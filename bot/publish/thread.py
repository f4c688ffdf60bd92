"""Discord's threads, voice channels and team channel, as the meeting knows them."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
import discord
from discord.utils import MISSING

from bot.errors import PlaceGone, PostError, PostRefused
from bot.meetings.ports import Post
from bot.publish.corrections import corrected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.meetings.ports import Attachment, Menu

log = logging.getLogger(__name__)

Place: TypeAlias = discord.Thread | discord.TextChannel | discord.VoiceChannel | discord.StageChannel

SEND_TIME, UPLOAD_TIME = 15.0, 90.0
"""Seconds after which a message, or one with files, counts as not arrived; the same key makes another try safe."""
_THREAD_LOCKED = 160005
_FINAL = frozenset({400, 405, 413})
"""Answers that say the message itself is wrong; 401 comes with a token that was changed and mends itself with a restart."""


class DiscordThread:
    """A place for text in Discord; implements `bot.meetings.ports.Thread`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def thread_id(self) -> int:
        """Discord's id."""
        return self._place.id

    @property
    def url(self) -> str:
        """Where a person can open it."""
        return self._place.jump_url

    async def send(self, content: str, *, key: str, files: Sequence[Attachment] = (), menu: Menu | None = None) -> Post:
        """Send one message that notifies nobody and shows no previews; an archived thread wakes up by it.

        Raises `PlaceGone`, `PostRefused` or, when another try may help, `PostError`.
        """
        uploads = [discord.File(io.BytesIO(file.data), filename=file.name) for file in files]
        try:
            async with asyncio.timeout(UPLOAD_TIME if files else SEND_TIME):
                message = await self._place.send(
                    content,
                    nonce=key,
                    files=uploads,
                    suppress_embeds=True,
                    allowed_mentions=discord.AllowedMentions.none(),
                    view=_view(menu) if menu else MISSING,
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise post_error(error, self._place.name) from error
        return Post(message.id, message.jump_url, message.content)

    async def recent(self, limit: int) -> list[Post]:
        """The newest messages of this bot, newest first."""
        me = self._place.guild.me.id
        try:
            async with asyncio.timeout(SEND_TIME):
                found = [message async for message in self._place.history(limit=min(100, 3 * limit)) if message.author.id == me]
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise post_error(error, self._place.name) from error
        return [Post(message.id, message.jump_url, message.content) for message in found[:limit]]


async def replace_line(place: Place, message_id: int, before: str, after: str) -> bool:
    """Change a line of a message of this bot. False: the line is not in it, or there is no room. Raises `PostError`."""
    message = place.get_partial_message(message_id)
    try:
        async with asyncio.timeout(SEND_TIME):
            text = corrected((await message.fetch()).content, before, after)
            if text is None:
                return False
            if isinstance(place, discord.Thread) and place.archived:
                await place.edit(archived=False)
            await message.edit(content=text, allowed_mentions=discord.AllowedMentions.none())
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise post_error(error, place.name) from error
    return True


def _view(menu: Menu) -> discord.ui.View:
    """A menu that no object has to be kept for: whoever answers knows it by its id."""
    options = [discord.SelectOption(label=choice.label, value=choice.value) for choice in menu.choices]
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Select(custom_id=menu.menu_id, placeholder=menu.prompt, options=options))
    view.stop()
    return view


def post_error(error: Exception, place: str) -> PostError:
    """What a failure of Discord or of the network means for a message to `place`."""
    match error:
        case discord.NotFound():
            return PlaceGone(f"#{place} was deleted.")
        case discord.Forbidden() if error.code != _THREAD_LOCKED:
            return PlaceGone(f"Discord does not let me write in #{place} ({error.text}).")
        case discord.RateLimited():
            return PostError("Discord asks for patience.", retry_after=error.retry_after)
        case discord.HTTPException() if error.code == _THREAD_LOCKED:
            return PlaceGone(f"#{place} was locked.")
        case discord.HTTPException() if error.status in _FINAL:
            return PostRefused(f"Discord refused a message for #{place} ({error.status}: {error.text}).")
        case discord.HTTPException():
            return PostError(f"Discord answered {error.status} to a message for #{place}.")
        case TimeoutError():
            return PostError("Discord took too long to answer.")
        case _:
            return PostError(f"Discord could not be reached ({type(error).__name__}).")
