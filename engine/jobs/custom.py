"""Entities of a client's own: phrases that it names, wherever they are said. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.conversations.models import EntityRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.conversations.models import MessageRow
    from wire.jobs import CustomEntity


class CustomEntities:
    """Finds whole phrases, whatever their case."""

    def __init__(self, wishes: Sequence[CustomEntity]) -> None:
        self._by_text = {" ".join(wish.text.lower().split()): wish for wish in wishes if wish.text.strip()}
        phrases = sorted(self._by_text, key=len, reverse=True)
        joined = "|".join(re.escape(phrase) for phrase in phrases)
        self._pattern = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if phrases else None

    def rows(self, message: MessageRow) -> list[EntityRow]:
        """Those that a message names."""
        if self._pattern is None:
            return []
        return [self._row(message, found) for found in self._pattern.finditer(message.text)]

    def _row(self, message: MessageRow, found: re.Match[str]) -> EntityRow:
        wish = self._by_text[found.group().lower()]
        return EntityRow(
            conversation_id=message.conversation_id,
            kind="custom",
            sub_type=wish.custom_type,
            category="Custom",
            text=found.group(),
            value=wish.value or wish.text,
            message_id=message.realtime_id,
            offset=found.start(),
        )
