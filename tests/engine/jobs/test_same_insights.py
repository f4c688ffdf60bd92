"""A job of text keeps exactly what the insights find in the same messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.conversations.store import Store
from engine.insights.engine import InsightEngine
from engine.insights.types import Speaker, Utterance
from engine.jobs import text
from engine.jobs.desk import Desk
from tests.engine.conversations.test_store import CONVERSATION, conversation
from wire.base import Payload, Person
from wire.jobs import TextMessage, TextRequest, TextSpan

if TYPE_CHECKING:
    from engine.insights.types import Changes

SCRIPT = Path(__file__).parents[3] / "sandbox/meetings/weekly-sync/meeting.json"
TURNS = json.loads(SCRIPT.read_text(encoding="utf-8"))["turns"] * 3
BASE = datetime(2026, 8, 17, 9, tzinfo=UTC)


def directly(at: list[datetime]) -> Changes:
    insights = InsightEngine(threshold=0.5)
    for place, turn in enumerate(TURNS):
        who = Speaker(turn["speaker"], turn["speaker"])
        insights.push(Utterance(str(place), who, turn["text"], at[place], at[place]))
    return insights.finish()


async def test_a_job_of_text_keeps_what_the_insights_find(tmp_path: Path) -> None:
    times = [datetime.fromtimestamp(BASE.timestamp() + 5 * place, UTC) for place in range(len(TURNS))]
    asked = TextRequest(
        messages=[
            TextMessage(
                payload=Payload(content=turn["text"]),
                from_=Person(name=turn["speaker"]),
                duration=TextSpan(start_time=at, end_time=at),
            )
            for turn, at in zip(TURNS, times, strict=True)
        ]
    )
    store = await Store.open(tmp_path / "engine.db")
    row = conversation()
    await store.add(row)
    desk = Desk(store, InsightEngine, row, asked, BASE.timestamp())
    await desk.open()
    await desk.close(await text.work(desk, asked.messages, BASE.timestamp()))
    places = {message.realtime_id: str(place) for place, message in enumerate(await store.messages(CONVERSATION))}
    kept = {
        (
            item.kind,
            item.text,
            tuple(places[one] for one in item.message_ids),
            item.speaker["name"],
            (item.assignee or {}).get("name"),
        )
        for item in await store.insights(CONVERSATION, None)
    }
    topics = [topic.text for topic in await store.topics(CONVERSATION)]
    await store.close()
    found = directly(times)
    assert kept == {
        (item.kind, item.text, item.message_ids, item.speaker.name, item.assignee.name if item.assignee else None)
        for item in found.insights
    }
    assert sorted(topics) == sorted(topic.text for topic in found.topics)
    assert kept
