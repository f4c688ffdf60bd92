"""What a bad network does to packets: decided by seeded chance, without I/O and without a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_HELD_BACK = (0.025, 0.065)
"""Seconds that a reordered packet comes later: one to three packets of the same person overtake it."""
_ECHO = 0.010
"""At most so many seconds after the first copy comes the second one."""


@dataclass(frozen=True, slots=True)
class Impairments:
    """How bad the way from the voice server to a client is. Shares are between 0 and 1."""

    loss: float = 0.0
    """Share of the packets that never arrive."""
    burst: float = 0.0
    """Chance that the packet after a lost one is lost too (Gilbert's model); below `loss` losses are independent."""
    delay_ms: float = 0.0
    """Every packet takes so long."""
    jitter_ms: float = 0.0
    """Up to so much longer, evenly spread; packets do not overtake each other for it."""
    reorder: float = 0.0
    """Share of the packets that those behind them overtake."""
    duplicate: float = 0.0
    """Share that arrives twice."""
    corrupt: float = 0.0
    """Share that arrives with one to three bits flipped."""
    junk: float = 0.0
    """How many packets that are no speech come for each one that is: RTCP, video, noise, cut-off packets."""
    passthrough: float = 0.0
    """Share of the frames that people send without end-to-end encryption; a client takes them only in passthrough mode."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value: float = getattr(self, item.name)
            limit = float("inf") if item.name.endswith("_ms") else 1.0
            if not 0.0 <= value <= limit:
                raise ValueError(f"{item.name} must be between 0 and {limit:g}, not {value:g}.")
        if self.burst == 1.0:
            raise ValueError("burst must be below 1: a burst has to end.")


class Link:
    """One way from the voice server to one client."""

    def __init__(self, impairments: Impairments, rng: Random) -> None:
        self.impairments = impairments
        self._rng = rng
        self._losing = False
        self._newest = 0.0

    def carry(self, packet: bytes, now: float) -> list[tuple[float, bytes]]:
        """What becomes of a packet sent at `now` (seconds, any clock): pairs of delay in seconds and bytes, none if it is lost."""
        if self._lost():
            return []
        bad, rng = self.impairments, self._rng
        arrival = max(self._newest, now + (bad.delay_ms + rng.random() * bad.jitter_ms) / 1000)
        if bad.reorder and rng.random() < bad.reorder:
            arrival += rng.uniform(*_HELD_BACK)
        else:
            self._newest = arrival
        if bad.corrupt and rng.random() < bad.corrupt:
            packet = self._flipped(packet)
        arrivals = [(arrival - now, packet)]
        if bad.duplicate and rng.random() < bad.duplicate:
            arrivals.append((arrival - now + rng.random() * _ECHO, packet))
        return arrivals

    def _lost(self) -> bool:
        """Two states with the share `loss` in the long run and bursts of the mean length 1 / (1 - burst)."""
        loss = self.impairments.loss
        if loss in {0.0, 1.0}:
            return bool(loss)
        burst = max(self.impairments.burst, loss)
        chance = burst if self._losing else loss * (1 - burst) / (1 - loss)
        self._losing = self._rng.random() < chance
        return self._losing

    def _flipped(self, packet: bytes) -> bytes:
        changed = bytearray(packet)
        for bit in self._rng.sample(range(len(changed) * 8), min(3, len(changed) * 8))[: self._rng.randint(1, 3)]:
            changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)
