"""The jitter buffer: packets in the order in which they were sent, and what is missing between them.

Speech is recognised, not played, so nothing waits without need: a packet that is next in line goes through at once, and only behind a
gap are packets held, until the missing one comes or `HOLD` seconds have passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

HOLD: Final = 0.06
"""Seconds that packets are held behind a gap."""
MAX_JUMP: Final = 50
"""A jump of more sequence numbers is no reordering: the sender was away, or began anew."""
RESTART: Final = -1
"""In place of a count of missing packets: this packet begins a new sequence."""

_T = TypeVar("_T")


class Ordered(NamedTuple, Generic[_T]):
    """A packet in its place."""

    missing: int
    """Packets that never came, directly before this one; or `RESTART`."""
    item: _T


class JitterBuffer(Generic[_T]):
    """Orders one SSRC's packets by their 16-bit sequence numbers (RFC 3550, appendix A.1). Holds at most `MAX_JUMP` packets."""

    __slots__ = ("_held", "_next", "_stray", "discarded")

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, tuple[float, _T]] = {}  # in the order of arrival
        self._stray: int | None = None
        self.discarded = 0
        """Packets that came twice or too late."""

    def __len__(self) -> int:
        return len(self._held)

    def push(self, sequence: int, item: _T, now: float) -> Sequence[Ordered[_T]]:
        """Take a packet in; gives out all packets whose turn it is."""
        expected = self._next
        if sequence == expected and not self._held:
            self._next = (sequence + 1) & 0xFFFF
            return (Ordered(0, item),)
        if expected is None:
            return (self._restart(sequence, item),)
        ahead = (sequence - expected) & 0xFFFF
        if ahead <= MAX_JUMP:
            if sequence in self._held:
                self.discarded += 1
                return ()
            self._held[sequence] = (now, item)
            return self.overdue(now)
        if ahead < 0x8000:  # the sender was away, or we were
            self._held[sequence] = (now, item)
            return self.flush()
        if ahead < 0x10000 - MAX_JUMP and sequence == self._stray:  # the second one in a row: the sender began anew
            return (*self.flush(), self._restart(sequence, item))
        self._stray = (sequence + 1) & 0xFFFF
        self.discarded += 1
        return ()

    def overdue(self, now: float) -> Sequence[Ordered[_T]]:
        """Gives out the packets whose turn it is, and those that have waited long enough for what is missing before them."""
        ready: list[Ordered[_T]] = []
        while self._held and self._next is not None:
            missing = 0
            if self._next not in self._held:
                waiting_since = next(iter(self._held.values()))[0]
                if now - waiting_since < HOLD:
                    break
                missing = self._gap()
            ready.append(self._pop(missing))
        return ready

    def flush(self) -> Sequence[Ordered[_T]]:
        """Gives out everything that is held."""
        ready: list[Ordered[_T]] = []
        while self._held:
            ready.append(self._pop(self._gap()))
        return ready

    def _restart(self, sequence: int, item: _T) -> Ordered[_T]:
        self._next = (sequence + 1) & 0xFFFF
        self._stray = None
        return Ordered(RESTART, item)

    def _gap(self) -> int:
        expected = self._next or 0
        return min((sequence - expected) & 0xFFFF for sequence in self._held)

    def _pop(self, missing: int) -> Ordered[_T]:
        sequence = ((self._next or 0) + missing) & 0xFFFF
        self._next = (sequence + 1) & 0xFFFF
        return Ordered(missing, self._held.pop(sequence)[1])
