"""The state of a meeting at a glance, for `/meeting status`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wire.reports import Reading


class State(Enum):
    """Where a meeting stands; the value is the word that people read."""

    STARTING = "starting"
    LISTENING = "listening"
    STOPPING = "stopping"
    SUMMARISING = "summarising"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SpeakerStatus:
    """One person of the meeting. `silent_for`: seconds since their voice was last heard, None when never."""

    user_id: int
    name: str
    silent_for: float | None
    lines: int


@dataclass(frozen=True, slots=True)
class MeetingStatus:
    """Counters and health of one meeting, for people who wonder whether the bot hears them."""

    state: State
    title: str
    seconds: float
    voice_channel_id: int
    thread_url: str | None
    conversation_id: str | None
    speakers: tuple[SpeakerStatus, ...]
    lines: int
    words: int
    loss: float
    """The share of voice frames that never arrived, 0 to 1, over all speakers."""
    voice_connected: bool
    encrypted_ready: bool
    people: int
    """Other people in the voice channel."""
    engine_alive: bool
    """Every stream that should be open is open."""
    engine_lag: float | None
    """Seconds from the end of the last sentence to its line; None before the first."""
    reading: Reading | None = None
    """How far a language model has read it, once it is over."""
