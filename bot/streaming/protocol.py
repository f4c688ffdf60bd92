"""The rules of one client stream: what may be sent when, what the answers mean. No I/O.

IDLE -> STARTING -> LISTENING -> STOPPING -> OVER; a broken connection leads back to IDLE from any state but OVER.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from bot.errors import ProtocolError
from bot.streaming.events import Completed, ConversationCreated, Listening, Stopped
from bot.streaming.frames import read_frame
from wire.requests import StopRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.streaming.events import ServerEvent
    from wire.requests import StartRequest

MAX_FRAME_BYTES = 8192
"""The largest audio frame that the API documents."""


class Phase(Enum):
    """Where a stream stands."""

    IDLE = auto()
    STARTING = auto()
    LISTENING = auto()
    STOPPING = auto()
    OVER = auto()


class StreamProtocol:
    """One stream over as many connections as it takes: always the same start request, one conversation."""

    def __init__(self, start: StartRequest, now: Callable[[], datetime]) -> None:
        self._start = start
        self._now = now
        self.phase = Phase.IDLE
        self.conversation_id: str | None = None
        self.unknown = 0
        """Frames that were not understood."""

    def connected(self) -> str:
        """A connection is open: the start request to send."""
        if self.phase is not Phase.IDLE:
            raise ProtocolError(f"A stream that is {self.phase.name.lower()} cannot be started.")
        self.phase = Phase.STARTING
        return self._start.wire()

    @property
    def may_send(self) -> bool:
        """Sound may be sent: the engine ignores, without a word, what comes before it has accepted the start request."""
        return self.phase is Phase.LISTENING

    def stop(self) -> str:
        """No more sound will come: the stop request to send."""
        if self.phase is not Phase.LISTENING:
            raise ProtocolError(f"A stream that is {self.phase.name.lower()} cannot be stopped.")
        self.phase = Phase.STOPPING
        return StopRequest().wire()

    def disconnected(self) -> None:
        """The connection is gone; unless all was confirmed the stream has to be started again."""
        if self.phase is not Phase.OVER:
            self.phase = Phase.IDLE

    def receive(self, text: str) -> list[ServerEvent]:
        """What a text frame means: repeated news about the stream itself is left out."""
        events = read_frame(text, self._now)
        if events is None:
            self.unknown += 1
            return []
        return [event for event in events if self._is_news(event)]

    def _is_news(self, event: ServerEvent) -> bool:
        match event:
            case Listening():
                if self.phase is not Phase.STARTING:
                    return False
                self.phase = Phase.LISTENING
            case ConversationCreated(conversation_id):
                if conversation_id == self.conversation_id:
                    return False
                self.conversation_id = conversation_id
            case Completed():
                # Without a stop request it is another speaker's end, or the server's own decision to hang up.
                if self.phase is Phase.STOPPING:
                    self.phase = Phase.OVER
            case Stopped():
                pass
            case _:
                pass
        return True
