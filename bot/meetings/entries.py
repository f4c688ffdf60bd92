"""What stands in a meeting's journal, one JSON object a line. Times are seconds since the meeting began."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Opened(_Entry):
    """The first entry: what the meeting is and where it is written to."""

    kind: Literal["opened"] = "opened"
    meeting_id: str
    guild_id: int
    voice_channel_id: int
    thread_id: int
    title: str
    started_at: str
    """ISO 8601 UTC."""
    connection_id: str


class ConversationKnown(_Entry):
    """The id under which the engine keeps the conversation."""

    kind: Literal["conversation"] = "conversation"
    conversation_id: str


class Line(_Entry):
    """One finished sentence. `key` is the engine's message id and the idempotency key of its post."""

    kind: Literal["line"] = "line"
    key: str
    user_id: int | None
    name: str
    start: float
    end: float
    text: str


class Gap(_Entry):
    """Sound that was lost, said in the transcript."""

    kind: Literal["gap"] = "gap"
    key: str
    user_id: int | None
    name: str
    start: float
    seconds: float
    reason: str


class Note(_Entry):
    """Something that the readers of the thread should know: who came and left, that the connection was lost and found."""

    kind: Literal["note"] = "note"
    key: str
    at: float
    text: str


class Posting(_Entry):
    """A message is about to be sent: after a crash the thread is asked whether it arrived.

    Messages of the summary are announced too, with no `keys` and a `post_key` that is the same when they are sent again.
    """

    kind: Literal["posting"] = "posting"
    post_key: str
    keys: list[str]
    content: str = ""
    """The text that is sent, to know the message again."""
    thread_id: int | None = None
    """Where to; None: the meeting's own thread."""


class Posted(_Entry):
    """The message was sent: `keys` are the entries that it holds."""

    kind: Literal["posted"] = "posted"
    post_key: str
    keys: list[str]
    message_id: int
    url: str


class Ended(_Entry):
    """The bot has stopped listening, as it was asked to: nothing more was said. The summary follows."""

    kind: Literal["ended"] = "ended"
    at: float
    reason: str


class Closed(_Entry):
    """The meeting is over and its summary is out."""

    kind: Literal["closed"] = "closed"
    at: float
    reason: str


Entry = Opened | ConversationKnown | Line | Gap | Note | Posting | Posted | Ended | Closed
Spoken = Line | Gap | Note
"""What is shown in the thread and in the exports."""

ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])
"""Reads one journal line."""


def time_of(entry: Spoken) -> float:
    """When the entry belongs, in seconds since the meeting began."""
    return entry.at if isinstance(entry, Note) else entry.start
