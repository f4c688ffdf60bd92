"""What people in the voice channel are told when the bot joins."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.meetings.ports import Thread


def notice(thread: Thread) -> str:
    """That the bot listens, what is kept, how to object."""
    return _template().format(thread=thread.url)


@cache
def _template() -> str:
    return (Path(__file__).parent / "data" / "notice.md").read_text(encoding="utf-8").strip()
