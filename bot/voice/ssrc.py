"""Which SSRC is whose, and the packets that wait until that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WAITING: Final = 100
"""Packets kept for one unknown SSRC: two seconds of speech."""
MAX_UNKNOWN: Final = 32
"""Unknown SSRCs that packets are kept for; for one more, that with the fewest packets is given up."""
PATIENCE: Final = 10.0
"""Seconds after which an SSRC without an owner is given up."""
QUIET: Final = 1.0
"""A person whose SSRC has been silent for so many seconds may have a new one."""
_MAX_IGNORED: Final = 256


class SsrcMap:
    """SSRC to person and back. A person has one SSRC; the newest knowledge wins."""

    __slots__ = ("_heard", "_ignored", "_ssrcs", "users")

    def __init__(self) -> None:
        self.users: dict[int, int] = {}
        """The person of each SSRC, to be read only."""
        self._ssrcs: dict[int, int] = {}
        self._heard: dict[int, float] = {}
        self._ignored: dict[int, None] = {}

    def bind(self, ssrc: int, user_id: int, now: float) -> None:
        """From now on packets with this SSRC are this person's."""
        previous = self.users.get(ssrc)
        if previous is not None and previous != user_id:
            self.drop(previous)
        old = self._ssrcs.get(user_id)
        if old is not None and old != ssrc:
            del self.users[old]
        self.users[ssrc] = user_id
        self._ssrcs[user_id] = ssrc
        self._heard[user_id] = now
        self._ignored.pop(ssrc, None)

    def heard(self, user_id: int, now: float) -> None:
        """A packet of this person came."""
        self._heard[user_id] = now

    def drop(self, user_id: int) -> None:
        """The person left: their SSRC is nobody's."""
        ssrc = self._ssrcs.pop(user_id, None)
        if ssrc is not None:
            del self.users[ssrc]
        self._heard.pop(user_id, None)

    def clear(self) -> None:
        """A new voice session began: nothing is known."""
        self.users.clear()
        self._ssrcs.clear()
        self._heard.clear()
        self._ignored.clear()

    def ignore(self, ssrc: int) -> None:
        """This SSRC is a camera or a shared screen."""
        if ssrc not in self.users:
            self._ignored[ssrc] = None
            if len(self._ignored) > _MAX_IGNORED:
                del self._ignored[next(iter(self._ignored))]

    def is_ignored(self, ssrc: int) -> bool:
        """Whether packets with this SSRC are of no interest."""
        return ssrc in self._ignored

    def candidates(self, members: Iterable[int], now: float) -> list[int]:
        """Who may own an unknown SSRC: first people who have none, then people whose own has fallen silent."""
        free, quiet = [], []
        for user_id in members:
            if user_id not in self._ssrcs:
                free.append(user_id)
            elif now - self._heard[user_id] >= QUIET:
                quiet.append(user_id)
        return free + quiet


class Sealed(NamedTuple):
    """A packet without its transport encryption. Its frame is still encrypted end to end; an empty frame is all padding."""

    ssrc: int
    sequence: int
    timestamp: int
    arrival: float
    frame: bytes


class Unclaimed(NamedTuple):
    """Sound that was given up because nobody could be found whose it is."""

    at: float
    packets: int
    """All that came, also those that were not kept."""


class _Queue:
    __slots__ = ("against", "count", "first", "packets", "tried")

    def __init__(self, now: float) -> None:
        self.packets: list[Sealed] = []
        self.tried = 0
        self.against: tuple[int, ...] = ()
        self.count = 0
        self.first = now


class WaitingRoom:
    """Packets of SSRCs without an owner, in bounds: what comes to a full queue is dropped, and shows later as missing."""

    __slots__ = ("_queues", "dropped")

    def __init__(self) -> None:
        self._queues: dict[int, _Queue] = {}
        self.dropped = 0
        """Packets that were not kept because of a bound."""

    def __len__(self) -> int:
        return len(self._queues)

    def __contains__(self, ssrc: object) -> bool:
        return ssrc in self._queues

    def add(self, packet: Sealed) -> bool:
        """Keep a packet until its owner is known; False if there was no room for it."""
        queue = self._queues.get(packet.ssrc)
        if queue is None:
            if len(self._queues) >= MAX_UNKNOWN:
                self._evict()
            queue = self._queues[packet.ssrc] = _Queue(packet.arrival)
        queue.count += 1
        if len(queue.packets) < MAX_WAITING:
            queue.packets.append(packet)
            return True
        self.dropped += 1
        return False

    def _evict(self) -> None:
        least = min(self._queues, key=lambda ssrc: self._queues[ssrc].count)
        self.dropped += len(self._queues.pop(least).packets)

    def ssrcs(self) -> list[int]:
        """All SSRCs that something waits for."""
        return list(self._queues)

    def untried(self, ssrc: int, candidates: tuple[int, ...]) -> list[Sealed]:
        """Packets that were not tried against exactly these candidates, oldest first; they count as tried from now on."""
        queue = self._queues[ssrc]
        if queue.against != candidates:
            queue.tried, queue.against = 0, candidates
        begin, queue.tried = queue.tried, len(queue.packets)
        return queue.packets[begin:]

    def take(self, ssrc: int) -> list[Sealed]:
        """All that waits for this SSRC, oldest first; nothing waits afterwards."""
        queue = self._queues.pop(ssrc, None)
        return queue.packets if queue is not None else []

    def give_up(self, now: float, *, everything: bool = False) -> list[Unclaimed]:
        """Drop the queues that have waited too long (or all of them)."""
        over = [ssrc for ssrc, queue in self._queues.items() if everything or now - queue.first >= PATIENCE]
        given_up = []
        for ssrc in over:
            queue = self._queues.pop(ssrc)
            self.dropped += len(queue.packets)
            given_up.append(Unclaimed(queue.first, queue.count))
        return given_up
