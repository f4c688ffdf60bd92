"""A recorded meeting from top to bottom, with what somebody who was there would write down."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.insights.engine import InsightEngine
from engine.insights.types import Changes, Insight, Speaker, Utterance

SCRIPT = Path(__file__).parents[3] / "sandbox/meetings/weekly-sync/meeting.json"
# A Monday; the 21st the meeting speaks of is the Friday after it.
MONDAY = datetime(2026, 8, 17, 10, tzinfo=ZoneInfo("Europe/Berlin"))


def held(*, bare: bool = False) -> Changes:
    script = json.loads(SCRIPT.read_text(encoding="utf-8"))
    people = {key: Speaker(f"engine-{key}", name) for key, name in script["names"].items()}
    engine = InsightEngine()
    engine.roster(list(people.values()))
    for turn in script["turns"]:
        text = (
            " ".join("".join(letter if letter.isalnum() or letter == "'" else " " for letter in turn["text"].lower()).split())
            if bare
            else turn["text"]
        )
        start = MONDAY + timedelta(seconds=turn["start"])
        engine.push(Utterance(f"m{turn['n']}", people[turn["speaker"]], text, start, MONDAY + timedelta(seconds=turn["end"])))
    return engine.finish()


@pytest.fixture(scope="module")
def result() -> Changes:
    return held()


def about(result: Changes, word: str) -> Insight:
    (found,) = [item for item in result.insights if item.kind != "question" and word in item.text.lower()]
    return found


@pytest.mark.parametrize(
    ("word", "who", "day", "kinds"),
    [
        ("fix", "Ben", "2026-08-20", {"action_item"}),
        ("screenshots", "Dan", "2026-08-18", {"action_item"}),
        ("quote", "Carla", "2026-08-24", {"action_item", "follow_up"}),
        ("script", "Dan", "2026-08-28", {"action_item"}),
        ("priya", "Alice", "2026-08-17", {"follow_up"}),
    ],
)
def test_what_is_to_be_done(result: Changes, word: str, who: str, day: str, kinds: set[str]) -> None:
    item = about(result, word)
    assert item.kind in kinds
    assert item.assignee is not None
    assert item.assignee.name == who
    assert item.due is not None
    assert item.due.when.date().isoformat() == day
    assert item.text.startswith(who)


def test_nothing_else_is_to_be_done(result: Changes) -> None:
    assert len([item for item in result.insights if item.kind != "question"]) == 5


def test_the_questions(result: Changes) -> None:
    asked = {item.text for item in result.insights if item.kind == "question"}
    assert asked >= {
        "Is the payment bug one of those three?",
        "Did we ask the other hotel as well?",
        "Do we still want a live demo on stage?",
        "Who should approve that?",
    }
    assert not any("script" in text for text in asked)


def test_the_topics(result: Changes) -> None:
    topics = [topic.text for topic in result.topics]
    assert topics[0] == "recorded demo"
    assert set(topics) >= {"payment bug", "mobile release", "customer conference", "screenshots"}
    assert all(topic.message_ids and 0.0 < topic.score <= 1.0 for topic in result.topics)


def test_without_punctuation_most_of_it_is_found_too() -> None:
    bare = held(bare=True)
    owners = {item.assignee.name for item in bare.insights if item.kind != "question" and item.assignee}
    assert owners >= {"Alice", "Ben", "Carla", "Dan"}
    assert len([item for item in bare.insights if item.kind == "question"]) >= 4
