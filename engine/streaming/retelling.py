"""The second look at one conversation: the sound of its messages, held in memory until it ends, and what is corrected then."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from audio import pcm
from engine.errors import EngineFault
from engine.recognition.second_look import CERTAIN, Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.clock import Clock
    from engine.conversations.models import MessageRow
    from engine.recognition import types
    from engine.recognition.second_look import SecondLook
    from engine.streaming.record import Keeping, Record
    from engine.streaming.tape import Tape

_logger = logging.getLogger(__name__)

MAX_BYTES: Final = 120_000_000
"""Sound of one conversation, about an hour of speech; the oldest goes first."""
LONGEST: Final = 120.0
"""Seconds that a second look may take; what is not reached stays as it was."""
TELL_SECONDS: Final = 5.0
"""Between frames that say how far it is."""


@dataclass(frozen=True, slots=True)
class _Message:
    row: MessageRow
    heard: Heard
    keeping: Keeping


class Retelling:
    """Of one conversation. `told` is called with how many messages are done, and of how many."""

    def __init__(self, look: SecondLook, record: Record, clock: Clock) -> None:
        self._look = look
        self._record = record
        self._clock = clock
        self._messages: deque[_Message] = deque()
        self._bytes = 0

    def keep(self, row: MessageRow, said: types.Final, tape: Tape, vocabulary: tuple[str, ...], keeping: Keeping) -> None:
        """Hold the sound of a message, unless its first reading is beyond doubt."""
        begin, sound = tape.cut(said.start, said.end)
        if said.confidence >= CERTAIN or not sound:
            return
        self._messages.append(_Message(row, Heard(said, begin, sound, vocabulary), keeping))
        self._bytes += len(sound)
        while self._bytes > MAX_BYTES:
            self._bytes -= len(self._messages.popleft().heard.sound)

    def forget(self, member_id: str) -> None:
        """Drop the sound of somebody."""
        self._messages = deque(message for message in self._messages if message.row.member_id != member_id)
        self._bytes = sum(len(message.heard.sound) for message in self._messages)

    def drop(self) -> None:
        """Drop all sound."""
        self._messages.clear()
        self._bytes = 0

    async def run(self, told: Callable[[int, int], None]) -> int:
        """Read everything again, the most doubtful first, and correct what is clearly better; returns how many were. No sound is left."""
        waiting = sorted(self._messages, key=lambda message: message.heard.said.confidence)
        self.drop()
        corrected, begun, last = 0, self._clock.time(), float("-inf")
        for done, message in enumerate(waiting):
            now = self._clock.time()
            if self._look.stopping:
                break
            if now - begun > LONGEST:
                _logger.warning(
                    "The second look was ended after %.0f s: %d of %d messages were read.", LONGEST, done, len(waiting)
                )
                break
            if now - last >= TELL_SECONDS:
                told(done, len(waiting))
                last = now
            try:
                again = await self._look.correction(message.heard)
            except EngineFault as error:
                _logger.error("There is no second look: %s", error)  # noqa: TRY400 - the sentence says it all
                break
            except Exception:
                _logger.exception(
                    "The second look failed on %.1f s of sound: they stay as they were.", pcm.seconds(message.heard.sound)
                )
                continue
            if again is not None:
                await self._record.correct(message.row, message.heard.said, again, message.keeping)
                corrected += 1
        return corrected
