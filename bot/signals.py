"""Ctrl-C and SIGTERM as an event: the first asks for an orderly end, the second ends at once."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")


@contextmanager
def stop_event() -> Iterator[asyncio.Event]:
    """An event that is set by the first signal; later ones do what they always do."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before: dict[int, Handler] = {}

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(_number: int, _frame: FrameType | None) -> None:
        give_back()
        loop.call_soon_threadsafe(stop.set)

    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        give_back()
