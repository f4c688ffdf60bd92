"""What a meeting came to: everything that its summary is written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.meetings.entries import Opened, Spoken
    from wire.conversations import ActionItem, Question, Topic
    from wire.reports import PageLink, Reading, Summary


@dataclass(frozen=True, slots=True)
class MeetingResult:
    """`entries` are all lines, gaps and notes in the order of `time_of`; the insights are as the Conversation API gave them."""

    opened: Opened
    entries: tuple[Spoken, ...]
    seconds: float
    """How long the meeting lasted."""
    reason: str
    """Why it ended, a short phrase that fits behind "Ended: "."""
    conversation_id: str | None = None
    topics: tuple[Topic, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    follow_ups: tuple[ActionItem, ...] = ()
    questions: tuple[Question, ...] = ()
    summary: Summary | None = None
    """None where the engine made none."""
    reading: Reading | None = None
    """How a language model read the meeting; None where there is none."""
    page: PageLink | None = None
    """Where the meeting can be read in a browser, by whoever has the link."""
    corrections: Mapping[str, str] = field(default_factory=dict)
    """What a second look made of lines, by their `key`."""
    failure: str | None = None
    """What went wrong, a whole sentence for the readers: the engine was gone, the bot was interrupted."""
    links: Mapping[str, str] = field(default_factory=dict)
    """From the message ids of the Conversation API (`message_ids` of the items) to the `key` of the line in `entries`.

    `Posted` entries lead from a line's key to the address of the post that holds it.
    """
