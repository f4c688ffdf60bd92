"""Lost sound, put together into gaps that are worth a line. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

JOIN = 2.0
"""Seconds: losses of one person that are closer together than this are one gap."""
WORTH_SAYING = 0.3
"""Seconds: a shorter loss costs no word and only counts in the loss rate."""


@dataclass(frozen=True, slots=True)
class Loss:
    """`start` and `until` span the loss; `seconds` is what was lost in between."""

    user_id: int | None
    start: float
    until: float
    seconds: float
    reason: str


class GapKeeper:
    """Holds each person's loss until it is over, so that a bad minute is one line and not fifty."""

    def __init__(self) -> None:
        self._open: dict[tuple[int | None, str], Loss] = {}

    def lost(self, loss: Loss) -> list[Loss]:
        """Take in a loss; returns the earlier gap of this person that it does not belong to."""
        key = (loss.user_id, loss.reason)
        held = self._open.get(key)
        if held is not None and loss.start <= held.until + JOIN:
            self._open[key] = replace(
                held,
                start=min(held.start, loss.start),
                until=max(held.until, loss.until),
                seconds=held.seconds + loss.seconds,
            )
            return []
        self._open[key] = loss
        return _worth_saying([held] if held else [])

    def over(self, now: float) -> list[Loss]:
        """The gaps that nothing more will be added to."""
        done = [key for key, loss in self._open.items() if loss.until + JOIN < now]
        return _worth_saying([self._open.pop(key) for key in done])

    def flush(self) -> list[Loss]:
        """All that is held, at the end."""
        held, self._open = list(self._open.values()), {}
        return _worth_saying(held)


def _worth_saying(losses: list[Loss]) -> list[Loss]:
    return [loss for loss in losses if loss.seconds >= WORTH_SAYING]
