from __future__ import annotations

from typing import Literal

from engine.conversations.speakers import Spell, attribute, spells
from wire.base import Person
from wire.conversations import Offset, SpeakerEvent


def event(who: str, kind: Literal["started", "stopped"], seconds: float, nanos: float = 0) -> tuple[str, SpeakerEvent]:
    kinds: dict[str, Literal["started_speaking", "stopped_speaking"]] = {
        "started": "started_speaking",
        "stopped": "stopped_speaking",
    }
    return who, SpeakerEvent(type=kinds[kind], user=Person(name=who), offset=Offset(seconds=seconds, nanos=nanos))


def test_events_in_any_order_become_stretches() -> None:
    found = spells(
        [
            event("b", "started", 10),
            event("a", "stopped", 15, 5e9),
            event("a", "started", 0, 5e8),
            event("a", "started", 3),
            event("c", "stopped", 4),
        ]
    )
    assert found == [Spell("a", 0.5, 20.0), Spell("b", 10.0, float("inf"))]


def test_a_message_goes_to_whoever_spoke_longest_in_it() -> None:
    spoken = [Spell("a", 0, 6), Spell("b", 4, 20), Spell("c", 30, 40)]
    messages = [("1", 0, 5), ("2", 4.5, 10), ("3", 5, 100), ("4", 8, 9), ("5", 22, 25), ("6", 29, 31), ("7", 50, 60)]
    assert attribute(messages, spoken) == {"1": "a", "2": "b", "3": "b", "4": "b", "6": "c"}
