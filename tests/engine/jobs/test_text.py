from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from engine.jobs.text import zone_of
from tests.engine.conversations.test_routes import UNKNOWN, collection
from tests.engine.jobs.office import call, finished, text
from tests.engine.server import JANE, OTHER_APP, engine
from wire.jobs import TextMessage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine


async def test_text_becomes_a_conversation_with_all_that_a_stream_has(running: Engine) -> None:
    trackers = [{"name": "Plans", "vocabulary": ["release plan"]}, {"name": "Empty", "vocabulary": []}]
    ids = await text(
        running,
        ("Jane", "Who takes the minutes?"),
        ("Bob", "I will send the draft."),
        ("Jane", "The release plan is ready."),
        ("", "   "),
        name="Handed over",
        detectPhrases="true",
        detectEntities=True,
        entities=[{"customType": "Paper", "text": "Draft", "value": "document"}],
        trackers=trackers,
        enableSummary=True,
    )
    assert (await finished(running, ids["jobId"])) == {"id": ids["jobId"], "status": "completed"}
    conversation_id = ids["conversationId"]
    about = (await running.get(f"/{conversation_id}")).json()
    assert (about["name"], [one["email"] for one in about["members"]]) == ("Handed over", ["Jane@x", "Bob@x"])
    assert about["startTime"] == about["endTime"] == "2023-11-14T22:13:20.000Z"
    messages = await collection(running, conversation_id, "messages", sentiment="true")
    assert [(one["from"]["name"], one["text"]) for one in messages] == [
        ("Jane", "Who takes the minutes?"),
        ("Bob", "I will send the draft."),
        ("Jane", "The release plan is ready."),
    ]
    assert messages[1]["phrases"] == [{"type": "action_phrase", "text": "send the draft"}]
    assert set(messages[0]["sentiment"]) == {"polarity", "suggested"}
    (action,) = await collection(running, conversation_id, "action-items")
    assert (action["from"]["name"], action["messageIds"]) == ("Bob", [messages[1]["id"]])
    assert [one["text"] for one in await collection(running, conversation_id, "topics")] == ["release plan"]
    (tracker,) = (await running.get(f"/{conversation_id}/trackers-detected")).json()
    assert tracker["matches"][0]["messageRefs"] == [{"id": messages[2]["id"], "text": messages[2]["text"], "offset": 4}]
    entities = await collection(running, conversation_id, "entities")
    (custom,) = [one for one in entities if one["type"] == "custom"]
    assert (custom["customType"], custom["value"], custom["text"]) == ("Paper", "document", "draft")
    assert await collection(running, conversation_id, "summary")


async def test_times_of_messages_are_kept(running: Engine) -> None:
    span = {"startTime": "2020-07-21T16:04:19.99Z", "endTime": "2020-07-21T16:04:22"}
    messages: list[dict[str, Any]] = [
        {"payload": {"content": "Hello."}, "duration": span, "from": {"name": "Jane"}},
        {"payload": {"content": "No time."}},
        {"payload": {"content": "Later."}, "duration": {"startTime": "2020-07-21T18:04:32+02:00"}},
    ]
    answer = await call(running, "POST", "/v1/process/text", json={"messages": messages})
    assert (await finished(running, answer.json()["jobId"]))["status"] == "completed"
    conversation_id = answer.json()["conversationId"]
    found = await collection(running, conversation_id, "messages")
    assert [(one["startTime"], one["endTime"][17:], one["timeOffset"]) for one in found] == [
        ("2020-07-21T16:04:19.990Z", "22.000Z", 0.0),
        ("2020-07-21T16:04:22.000Z", "22.000Z", 2.01),
        ("2020-07-21T16:04:32.000Z", "32.000Z", 12.01),
    ]
    about = (await running.get(f"/{conversation_id}")).json()
    assert (about["startTime"], about["endTime"]) == ("2020-07-21T16:04:19.990Z", "2020-07-21T16:04:32.000Z")
    assert [one.get("name") for one in about["members"]] == ["Jane", None]


async def test_text_is_appended_to_what_is_there(running: Engine) -> None:
    ids = await text(running, ("Jane", "Who takes the minutes?"))
    conversation_id = ids["conversationId"]
    path = f"/v1/process/text/{conversation_id}"
    more = await asyncio.gather(*(text(running, ("Jane", f"I will send the draft {number}."), path=path) for number in range(4)))
    for one in more:
        assert one["conversationId"] == conversation_id
        assert (await finished(running, one["jobId"]))["status"] == "completed"
    said = [one["text"] for one in await collection(running, conversation_id, "messages")]
    assert said[0] == "Who takes the minutes?"
    assert sorted(said[1:]) == [f"I will send the draft {number}." for number in range(4)]
    assert len(await collection(running, conversation_id, "members")) == 1
    assert len(await collection(running, conversation_id, "action-items")) == 4
    assert len(await collection(running, conversation_id, "questions")) == 1, "what was found before stays"


async def test_a_finished_stream_can_be_appended_to_but_no_running_one(running: Engine) -> None:
    body = {"messages": [{"payload": {"content": "I will send the draft."}, "from": JANE}]}
    async with running.socket("live") as jane:
        conversation_id = await jane.start(JANE)
        early = await call(running, "PUT", f"/v1/process/text/{conversation_id}", json=body)
        assert early.status_code == 400
        await jane.stop()
    answer = await call(running, "PUT", f"/v1/process/text/{conversation_id}", json=body)
    assert (await finished(running, answer.json()["jobId"]))["status"] == "completed"
    (message,) = await collection(running, conversation_id, "messages")
    (member,) = await collection(running, conversation_id, "members")
    assert message["from"] == member
    foreign = await call(running, "PUT", f"/v1/process/text/{conversation_id}", OTHER_APP, json=body)
    assert (foreign.status_code, foreign.json()) == (404, UNKNOWN)


async def test_personal_data_can_be_hidden(running: Engine) -> None:
    redaction = {"redactContent": True, "identifyContent": True}
    ids = await text(running, ("Jane", "Call me at 202-555-0143, I will send the draft."), redaction=redaction)
    await finished(running, ids["jobId"])
    (message,) = await collection(running, ids["conversationId"], "messages")
    assert "555" not in message["text"]
    assert "****" in message["text"]


async def test_jobs_are_their_application_s_own(running: Engine) -> None:
    ids = await text(running, ("Jane", "Hello."))
    for app_id, job_id in ((OTHER_APP, ids["jobId"]), (OTHER_APP, "../x")):
        answer = await call(running, "GET", f"/v1/job/{job_id}", app_id)
        assert answer.status_code == 404
    assert (await running.http.get(f"/v1/job/{ids['jobId']}")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": "x"},
        {"messages": [{"payload": {}}], "confidenceThreshold": 2},
        {"messages": [{"from": {"name": "Jane"}}]},
        {"messages": [{"payload": {"content": "x" * 50_001}}]},
        {"messages": [{"payload": {"content": "x"}, "duration": {"startTime": "1066-10-14T00:00:00Z"}}]},
        {"messages": [{"payload": {"content": "x"}, "duration": {"startTime": "then"}}]},
        {
            "messages": [
                {
                    "payload": {"content": "x"},
                    "duration": {"startTime": "2020-01-01T00:00:00Z", "endTime": "2024-01-01T00:00:00Z"},
                }
            ]
        },
        {"messages": [{"payload": {"content": "x"}}], "webhookUrl": "http://127.0.0.1/"},
        {"messages": [{"payload": {"content": "x"}}], "webhookUrl": "https://elsewhere.example.org/"},
        {"messages": [{"payload": {"content": "x"}}], "trackers": [{"name": "a", "vocabulary": ["x" * 201]}]},
    ],
)
async def test_what_cannot_be_processed_is_refused_and_leaves_nothing(running: Engine, body: object) -> None:
    answer = await call(running, "POST", "/v1/process/text", json=body)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])
    assert (await running.get("")).json() == {"conversations": []}


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("2026-11-18T10:00:00+02:00", -120.0),
        ("2026-11-18T10:00:00-05:30", 330.0),
        ("2026-11-18T10:00:00Z", 0.0),
        ("2026-11-18T10:00:00", 0.0),
    ],
)
def test_dates_are_reckoned_in_the_zone_of_the_first_time(moment: str, zone: float) -> None:
    timed = TextMessage.model_validate({"payload": {"content": "x"}, "duration": {"startTime": moment}})
    untimed = TextMessage.model_validate({"payload": {"content": "x"}})
    assert zone_of([untimed, timed]) == zone
    assert zone_of([untimed]) == 0.0


async def test_more_jobs_than_allowed_are_too_many(tmp_path: Path) -> None:
    async with engine(tmp_path, ENGINE_JOBS=0) as it:
        answer = await call(it, "POST", "/v1/process/text", json={"messages": [{"payload": {"content": "x"}}]})
        assert answer.status_code == 429
        assert (answer.json()["statusCode"], list(answer.json())) == (429, ["statusCode", "message"])
