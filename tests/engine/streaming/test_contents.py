"""What is found in messages, through a real server: trackers, entities, sentiment, personal data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.fakes import LevelRecognition, OwnClock, pause, say
from tests.engine.server import BOB, JANE, engine, name, names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine

GOODNESS = [
    {"name": "Goodness", "vocabulary": ["this is awesome", "I love it"]},
    {"name": "Drafts", "vocabulary": ["the draft", "sending drafts"]},
]


def of(kind: str, frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for frame in frames if name(frame) == kind]


# Trackers


async def test_tracked_phrases_are_told_to_everybody_and_kept(running: Engine) -> None:
    async with running.socket("track") as jane, running.socket("track") as bob:
        conversation_id = await jane.start(JANE, trackers=GOODNESS)
        await bob.start(BOB, trackers=[{"name": "Other", "vocabulary": ["awesome"]}])
        await bob.send(say(7) + pause())
        seen = await jane.until("message_response"), await jane.receive()
        await jane.send(say(3) + pause() + say(1) + pause())
        told = of("tracker_response", await jane.stop())
        heard = of("tracker_response", await bob.stop())
    message, tracked = seen
    (said,) = message["messages"]
    assert tracked == {
        "type": "tracker_response",
        "isFinal": True,
        "sequenceNumber": 0,
        "trackers": [
            {
                "id": tracked["trackers"][0]["id"],
                "name": "Goodness",
                "matches": [
                    {
                        "type": "vocabulary",
                        "value": value,
                        "messageRefs": [{"id": said["id"], "text": "This is awesome, I really love it.", "offset": offset}],
                        "insightRefs": [],
                    }
                    for value, offset in (("this is awesome", 0), ("I love it", -1))
                ],
            }
        ],
    }
    assert len(tracked["trackers"][0]["id"]) == 16
    assert [frame["sequenceNumber"] for frame in heard] == [0, 1], "the second speaker hears the first one's trackers"
    (drafts,) = told[-1]["trackers"]
    assert drafts["name"] == "Drafts"
    literal, similar = drafts["matches"]
    assert (literal["value"], literal["messageRefs"][0]["offset"]) == ("the draft", 12)
    assert (similar["value"], similar["messageRefs"][0]["offset"]) == ("sending drafts", -1)
    (ref,) = literal["insightRefs"]
    assert (ref["type"], ref["text"], ref["offset"]) == ("action_item", "Jane will send the draft by Friday.", 15)
    rows = await running.store.tracker_matches(conversation_id)
    assert [(row.name, row.value, row.offset) for row in rows] == [
        ("Goodness", "this is awesome", 0),
        ("Goodness", "I love it", -1),
        ("Drafts", "the draft", 12),
        ("Drafts", "sending drafts", -1),
    ]


async def test_interim_text_is_tracked_where_that_was_asked_for(running: Engine) -> None:
    async with running.socket("interim") as jane, running.socket("interim") as bob:
        await jane.start(JANE, trackers=GOODNESS, config={"trackers": {"interimResults": True}})
        await bob.start(BOB)
        await jane.send(say(7, 0.2))
        await jane.send(say(7, 0.2))
        early = await jane.until("tracker_response")
        await bob.send(say(3, 0.2))
        await bob.send(pause())
        await bob.until("final")
        await jane.send(pause())
        frames = await jane.stop()
        await bob.stop()
    assert early["isFinal"] is False
    finals = of("tracker_response", frames)
    assert all(frame["isFinal"] for frame in finals), "a phrase is told once while it is being said"
    messages = {
        frame["messages"][0]["payload"]["content"]: frame["messages"][0]["id"] for frame in of("message_response", frames)
    }
    assert early["trackers"][0]["matches"][0]["messageRefs"][0]["id"] == messages["This is awesome, I really love it."]


async def test_trackers_live_through_a_restart(tmp_path: Path) -> None:
    clock = OwnClock()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        await socket.start(JANE, trackers=GOODNESS, noConnectionTimeout=600)
        await socket.send(say(7) + pause())
        before = await socket.until("tracker_response")
        it.server.should_exit = True
        await socket.rest()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        await socket.start(JANE, trackers=[{"name": "Late", "vocabulary": ["morning"]}])
        await socket.send(say(7) + pause() + say(1) + pause())
        (after,) = of("tracker_response", await socket.stop())
    assert [one["id"] for one in after["trackers"]] == [one["id"] for one in before["trackers"]]


# Entities and sentiment


async def test_entities_come_to_those_who_asked(running: Engine) -> None:
    async with running.socket("named") as jane, running.socket("named") as bob:
        conversation_id = await jane.start(JANE, config={"detectEntities": True})
        await bob.start(BOB)
        await jane.send(say(8) + pause())
        frames = await jane.stop()
        assert of("entity_response", await bob.stop()) == []
    (message,) = of("message_response", frames)
    (told,) = of("entity_response", frames)
    assert told["sequenceNumber"] == 0
    said = message["messages"][0]
    assert [(one["type"], one["subType"], one["category"]) for one in told["entities"]] == [
        ("location", "city", "General"),
        ("date", "date", "General"),
        ("person", "name", "Personal"),
    ]
    (match,) = told["entities"][0]["matches"]
    assert match == {
        "detectedValue": "Berlin",
        "messageRefs": [
            {
                "id": said["id"],
                "startTime": said["duration"]["startTime"],
                "endTime": said["duration"]["endTime"],
                "text": "I will fly to Berlin on Friday with Bob.",
                "offset": 14,
            }
        ],
    }
    rows = await running.store.entities(conversation_id)
    assert [(row.kind, row.text, row.offset) for row in rows] == [
        ("location", "Berlin", 14),
        ("date", "on Friday", 21),
        ("person", "Bob", 36),
    ]
    assert isinstance(rows[2].value, dict)
    assert rows[2].value["userId"] == BOB["userId"]


async def test_sentiment_comes_to_those_who_asked_and_is_kept_for_all(running: Engine) -> None:
    async with running.socket("felt") as jane, running.socket("felt") as bob:
        conversation_id = await jane.start(JANE, config={"sentiment": True})
        await bob.start(BOB)
        await jane.send(say(7) + pause() + say(1) + pause() + say(9) + pause())
        frames = await jane.stop()
        plain = of("message_response", await bob.stop())
    assert [frame.get("sentiment") for frame in of("message_response", frames)] == [True, True, True]
    moods = [frame["messages"][0]["sentiment"] for frame in of("message_response", frames)]
    assert [mood["suggested"] for mood in moods] == ["positive", "neutral", "negative"]
    assert all(-1 <= mood["polarity"]["score"] <= 1 for mood in moods)
    (topic,) = of("topic_response", frames)[0]["topics"]
    assert topic["sentiment"]["suggested"] == "negative"
    assert all("sentiment" not in frame and "sentiment" not in frame["messages"][0] for frame in plain)
    rows = await running.store.messages(conversation_id)
    assert [row.sentiment for row in rows] == [mood["polarity"]["score"] for mood in moods]


async def test_a_socket_sees_insights_from_its_own_threshold_on(running: Engine) -> None:
    async with running.socket("sure") as jane, running.socket("sure") as bob:
        await jane.start(JANE)
        await bob.start(BOB, config={"confidenceThreshold": 0.8})
        await jane.send(say(4) + pause() + say(3) + pause())
        kinds = [item["type"] for frame in of("insight_response", await jane.stop()) for item in frame["insights"]]
        strict = [item["type"] for frame in of("insight_response", await bob.stop()) for item in frame["insights"]]
    assert (kinds, strict) == (["follow_up", "action_item"], ["action_item"])


# Personal data


async def test_what_is_redacted_is_nowhere(running: Engine) -> None:
    async with running.socket("secret") as jane, running.socket("secret") as bob, running.socket("secret") as observer:
        conversation_id = await jane.start(JANE, config={"redaction": {"redactContent": True, "redactionString": "[X]"}})
        await bob.start(BOB, trackers=[{"name": "Calls", "vocabulary": ["call"]}], config={"detectEntities": True})
        await observer.start()
        await bob.send(say(6, 0.4))
        await bob.send(say(6, 0.4) + pause() + say(3) + pause() + say(8) + pause())
        seen = [*await bob.stop(), *await jane.stop(), *await observer.stop()]
    shown = json.dumps(seen)
    for secret in ("555 123", "mail bob", "with Bob", '\\"555', '\\"4567'):
        assert secret not in shown
    texts = [frame["messages"][0]["payload"]["content"] for frame in of("message_response", seen)]
    assert texts[0] == "[X], call [X] or mail [X]."
    words = json.loads(of("message_response", seen)[0]["messages"][0]["metadata"]["words"])
    assert [word["word"] for word in words] == ["[X],", "call", "[X]", "or", "mail", "[X]."]
    finals = [frame["message"]["punctuated"]["transcript"] for frame in of("final", seen)]
    assert finals[0] == texts[0]
    interims = {frame["message"]["punctuated"]["transcript"] for frame in of("interim", seen)}
    assert interims <= {"[X], call [X] or mail [X].", "I will send the draft.", "I will fly to Berlin on Friday with [X]."}
    items = [item for frame in of("insight_response", seen) for item in frame["insights"]]
    assert {item["payload"]["content"] for item in items} >= {"[X] will send the draft by Friday."}
    dates = [(item["payload"]["content"], tag) for item in items for tag in item["tags"] if tag["type"] == "date"]
    assert dates
    assert all(text[tag["beginOffset"] :].startswith("by Friday") for text, tag in dates)
    assert [one["type"] for frame in of("entity_response", seen) for one in frame["entities"]] == ["location", "date"]
    rows = await running.store.messages(conversation_id)
    assert rows[0].text == texts[0]
    stored = json.dumps([[row.text, row.words, row.personal] for row in rows])
    stored += json.dumps([row.text for row in await running.store.insights(conversation_id, "action_item")])
    assert not any(secret in stored for secret in ("555 ", "4567", "bob@", "Bob", "Jane"))


@pytest.mark.parametrize("redact", [True, False])
async def test_personal_data_is_named_where_that_was_asked_for(running: Engine, *, redact: bool) -> None:
    async with running.socket("named") as jane:
        conversation_id = await jane.start(JANE, config={"redaction": {"identifyContent": True, "redactContent": redact}})
        await jane.send(say(6) + pause() + say(5) + pause())
        first, second = of("message_response", await jane.stop())
    text = first["messages"][0]["payload"]["content"]
    found = first["messages"][0]["entities"]
    assert [one["type"] for one in found] == ["PERSON_NAME", "PHONE_NUMBER", "EMAIL_ADDRESS"]
    assert [text[one["offset"] :].startswith(one["text"]) for one in found] == [True] * 3
    assert [one["value"] for one in found] == (["****"] * 3 if redact else ["Jane", "555 123 4567", "bob@example.com"])
    assert "entities" not in second["messages"][0]
    assert (await running.store.messages(conversation_id))[0].personal == found


async def test_redaction_lives_through_a_restart(tmp_path: Path) -> None:
    clock = OwnClock()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        await socket.start(JANE, config={"redaction": {"redactContent": True}}, noConnectionTimeout=600)
        it.server.should_exit = True
        await socket.rest()
    async with engine(tmp_path, clock=clock) as it, it.socket("restart") as socket:
        await socket.start(BOB)
        await socket.send(say(6) + pause())
        frames = await socket.stop()
    assert of("message_response", frames)[0]["messages"][0]["payload"]["content"] == "****, call **** or mail ****."


async def test_a_language_that_is_not_recognised_starts_nothing(running: Engine) -> None:
    async with running.socket("german") as socket:
        await socket.send({"type": "start_request", "config": {"languageCode": "de-DE"}})
        refused = await socket.receive()
        assert refused["details"].startswith("languageCode must be English")
        assert (await running.get("")).json() == {"conversations": []}
        await socket.start(JANE)
        assert names(await socket.stop()) == ["conversation_completed", "recognition_stopped"]


class Polyglots(LevelRecognition):
    languages = frozenset({"en", "de"})


async def test_each_speaker_has_a_language_and_topics_are_told_while_most_is_english(tmp_path: Path) -> None:
    async with engine(tmp_path, recognition=Polyglots()) as it, it.socket("both") as jane, it.socket("both") as bob:
        await jane.start(JANE, config={"languageCode": "de-DE"})
        conversation_id = await bob.start(BOB, config={"languageCode": "en-GB"})
        await jane.send(say(5) + pause())
        frames = [await jane.until("message_response")]
        await jane.send(say(2) + pause())
        frames.append(await jane.until("insight_response"))
        assert (await it.get(f"/{conversation_id}/topics")).json()["topics"] == []
        await bob.send(say(1) + pause() + say(5) + pause())
        await bob.until("topic_response")
        await jane.send(say(1) + pause())
        await jane.until("message_response")
        await jane.stop()
        await bob.stop()
        assert (await it.get(f"/{conversation_id}/topics")).json()["topics"] == []
        assert len((await it.get(f"/{conversation_id}/messages")).json()["messages"]) == 5
