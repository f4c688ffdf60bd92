"""The thread that decodes: frames in through a bounded queue, events out."""

from __future__ import annotations

import logging
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from bot.voice.events import Lost
from bot.voice.unseal import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.voice.events import VoiceEvent
    from bot.voice.receiver import Receiver

    Work = Frame | Lost | Callable[[], list[VoiceEvent]] | None

log = logging.getLogger(__name__)

MAX_QUEUED: Final = 2_000
"""Frames that may wait: two seconds of 20 people. What is dropped shows as missing in its person's sequence."""
TICK: Final = 0.02


class DecodeWorker:
    """Runs a receiver's second half on one thread.

    Args:
        receiver: whose second half is used by this thread alone.
        deliver: called on the thread with what was heard. Must not wait.
        now: seconds since the listener began.
    """

    def __init__(self, receiver: Receiver, deliver: Callable[[list[VoiceEvent]], None], now: Callable[[], float]) -> None:
        self._receiver = receiver
        self._deliver = deliver
        self._now = now
        self._work: SimpleQueue[Work] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="voice-decoder", daemon=True)
        self.dropped = 0
        """Frames that there was no room for."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, results: Iterable[Frame | Lost]) -> None:
        """Have them heard; from any thread, without waiting."""
        for result in results:
            if self._work.qsize() < MAX_QUEUED:
                self._work.put(result)
            else:
                self.dropped += 1

    def call(self, work: Callable[[], list[VoiceEvent]]) -> None:
        """Have something done on the thread, after what was put before."""
        self._work.put(work)

    def stop(self) -> None:
        """Have everything given out that is held, and end. Waits for that: not to be called on the event loop."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        due = 0.0
        active = False
        while True:
            try:
                item = self._work.get(timeout=TICK if active else None)
            except Empty:
                events: list[VoiceEvent] = []
            else:
                if item is None:
                    self._deliver(self._receiver.flush())
                    return
                events = self._receiver.hear((item,)) if isinstance(item, Frame | Lost) else item()
                active = True
            now = self._now()
            if now >= due:
                due = now + TICK
                events += self._receiver.tick(now)
                active = self._receiver.active
            if events:
                self._deliver(events)
