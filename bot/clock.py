"""Time as it is passed in: the machine's own here, a test's own there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")


class Clock(Protocol):
    """Where time comes from."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def now(self) -> datetime:
        """The wall clock, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for 0 or less."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for 0 or less."""
        await asyncio.sleep(max(0.0, seconds))


async def within(clock: Clock, seconds: float, work: Coroutine[object, object, _T]) -> _T:
    """The work's result. Raises `TimeoutError` when it takes longer than `seconds`; the work is then cancelled."""
    job = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({job, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise TimeoutError
        return job.result()
    finally:
        job.cancel()
        alarm.cancel()
        await asyncio.gather(job, alarm, return_exceptions=True)
