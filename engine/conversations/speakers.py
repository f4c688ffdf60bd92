"""Who said what, by events of people who begin and end to speak. No I/O."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wire.conversations import SpeakerEvent

_NANO: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Spell:
    """Somebody speaks, from and to: seconds since the start of the conversation."""

    who: str
    start: float
    end: float


def spells(events: Iterable[tuple[str, SpeakerEvent]]) -> list[Spell]:
    """Events, each with the person's identity, as stretches of speech; one that is never ended lasts to the end."""
    found: list[Spell] = []
    since: dict[str, float] = {}
    timed = sorted(((_seconds(event), event.type == "started_speaking", who) for who, event in events), key=lambda one: one[0])
    for moment, started, who in timed:
        if started:
            since.setdefault(who, moment)
        elif who in since:
            found.append(Spell(who, since.pop(who), moment))
    found.extend(Spell(who, moment, math.inf) for who, moment in since.items())
    return sorted(found, key=lambda spell: spell.start)


def _seconds(event: SpeakerEvent) -> float:
    return event.offset.seconds + event.offset.nanos * _NANO


def attribute(messages: Iterable[tuple[str, float, float]], spoken: Sequence[Spell]) -> dict[str, str]:
    """Who said each message, by message id: whoever spoke longest during it; those that nobody spoke in are left out.

    Messages are `(id, start, end)` in the time of the spells, in the order of their starts.
    """
    chosen: dict[str, str] = {}
    active: list[tuple[float, int]] = []
    following = 0
    for message_id, start, end in messages:
        while following < len(spoken) and spoken[following].start < end:
            heappush(active, (spoken[following].end, following))
            following += 1
        while active and active[0][0] <= start:
            heappop(active)
        shared: defaultdict[str, float] = defaultdict(float)
        for _, index in active:
            spell = spoken[index]
            shared[spell.who] += max(0.0, min(end, spell.end) - max(start, spell.start))
        best = max(shared, key=shared.__getitem__, default=None)
        if best is not None and shared[best] > 0:
            chosen[message_id] = best
    return chosen
