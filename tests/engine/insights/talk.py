"""A meeting to talk in: people by name, one utterance every ten seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.insights.engine import InsightEngine
from engine.insights.types import Changes, Insight, Speaker, Utterance

# A Wednesday.
WEDNESDAY = datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("Europe/Berlin"))
PEOPLE = {name: Speaker(f"engine-{name}", name, f"9{index}") for index, name in enumerate(("Alice", "Ben", "Carla", "Dan"))}


class Talk:
    """Drives an engine with what people say and remembers what it told."""

    def __init__(self, *, threshold: float = 0.5, start: datetime = WEDNESDAY) -> None:
        self.engine = InsightEngine(threshold=threshold)
        self.engine.roster(list(PEOPLE.values()))
        self.told: list[Changes] = []
        self._at = start

    def say(self, name: str, text: str) -> Changes:
        self._at += timedelta(seconds=10)
        speaker = PEOPLE.get(name) or Speaker(f"engine-{name}", name)
        changes = self.engine.push(Utterance(f"m{len(self.told)}", speaker, text, self._at, self._at + timedelta(seconds=4)))
        self.told.append(changes)
        return changes

    def items(self, *kinds: str) -> list[Insight]:
        return [insight for insight in self.engine.finish().insights if not kinds or insight.kind in kinds]


def heard(*said: tuple[str, str]) -> list[Insight]:
    """What stands after a few utterances."""
    talk = Talk()
    for name, text in said:
        talk.say(name, text)
    return talk.items()


def todo(*said: tuple[str, str]) -> list[Insight]:
    """The action items and follow-ups that stand after a few utterances."""
    return [insight for insight in heard(*said) if insight.kind != "question"]
