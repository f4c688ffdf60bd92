"""How fast one thread may be written to. Pure: the time is passed in."""

from __future__ import annotations

from collections import deque

BUCKET = 5
WINDOW = 5.25
"""Discord takes 5 messages in 5 s for each channel; a quarter of a second is kept for clocks that differ."""
_SPACING = (0.0, 0.15, 0.5, 1.0, 1.2)
"""The least time after the last post, by how many posts stand in the window: at once when idle, one a second when busy."""


class Budget:
    """When the next message may go to one thread. Whatever waits meanwhile goes into one longer message."""

    def __init__(self) -> None:
        self._posts: deque[float] = deque(maxlen=BUCKET)
        self._closed_until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a message may be sent, 0 for at once. `now`: seconds on a monotonic clock."""
        while self._posts and now - self._posts[0] >= WINDOW:
            self._posts.popleft()
        free = self._closed_until
        if len(self._posts) == BUCKET:
            free = max(free, self._posts[0] + WINDOW)
        elif self._posts:
            free = max(free, self._posts[-1] + _SPACING[len(self._posts)])
        return max(0.0, free - now)

    def spend(self, now: float) -> None:
        """A message is sent now."""
        self._posts.append(now)

    def close(self, now: float, seconds: float) -> None:
        """Nothing may be sent for so long: what Discord says after too many requests."""
        self._closed_until = max(self._closed_until, now + seconds)
