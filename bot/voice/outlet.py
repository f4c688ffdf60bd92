"""What was heard and waits to be taken, in bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from audio.pcm import seconds
from bot.voice.events import Heard, Lost

if TYPE_CHECKING:
    from bot.voice.events import VoiceEvent

MAX_HEARD: Final = 5_000
"""Pieces of speech that may wait: five minutes of one person."""
MAX_WAITING: Final = 2 * MAX_HEARD
"""Events of all kinds that may wait."""


class Outlet:
    """A queue of events. Speech that it has no room for becomes one `Lost` for each person, given out when there is room again."""

    def __init__(self, *, max_heard: int = MAX_HEARD) -> None:
        self._max_heard = max_heard
        self._events: list[VoiceEvent] = []
        self._heard = 0
        self._overflow: dict[int, Lost] = {}
        self.dropped = 0
        """Events that there was no room for."""

    @property
    def waiting(self) -> bool:
        """There is something to take."""
        return bool(self._events or self._overflow)

    def put(self, event: VoiceEvent) -> None:
        """Take an event in."""
        if isinstance(event, Heard):
            if self._heard >= self._max_heard or event.user_id in self._overflow:
                self._drop(event)
                return
            self._heard += 1
        elif len(self._events) >= MAX_WAITING:
            self.dropped += 1
            return
        self._events.append(event)

    def take(self) -> list[VoiceEvent]:
        """All that waits, in order; what was dropped since comes last."""
        events = self._events
        events.extend(self._overflow.values())
        self._events, self._heard = [], 0
        self._overflow.clear()
        return events

    def _drop(self, event: Heard) -> None:
        self.dropped += 1
        lost = self._overflow.get(event.user_id)
        at, before = (lost.at, lost.seconds) if lost else (event.at, 0.0)
        self._overflow[event.user_id] = Lost(event.user_id, at, before + seconds(event.pcm), "it was not taken in time")
