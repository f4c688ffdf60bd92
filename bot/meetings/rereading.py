"""Waits until a language model has read the meeting, where the engine has one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.clock import Clock
    from bot.meetings.ports import Engine
    from wire.reports import Reading

log = logging.getLogger(__name__)

PATIENCE = 900.0
"""Seconds; an engine ends every reading sooner by itself."""
LOOK = 1.0
"""Seconds between questions."""
SILENT = 3.0
"""Seconds after which people are told what they wait for."""


class Rereading:
    """The end of one meeting. `reading` is how far it is, None before it has begun or where nobody reads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._hurried = False
        self.reading: Reading | None = None

    def hurry(self) -> None:
        """Wait no longer."""
        self._hurried = True

    async def wait(self, conversation_ids: Sequence[str], say: Callable[[str], None]) -> None:
        """Returns when it has been read, or will not be; `say` takes a sentence for the readers of the thread if that takes time."""
        if not conversation_ids:
            return
        deadline = self._clock.monotonic() + PATIENCE
        latest = conversation_ids[-1]  # those before it were broken off with the engine
        said = False
        while await self._goes_on(latest) and self._clock.monotonic() < deadline and not self._hurried:
            if self.reading is not None and not said and self._clock.monotonic() >= deadline - PATIENCE + SILENT:
                said = True
                say(
                    f"{self.reading.model} reads the meeting now; the summary follows when it is done. /meeting stop once more does not wait for it."
                )
            await self._clock.sleep(LOOK)

    async def _goes_on(self, conversation_id: str) -> bool:
        try:
            self.reading = (await self._engine.conversation(conversation_id)).reading
        except EngineError as error:
            log.warning("conversation %s: %s", conversation_id, error)
            return False
        return self.reading is not None and self.reading.status == "in_progress"
