"""The menu below a summary: done, not an item, somebody else does it. Known again after a restart by its ids alone."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import discord
from discord.ext import commands

from bot.commands import answer
from bot.errors import MinutesError
from bot.publish.corrections import shown
from bot.publish.markup import escape
from bot.publish.menus import MENU_ID
from bot.publish.thread import replace_line
from cogs.context import Interaction, member, origin

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.publish.corrections import Corrections as Service
    from bot.storage.items import KeptItem, Label

log = logging.getLogger(__name__)

_Button: TypeAlias = "discord.ui.Button[discord.ui.View]"
_Select: TypeAlias = "discord.ui.Select[discord.ui.View]"
_Pressed: TypeAlias = "discord.Interaction[Any]"
"""The library does not say which client's."""
_LABELS: Final[dict[str, Label]] = {"done": "done", "not_an_item": "not_an_item", "take_back": ""}
_MOST_PEOPLE = 25
_NAME_LIMIT = 100


class Corrections(commands.Cog):
    """Takes what people correct, and shows it in the message that they corrected."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._one_at_a_time = asyncio.Lock()

    async def offer(self, interaction: Interaction, number: int) -> None:
        """Show an item, with what can be said of it, to the person who chose it."""
        kept = await self._kept(interaction, number)
        message_id = interaction.message.id if interaction.message else 0
        text = f"{escape(kept.item.text)}\n-# What you choose is shown in the thread."
        silent = discord.AllowedMentions.none()
        await interaction.response.send_message(text, view=_choices(kept, message_id), ephemeral=True, allowed_mentions=silent)

    async def correct(self, interaction: Interaction, number: int, message_id: int, label: Label, owner: int = 0) -> None:
        """Keep a correction, and show it."""
        await interaction.response.defer()
        place = origin(interaction)
        async with self._one_at_a_time:
            before = await self._kept(interaction, number)
            after = await self._service.correct(before, label, before.item.people.get(owner, ""))
            seen = await replace_line(place, message_id, shown(before), shown(after))
        text = shown(after).removeprefix("- ") if seen else "Kept. The message in the thread cannot show it."
        await interaction.edit_original_response(content=text, view=None, allowed_mentions=discord.AllowedMentions.none())

    async def _kept(self, interaction: Interaction, number: int) -> KeptItem:
        who = member(interaction)
        return await self._service.item(number, who.guild.id, who.id, manages=interaction.permissions.manage_messages)


class ItemMenu(discord.ui.DynamicItem[_Select], template=re.escape(MENU_ID)):
    """The menu below a summary's message: which item."""

    @classmethod
    async def from_custom_id(cls, _: _Pressed, item: discord.ui.Item[Any], __: re.Match[str], /) -> Self:
        """The id says all that has to be known."""
        assert isinstance(item, discord.ui.Select)
        return cls(item)

    async def callback(self, interaction: _Pressed) -> None:
        """Somebody chose an item."""
        await _try(interaction, _cog(interaction).offer(interaction, int(self.item.values[0])))


class MarkButton(
    discord.ui.DynamicItem[_Button], template=r"minutes:(?P<mark>done|not_an_item|take_back):(?P<number>\d+):(?P<message>\d+)"
):
    """Done, not an item, or nothing of that."""

    def __init__(self, mark: str, number: int, message_id: int) -> None:
        style = discord.ButtonStyle.secondary
        label = mark.replace("_", " ").capitalize()
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"minutes:{mark}:{number}:{message_id}"))
        self._mark, self._number, self._message_id = mark, number, message_id

    @classmethod
    async def from_custom_id(cls, _: _Pressed, __: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """The id says all that has to be known."""
        return cls(match["mark"], int(match["number"]), int(match["message"]))

    async def callback(self, interaction: _Pressed) -> None:
        """Somebody pressed it."""
        correcting = _cog(interaction).correct(interaction, self._number, self._message_id, _LABELS[self._mark])
        await _try(interaction, correcting)


class OwnerMenu(discord.ui.DynamicItem[_Select], template=r"minutes:owner:(?P<number>\d+):(?P<message>\d+)"):
    """Who does it instead."""

    def __init__(self, item: _Select, number: int, message_id: int) -> None:
        super().__init__(item)
        self._number, self._message_id = number, message_id

    @classmethod
    async def from_custom_id(cls, _: _Pressed, item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """The id says all that has to be known."""
        assert isinstance(item, discord.ui.Select)
        return cls(item, int(match["number"]), int(match["message"]))

    async def callback(self, interaction: _Pressed) -> None:
        """Somebody chose a person."""
        owner = int(self.item.values[0])
        await _try(interaction, _cog(interaction).correct(interaction, self._number, self._message_id, "assignee", owner))


ITEMS: Final = (ItemMenu, MarkButton, OwnerMenu)
"""What has to be known again after a restart."""


def _choices(kept: KeptItem, message_id: int) -> discord.ui.View:
    """What can be said of an item; it is known by its ids, so nothing has to be remembered."""
    view = discord.ui.View(timeout=None)
    for mark, label in _LABELS.items():
        if label != kept.label:
            view.add_item(MarkButton(mark, kept.number, message_id))
    people = list(kept.item.people.items())[:_MOST_PEOPLE]
    if people:
        options = [discord.SelectOption(label=name[:_NAME_LIMIT] or "?", value=str(user_id)) for user_id, name in people]
        identity = f"minutes:owner:{kept.number}:{message_id}"
        menu: _Select = discord.ui.Select(custom_id=identity, placeholder="Somebody else does it", options=options)
        view.add_item(OwnerMenu(menu, kept.number, message_id))
    view.stop()
    return view


def _cog(interaction: Interaction) -> Corrections:
    cog = interaction.client.get_cog(Corrections.__name__)
    assert isinstance(cog, Corrections), "it is installed with these items"
    return cog


async def _try(interaction: Interaction, work: Coroutine[object, object, None]) -> None:
    """Whoever pressed is told why it cannot be done."""
    try:
        await work
    except MinutesError as error:
        log.info("a correction was refused: %s", error)
        await answer(interaction, str(error))
