"""The menu below a summary's message: the action items and follow-ups in it, to be corrected. Pure but for what it stores."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import StorageError
from bot.meetings.entries import Line
from bot.meetings.ports import Choice, Menu
from bot.publish.markup import plain
from bot.publish.summary import item_lines
from bot.storage.items import PostedItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.clock import Clock
    from bot.meetings.result import MeetingResult
    from bot.storage.items import PostedItems
    from wire.conversations import ActionItem

log = logging.getLogger(__name__)

MENU_ID = "minutes:items"
ROOM = 300
"""UTF-16 units that a message with a menu leaves for the marks of corrections."""
FORGET = timedelta(days=90)
"""After which an item that nobody corrected can be corrected no more."""
AROUND = 2
"""Lines before and after the one that an item rests on, kept with it."""
_MOST_CHOICES = 25
_CHOICE_LIMIT = 100
_MOST_PEOPLE = 100


class ItemMenus:
    """Keeps the items of summaries, and makes the menus that lead back to them."""

    def __init__(self, items: PostedItems, clock: Clock) -> None:
        self._items = items
        self._clock = clock

    async def below(self, result: MeetingResult, urls: Mapping[str, str], texts: Sequence[str]) -> list[Menu | None]:
        """One for each message that holds items. Where they cannot be kept, there are no menus."""
        found = posted_items(result, urls, self._clock.now())
        try:
            numbers = await self._items.add(found, forget=self._clock.now() - FORGET)
        except StorageError as error:
            log.warning("the items of meeting %s cannot be corrected: %s", result.opened.meeting_id, error)
            return [None] * len(texts)
        menus: list[Menu | None] = []
        for text in texts:
            lines = set(text.split("\n"))
            choices = [
                Choice(str(numbers[item.item_id]), plain(item.text)[:_CHOICE_LIMIT]) for item in found if item.line in lines
            ]
            menus.append(Menu(MENU_ID, "Correct an item", tuple(choices[:_MOST_CHOICES])) if choices else None)
        return menus


def posted_items(result: MeetingResult, urls: Mapping[str, str], now: datetime) -> list[PostedItem]:
    """The action items and follow-ups of a meeting as they are posted, in their order."""
    lines = [entry for entry in result.entries if isinstance(entry, Line)]
    people = {line.user_id: plain(line.name) for line in lines if line.user_id is not None}
    shown = item_lines(result, urls)
    return [
        PostedItem(
            meeting_id=result.opened.meeting_id,
            item_id=item.id,
            guild_id=result.opened.guild_id,
            kind=item.type,
            text=plain(item.text),
            owner=plain(item.assignee.name or item.from_.name or ""),
            line=shown[item.id],
            context=_context(result, item, lines),
            people=dict(list(people.items())[:_MOST_PEOPLE]),
            posted_at=now,
        )
        for item in (*result.action_items, *result.follow_ups)
        if plain(item.text)
    ]


def _context(result: MeetingResult, item: ActionItem, lines: Sequence[Line]) -> tuple[str, ...]:
    keys = {result.links.get(message_id, message_id) for message_id in item.message_ids}
    places = [place for place, line in enumerate(lines) if line.key in keys]
    if not places:
        return ()
    around = lines[max(0, places[0] - AROUND) : places[-1] + AROUND + 1]
    return tuple(f"{plain(line.name)}: {plain(line.text)}" for line in around[: 4 * AROUND + 2])
