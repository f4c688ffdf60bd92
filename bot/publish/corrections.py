"""What people correct about posted items: who may, how it shows, what is kept of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.errors import RefusedError
from bot.publish.markup import MESSAGE_LIMIT, escape, length

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.clock import Clock
    from bot.storage.items import KeptItem, Label, PostedItems


class Corrections:
    """Raises `RefusedError` with a sentence for the person who asked, and `StorageError`."""

    def __init__(self, items: PostedItems, clock: Clock) -> None:
        self._items = items
        self._clock = clock

    async def item(self, number: int, guild_id: int, user_id: int, *, manages: bool) -> KeptItem:
        """The item, for somebody who may correct it: who spoke in the meeting, or `manages` messages."""
        kept = await self._items.get(number)
        if kept is None or kept.item.guild_id != guild_id:
            raise RefusedError("This item is not kept any more, so it cannot be corrected.")
        if user_id not in kept.item.people and not manages:
            raise RefusedError("Only people who spoke in the meeting, or who may manage messages here, can correct its items.")
        return kept

    async def correct(self, kept: KeptItem, label: Label, new_owner: str = "") -> KeptItem:
        """Keep what was said of it; gives the item as it stands then. The label "" takes everything back."""
        await self._items.correct(kept.number, label, new_owner, self._clock.now())
        after = await self._items.get(kept.number)
        if after is None:
            raise RefusedError("This item is not kept any more, so it cannot be corrected.")
        return after


def shown(kept: KeptItem) -> str:
    """The item's line with its correction."""
    if not kept.label:
        return kept.item.line
    text, separator, details = kept.item.line.removeprefix("- ").partition(" · ")
    match kept.label:
        case "done":
            text = f"~~{text}~~ · ✅ done"
        case "not_an_item":
            text = f"~~{text}~~ · not an item"
        case "assignee":
            text = f"{text} · now **{escape(kept.new_owner)}**"
    return f"- {text}{separator}{details}"


def corrected(content: str, before: str, after: str) -> str | None:
    """A message with one of its lines changed; None where it does not hold the line, or has no room for the new one."""
    lines = content.split("\n")
    if before not in lines:
        return None
    lines[lines.index(before)] = after
    text = "\n".join(lines)
    return text if length(text) <= MESSAGE_LIMIT else None


def examples(kept: Iterable[KeptItem]) -> Iterable[str]:
    """One JSON object a line: text, kind and owner as they were posted, the lines around them, and what people said of them."""
    for one in kept:
        example = {
            "text": one.item.text,
            "kind": one.item.kind,
            "assignee": one.item.owner,
            "label": one.label,
            "new_assignee": one.new_owner,
            "context": list(one.item.context),
            "at": one.corrected_at.isoformat() if one.corrected_at else "",
        }
        yield json.dumps(example, ensure_ascii=False)
