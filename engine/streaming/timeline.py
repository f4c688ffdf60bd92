"""From a place in a stream to the time of day: by sample count, moved on by the wall clock where the client sent nothing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

GAP_SECONDS: Final = 1.5
"""Sound that comes this much later than the sample count says was really spoken later: the client left silence out."""
LEAD_SECONDS: Final = 0.75
"""An utterance begins this much before its first voice at most (the recogniser's pre-roll): a place so shortly before an anchor
lies in the silence that stood in for what was left out, and belongs to the sound behind it."""
MAX_ANCHORS: Final = 10_000
"""The oldest go first; nothing that old is still being recognised."""


@dataclass(slots=True)
class _Anchor:
    at: float
    offset: float


class Timeline:
    """One stream. Places are seconds of sound handed to the recogniser; times are seconds since the epoch.

    A stall of the network looks like silence left out until the held-back sound arrives faster than real time; then the
    last anchor is moved back by what was too much.
    """

    def __init__(self) -> None:
        self._anchors: list[_Anchor] = []
        self._end = 0.0
        self._slack = 0.0
        self._begin: float | None = None
        self._filled = False

    @property
    def end(self) -> float:
        """The place up to which sound was handed on."""
        return self._end

    def ahead(self, now: float) -> float:
        """By how much the sound that was handed on is ahead of the clock: above 0 when it comes faster than it was spoken."""
        return self._anchors[-1].offset + self._end - now if self._anchors else 0.0

    def heard(self, seconds: float, now: float) -> None:
        """`seconds` of the client's sound arrived just now."""
        start, self._end = self._end, self._end + seconds
        if not self._anchors:
            self._begin = now - seconds
            self._anchors.append(_Anchor(start, self._begin - start))
            return
        last = self._anchors[-1]
        late = now - (last.offset + self._end)
        if late > GAP_SECONDS or self._filled:
            last = _Anchor(start, last.offset + max(0.0, late))
            self._slack += max(0.0, late)
            self._anchors.append(last)
            del self._anchors[:-MAX_ANCHORS]
        self._filled = False
        early = min(self._slack, -late)
        if early > 0:
            last.offset -= early
            self._slack -= early

    def filled(self, seconds: float) -> None:
        """Silence was handed on in place of sound that did not come."""
        self._end += seconds
        self._slack += seconds
        self._filled = True

    def time(self, place: float) -> float:
        """The time of day of a place; the time of the first sound before anything was heard is 0."""
        if not self._anchors:
            return 0.0
        index = max(0, bisect_right(self._anchors, place + LEAD_SECONDS, key=lambda anchor: anchor.at) - 1)
        return self._anchors[index].offset + place

    def elapsed(self, place: float) -> float:
        """Seconds of the clock between the first sound and a place."""
        return max(0.0, self.time(place) - (self._begin or 0.0))
