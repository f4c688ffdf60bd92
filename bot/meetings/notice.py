"""What people in the voice channel are told when the bot joins."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.meetings.ports import Thread


def notice(thread: Thread, *, sent_to: str | None = None) -> str:
    """That the bot listens, what is kept, how to object; `sent_to` is the machine of a language model that gets the transcript."""
    away = _template("sent_away.md").format(host=sent_to) + "\n" if sent_to else ""
    return _template("notice.md").format(thread=thread.url, away=away)


@cache
def _template(name: str) -> str:
    return (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").strip()
