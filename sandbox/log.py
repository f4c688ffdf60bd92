"""What happened in the sandbox, in order: tests read it and wait on it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, `at` seconds after the sandbox began."""

    at: float
    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> object:
        return self.fields[name]


class EventLog:
    """An append-only list that can be waited on. Kinds are dotted: `rest.request`, `gateway.identify`, `voice.ready`, `dave.epoch`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begin = clock()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.events: list[Event] = []

    def record(self, kind: str, **fields: object) -> Event:
        """Append an event and wake whoever waits. Call it from the event loop's thread."""
        event = Event(self._clock() - self._begin, kind, fields)
        self.events.append(event)
        task = asyncio.get_running_loop().create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return event

    def of(self, kind: str) -> list[Event]:
        """The events of one kind, and of the kinds below it."""
        return [event for event in self.events if event.kind == kind or event.kind.startswith(f"{kind}.")]

    async def wait(
        self, kind: str, *, where: Callable[[Event], bool] | None = None, after: int = 0, within: float = 10.0
    ) -> Event:
        """The first event of this kind at index `after` or later that fulfils `where`; raises TimeoutError."""
        seen = after
        async with asyncio.timeout(within), self._changed:
            while True:
                for event in self.events[seen:]:
                    if (event.kind == kind or event.kind.startswith(f"{kind}.")) and (where is None or where(event)):
                        return event
                seen = len(self.events)
                await self._changed.wait()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
