"""What the people in a voice channel are told when the bot comes in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.meetings.ports import Room, Thread


def notice_text(room: Room, thread: Thread) -> str:
    """That the bot listens, what is kept, where it stands, and how to object."""
    return (
        f"📝 I am listening in <#{room.channel_id}> and writing down who says what.\n"
        f"- Where: {thread.url}\n"
        "- What is kept: the text of what is said, under your name. No sound is kept.\n"
        "- You do not want that: `/privacy object`, and I do not hear you from then on.\n"
        "- To end the meeting: `/meeting stop`"
    )
