"""Whole sessions through a real server, frame by frame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.engine.fakes import pause, say
from tests.engine.server import BOB, JANE, name, names

if TYPE_CHECKING:
    from tests.engine.server import Engine


async def test_a_session_frame_by_frame(running: Engine) -> None:
    async with running.socket("weekly") as socket:
        conversation_id = await socket.start({**JANE, "peerId": "p1"})
        assert len(conversation_id) == 16
        assert conversation_id.isdigit()
        await socket.send(say(2, 0.25))
        await socket.send(say(2, 0.25))
        await socket.send(pause())
        interim = await socket.until("interim")
        final = await socket.until("final")
        message = await socket.receive()
        insight = await socket.receive()
        frames = await socket.stop()

    assert interim["message"]["payload"]["raw"]["alternatives"] == [
        {"transcript": "Who takes the minutes?", "confidence": 0.0, "words": []}
    ]
    user = final["message"]["user"]
    assert user == {**JANE, "peerId": "p1", "id": user["id"]}
    assert final["message"]["punctuated"] == {"transcript": "Who takes the minutes?"}
    assert final["timeOffset"] == 500
    words = final["message"]["payload"]["raw"]["alternatives"][0]["words"]
    assert words[1] == {
        "word": "takes",
        "startTime": {"seconds": "0", "nanos": "125000000"},
        "endTime": {"seconds": "0", "nanos": "250000000"},
    }

    assert name(message) == "message_response"
    assert message["sequenceNumber"] == 0
    (said,) = message["messages"]
    assert said["from"] == {**JANE, "id": user["id"]}
    assert said["payload"] == {"content": "Who takes the minutes?", "contentType": "text/plain"}
    assert said["duration"]["duration"] == 0.5
    assert said["duration"]["endTime"] > said["duration"]["startTime"]
    assert [word["word"] for word in json.loads(said["metadata"]["words"])] == ["Who", "takes", "the", "minutes?"]

    assert name(insight) == "insight_response"
    (question,) = insight["insights"]
    assert question["type"] == "question"
    assert question["messageReference"]["id"] == said["id"]
    assert question["assignee"]["userId"] == JANE["userId"]

    assert names(frames) == ["conversation_completed", "recognition_stopped"]
    assert frames[0]["message"]["conversationId"] == conversation_id
    assert frames[0]["message"]["data"] == {"conversationId": conversation_id}
    assert socket.connection.close_code == 1000


async def test_words_still_in_the_recogniser_come_before_the_last_frames(running: Engine) -> None:
    async with running.socket("late") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(3, 0.5))
        frames = await socket.stop()
    told = [kind for kind in names(frames) if kind != "interim"]
    assert told == ["final", "message_response", "insight_response", "conversation_completed", "recognition_stopped"]
    items = (await running.get(f"/{conversation_id}/action-items")).json()["actionItems"]
    assert [item["text"] for item in items] == ["Jane will send the draft."]


async def test_two_speakers_share_a_conversation_and_each_keeps_the_own_name(running: Engine) -> None:
    async with running.socket("two") as jane, running.socket("two") as bob:
        first, second = await jane.start(JANE), await bob.start(BOB)
        assert first == second
        await jane.send(say(1) + pause())
        at_bob = await bob.receive()
        assert name(at_bob) == "message_response", "a result of recognition belongs to its own speaker"
        assert at_bob["messages"][0]["from"]["name"] == "Jane"
        await bob.send(say(5) + pause())
        at_jane = await jane.until("message_response")
        while at_jane["messages"][0]["from"]["name"] != "Bob":
            at_jane = await jane.until("message_response")
        assert at_jane["sequenceNumber"] == 1
        assert name(await jane.receive()) == "topic_response"

        left = await jane.stop()
        assert names(left) == ["conversation_completed", "recognition_stopped"]
        await bob.send(say(4) + pause())
        await bob.until("insight_response")
        assert "endTime" not in (await running.get(f"/{first}")).json()
        assert names(await bob.stop())[-2:] == ["conversation_completed", "recognition_stopped"]
    about = (await running.get(f"/{first}")).json()
    assert [member["name"] for member in about["members"]] == ["Jane", "Bob"]
    assert "endTime" in about
