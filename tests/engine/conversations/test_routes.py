"""The shapes of the Conversation API, after a meeting of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.fakes import pause, say
from tests.engine.server import APP, BOB, JANE, OTHER_APP, names

if TYPE_CHECKING:
    from tests.engine.server import Engine

UNKNOWN = {"message": "The conversationId is either invalid or does not exist."}


async def meet(it: Engine, connection_id: str = "meeting", **more: Any) -> str:
    """Jane asks, promises and names a topic; Bob wants to call somebody."""
    async with it.socket(connection_id) as jane, it.socket(connection_id) as bob:
        conversation_id = await jane.start(JANE, meetingTitle="Weekly", **more)
        await bob.start(BOB)
        await jane.send(say(2) + pause(1.0) + say(3) + pause(1.0) + say(5) + pause(1.0))
        await jane.until("topic_response")
        it.clock.advance(1.0)
        await bob.send(say(4))
        await bob.stop()
        await jane.stop()
    return conversation_id


async def collection(it: Engine, conversation_id: str, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = await it.get(f"/{conversation_id}/{path}", **query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    items, *_ = answer.json().values()
    found: list[dict[str, Any]] = items
    return found


async def test_a_conversation(running: Engine) -> None:
    conversation_id = await meet(running)
    about = (await running.get(f"/{conversation_id}")).json()
    members = about.pop("members")
    assert about == {
        "id": conversation_id,
        "type": "meeting",
        "name": "Weekly",
        "startTime": "2023-11-14T22:13:20.000Z",
        "endTime": "2023-11-14T22:13:21.000Z",
        "metadata": {},
    }
    assert [(one["name"], one["email"]) for one in members] == [("Jane", JANE["userId"]), ("Bob", BOB["userId"])]
    assert await collection(running, conversation_id, "members") == members


async def test_messages(running: Engine) -> None:
    conversation_id = await meet(running)
    first, second, third, last = await collection(running, conversation_id, "messages")
    assert [one["text"] for one in (first, second, third, last)] == [
        "Who takes the minutes?",
        "I will send the draft.",
        "The release plan is ready.",
        "Let us call Bob.",
    ]
    assert len(first["id"]) == 16
    assert first["id"].isdigit()
    assert first == {
        "id": first["id"],
        "text": "Who takes the minutes?",
        "from": {"id": first["from"]["id"], "name": "Jane", "email": JANE["userId"]},
        "startTime": "2023-11-14T22:13:15.500Z",
        "endTime": first["endTime"],
        "timeOffset": 0.0,
        "duration": 0.5,
        "conversationId": conversation_id,
        "phrases": [],
    }
    assert [one["timeOffset"] for one in (second, third)] == [1.5, 3.0]
    verbose = await collection(running, conversation_id, "messages", verbose="True")
    assert verbose[1]["words"][1] == {
        "word": "will",
        "startTime": "2023-11-14T22:13:17.100Z",
        "endTime": "2023-11-14T22:13:17.200Z",
        "score": 0.9,
        "timeOffset": 1.6,
        "duration": 0.1,
    }


async def test_insights_point_to_messages_by_their_rest_ids(running: Engine) -> None:
    conversation_id = await meet(running)
    messages = {one["text"]: one for one in await collection(running, conversation_id, "messages")}
    jane, bob = await collection(running, conversation_id, "members")

    (question,) = await collection(running, conversation_id, "questions")
    assert question == {
        "id": question["id"],
        "text": "Who takes the minutes?",
        "type": "question",
        "score": 0.9,
        "messageIds": [messages["Who takes the minutes?"]["id"]],
        "from": {"id": jane["id"], "name": "Jane", "userId": JANE["userId"]},
    }

    (action,) = await collection(running, conversation_id, "action-items")
    assert action == {
        "id": action["id"],
        "text": "Jane will send the draft by Friday.",
        "type": "action_item",
        "score": 0.9,
        "messageIds": [messages["I will send the draft."]["id"]],
        "entities": [
            {"type": "date", "text": "by Friday", "offset": 25, "value": "2023-11-17"},
            {
                "type": "person",
                "text": "Jane",
                "offset": 0,
                "value": {"assignee": True, "id": jane["id"], "name": "Jane", "userId": JANE["userId"]},
            },
        ],
        "phrases": [],
        "from": {"id": jane["id"], "name": "Jane", "userId": JANE["userId"]},
        "definitive": True,
        "assignee": {"id": jane["id"], "name": "Jane", "email": JANE["userId"]},
        "dueBy": "2023-11-17T08:00:00.000Z",
    }

    (follow_up,) = await collection(running, conversation_id, "follow-ups")
    assert (follow_up["type"], follow_up["assignee"], "dueBy" in follow_up) == ("follow_up", {}, False)
    assert follow_up["from"]["id"] == bob["id"]

    (topic,) = await collection(running, conversation_id, "topics")
    assert topic == {
        "id": topic["id"],
        "text": "release plan",
        "type": "topic",
        "score": 0.8,
        "messageIds": [messages["The release plan is ready."]["id"]],
        "parentRefs": [],
    }
    (topic,) = await collection(running, conversation_id, "topics", parentRefs="true")
    assert topic["parentRefs"] == [{"type": "topic", "text": "launch"}]


async def test_dates_are_reckoned_in_the_client_s_time_zone(running: Engine) -> None:
    conversation_id = await meet(running, config={"timezoneOffset": 480})
    (action,) = await collection(running, conversation_id, "action-items")
    assert action["dueBy"] == "2023-11-17T08:00:00.000Z".replace("T08", "T16")
    heard = running.insights[0].heard[0]
    assert heard.start.isoformat() == "2023-11-14T14:13:15.500000-08:00"


async def test_everything_can_be_read_while_the_stream_runs(running: Engine) -> None:
    async with running.socket("live") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send(say(3) + pause() + say(5) + pause())
        await jane.until("topic_response")
        for path in ("messages", "topics", "action-items", "members"):
            assert await collection(running, conversation_id, path)
        for path in ("questions", "follow-ups"):
            assert await collection(running, conversation_id, path) == []
        await jane.stop()


async def test_the_list_of_conversations(running: Engine) -> None:
    ids = []
    for number in range(3):
        ids.append(await meet(running, f"meeting {number}".replace(" ", "-")))
        running.clock.advance(3_600)

    async def listed(app_id: str = APP, **query: Any) -> list[str]:
        answer = await running.get("", app_id, **query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["conversations"]]

    assert await listed() == ids
    assert await listed(order="desc", sort="conversation.endTime") == ids[::-1]
    assert await listed(limit=1, offset=1) == [ids[1]]
    assert await listed(limit=0) == []
    assert await listed(sort="conversation.name,startTime", order="desc") == ids[::-1]
    assert await listed(startTime="2023-11-14T23:00:00Z") == ids[1:]
    assert await listed(endTime="2023-11-14T23:00:00") == ids[:1]
    assert await listed(OTHER_APP) == []
    running.clock.advance(8 * 86_400)
    assert await listed() == [], "only the last week, unless asked otherwise"
    assert await listed(startTime="2020-01-01T00:00:00Z") == ids
    for bad in ({"limit": -1}, {"order": "up"}, {"sort": "app_id"}, {"startTime": "then"}, {"filter": "name=x"}):
        answer = await running.get("", **bad)
        assert (answer.status_code, list(answer.json())) == (400, ["message"])


PATHS = (
    "",
    "/messages",
    "/topics",
    "/questions",
    "/action-items",
    "/follow-ups",
    "/insights",
    "/members",
    "/entities",
    "/trackers-detected",
    "/trackers",
    "/analytics",
)


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_not_there_or_not_one_s_own_is_not_found(running: Engine, path: str) -> None:
    async with running.socket("own") as socket:
        conversation_id = await socket.start(JANE)
        await socket.stop()
    for answer in (await running.get(f"/1234567890123456{path}"), await running.get(f"/{conversation_id}{path}", OTHER_APP)):
        assert (answer.status_code, answer.json()) == (404, UNKNOWN)
    assert (await running.get(f"/{conversation_id}{path}")).status_code == 200


async def delete(it: Engine, conversation_id: str, app_id: str = APP) -> tuple[int, dict[str, str]]:
    headers = {"x-api-key": await it.token(app_id)}
    answer = await it.http.delete(f"/v1/conversations/{conversation_id}", headers=headers)
    return answer.status_code, answer.json()


async def test_a_deleted_conversation_is_gone_with_all_that_belongs_to_it(running: Engine) -> None:
    conversation_id, other = await meet(running, "one"), await meet(running, "two")
    assert await delete(running, conversation_id, OTHER_APP) == (404, UNKNOWN)
    assert await delete(running, conversation_id) == (200, {"message": "successfully deleted the conversation"})
    assert await delete(running, conversation_id) == (404, UNKNOWN)
    for path in PATHS:
        assert (await running.get(f"/{conversation_id}{path}")).status_code == 404
    assert len(await collection(running, other, "messages")) == 4


async def test_a_conversation_can_be_deleted_while_it_goes_on(running: Engine) -> None:
    async with running.socket("live") as jane:
        conversation_id = await jane.start(JANE, noConnectionTimeout=60)
        await jane.send(say(3) + pause() + say(2))
        await jane.until("insight_response")
        assert (await delete(running, conversation_id))[0] == 200
        assert set(names(await jane.rest())) <= {"interim"}
        assert jane.connection.close_code == 1000
    assert (await running.get(f"/{conversation_id}/messages")).status_code == 404
    async with running.socket("live") as jane:
        assert await jane.start(JANE) != conversation_id
        await jane.stop()
