"""What clients change, and reports on what is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from engine.conversations.models import EntityRow, TrackerMatchRow
from tests.engine.conversations.test_routes import UNKNOWN, collection, meet
from tests.engine.fakes import pause, say
from tests.engine.server import BOB, JANE, OTHER_APP

if TYPE_CHECKING:
    import httpx

    from tests.engine.server import Engine


async def ask(it: Engine, method: str, path: str, body: object = None, app_id: str | None = None) -> httpx.Response:
    token = await (it.token(app_id) if app_id else it.token())
    return await it.http.request(method, f"/v1/conversations{path}", json=body, headers={"Authorization": f"Bearer {token}"})


async def test_labels_are_kept_and_found(running: Engine) -> None:
    first, second = await meet(running, "one"), await meet(running, "two")
    labels = {"agentId": "anna", "level": 3, "nested": {"a": [1, None]}}
    answer = await ask(running, "PUT", f"/{first}", {"metadata": labels})
    assert (answer.status_code, answer.json()) == (200, {"id": first, "metadata": labels})
    assert (await running.get(f"/{first}")).json()["metadata"] == labels
    await ask(running, "PUT", f"/{second}", {"metadata": {"agentId": "bob", "a'b": "*"}})

    async def found(text: str) -> list[str]:
        answer = await running.get("", filter=text)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["conversations"]]

    assert await found("conversation.metadata.agentId==anna") == [first]
    assert await found("metadata.agentId==a*;name==Week*") == [first]
    assert await found("metadata.agentId=in=(anna,bob)") == [first, second]
    assert await found("metadata.agentId!=anna") == [second]
    assert await found("metadata.level=ge=3") == [first]
    assert await found("startTime>2023-11-14T00:00:00Z;startTime=lt=2023-11-15") == [first, second]
    assert await found(f"id=out=({first})") == [second]
    assert await found("type==meeting;endTime=gt=2030-01-01") == []
    for bad in ("appId==a", "startTime==then", "name==a,name==b", "name==a;id==b;type==c"):
        refused = await running.get("", filter=bad)
        assert (refused.status_code, list(refused.json())) == (400, ["message"])
    running.clock.advance(30 * 86_400)
    assert await found("name==*ly") == [first, second], "a filter stands in place of the default time"


async def test_a_new_name_shows_in_messages_and_insights(running: Engine) -> None:
    async with running.socket("live") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send(say(3) + pause())
        await jane.until("insight_response")
        (member,) = await collection(running, conversation_id, "members")
        body = {"id": member["id"], "name": "Joan $1", "email": "joan@example.com"}
        answer = await ask(running, "PUT", f"/{conversation_id}/members/{member['id']}", body)
        assert answer.json()["message"].startswith(
            f"Member with id: {member['id']} for conversationId: {conversation_id} updated"
        )
        await jane.send(say(2) + pause())
        await jane.until("insight_response")
        await jane.stop()
    new = {"id": member["id"], "name": "Joan $1", "email": "joan@example.com"}
    assert await collection(running, conversation_id, "members") == [new]
    for message in await collection(running, conversation_id, "messages"):
        assert message["from"] == new
    (action,) = await collection(running, conversation_id, "action-items")
    assert action["text"] == "Joan $1 will send the draft by Friday."
    assert action["from"] == {"id": member["id"], "name": "Joan $1", "userId": "joan@example.com"}
    assert action["assignee"] == new
    assert [(one["type"], one["offset"]) for one in action["entities"]] == [("date", 28), ("person", 0)]
    (question,) = await collection(running, conversation_id, "questions")
    assert question["from"]["name"] == "Joan $1"


async def test_members_that_cannot_be_changed(running: Engine) -> None:
    conversation_id, other = await meet(running, "one"), await meet(running, "two")
    (jane, _), (foreign, _) = [await collection(running, one, "members") for one in (conversation_id, other)]
    path = f"/{conversation_id}/members"
    cases: list[tuple[str, object, int]] = [
        (f"{path}/{foreign['id']}", {"name": "X"}, 404),
        (f"{path}/{jane['id']}", {"id": "other", "name": "X"}, 400),
        (f"{path}/{jane['id']}", {"name": ""}, 400),
        (f"{path}/{jane['id']}", [], 400),
    ]
    for address, body, status in cases:
        answer = await ask(running, "PUT", address, body)
        assert (answer.status_code, list(answer.json())) == (status, ["message"])
    answer = await ask(running, "PUT", f"{path}/{jane['id']}", {"name": "X"}, OTHER_APP)
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)


def events(*told: tuple[str, str, float]) -> dict[str, Any]:
    return {
        "speakerEvents": [
            {"type": f"{kind}_speaking", "user": {"name": who, "email": f"{who}@x"}, "offset": {"seconds": at, "nanos": 0}}
            for kind, who, at in told
        ]
    }


async def test_speaker_events_say_who_said_what(running: Engine) -> None:
    async with running.socket("one") as unknown:
        conversation_id = await unknown.start(JANE)
        await unknown.send(pause(1.0) + say(3) + pause(1.0) + say(2) + pause(1.0))
        await unknown.until("message_response")
        running.clock.advance(60)
        path = f"/{conversation_id}/speakers"
        early = await ask(running, "PUT", path, events(("started", "ann", 0)))
        assert early.status_code == 400, "not while the conversation goes on"
        await unknown.stop()
    about = (await running.get(f"/{conversation_id}")).json()
    messages = await collection(running, conversation_id, "messages")
    assert about["startTime"] == "2023-11-14T22:13:20.000Z"
    assert messages[0]["startTime"] == "2023-11-14T22:13:17.000Z", "sound that was sent all at once"
    answer = await ask(running, "PUT", path, events(("started", "ann", 0), ("stopped", "ann", 1)))
    assert answer.status_code == 200
    assert "reflected" in answer.json()["message"]
    assert {one["from"]["name"] for one in await collection(running, conversation_id, "messages")} == {"Jane"}, (
        "nobody spoke then"
    )


async def test_insights_follow_their_message_to_its_new_speaker(running: Engine) -> None:
    async with running.socket("one") as jane:
        conversation_id = await jane.start(JANE)
        for number in (2, 3):
            running.clock.advance(10)
            await jane.send(say(number) + pause())
            await jane.until("insight_response")
        await jane.stop()
    told = events(("started", "Jane", 0), ("stopped", "Jane", 12), ("started", "Ann", 15), ("stopped", "Ann", 30))
    assert (await ask(running, "PUT", f"/{conversation_id}/speakers", told)).status_code == 200
    first, second = await collection(running, conversation_id, "messages")
    assert (first["from"]["email"], second["from"]["name"]) == ("Jane@x", "Ann")
    (action,) = await collection(running, conversation_id, "action-items")
    assert action["text"] == "Ann will send the draft by Friday."
    assert (action["from"]["name"], action["assignee"]["email"]) == ("Ann", "Ann@x")
    made = (await running.get(f"/{conversation_id}/summary")).json()
    (to_do,) = next(one["items"] for one in made["sections"] if one["name"] == "to_do")
    assert to_do["text"] == action["text"], "the summary that was made at the end is not told any more"
    nobody = {"speakerEvents": [{"type": "started_speaking", "user": {}, "offset": {}}]}
    bodies: list[object] = [{"speakerEvents": []}, {}, {"speakerEvents": [{"type": "sang"}]}, nobody]
    for bad in bodies:
        answer = await ask(running, "PUT", f"/{conversation_id}/speakers", bad)
        assert (answer.status_code, list(answer.json())) == (400, ["message"])


async def test_analytics_while_the_stream_runs_and_afterwards(running: Engine) -> None:
    async with running.socket("one") as jane, running.socket("one") as bob:
        conversation_id = await jane.start(JANE)
        await bob.start(BOB)
        running.clock.advance(10)
        await jane.send(say(3, 2.0) + pause())
        await jane.until("message_response")
        await bob.send(say(4, 1.0) + pause())
        await bob.until("insight_response")
        await bob.until("insight_response")
        live = (await running.get(f"/{conversation_id}/analytics")).json()
        await bob.stop()
        await jane.stop()
    after = (await running.get(f"/{conversation_id}/analytics")).json()
    assert live == after, "no time has gone by"
    assert {one["type"]: one["seconds"] for one in live["metrics"]} == {
        "total_silence": 8.0,
        "total_talk_time": 2.0,
        "total_overlap": 1.0,
    }
    assert [(one["name"], one["userId"], one["talkTime"]["seconds"]) for one in live["members"]] == [
        ("Jane", JANE["userId"], 2.0),
        ("Bob", BOB["userId"], 1.0),
    ]
    assert live["members"][1]["overlap"]["overlappingMembers"][0]["name"] == "Jane"


async def test_insights_of_all_kinds(running: Engine) -> None:
    conversation_id = await meet(running)
    kinds = [(one["type"], one["from"]["name"]) for one in await collection(running, conversation_id, "insights")]
    assert kinds == [("question", "Jane"), ("action_item", "Jane"), ("follow_up", "Bob")]


async def test_the_summary_is_kept_until_what_it_rests_on_changes(running: Engine) -> None:
    conversation_id = await meet(running)
    messages = {one["id"]: one["text"] for one in await collection(running, conversation_id, "messages")}
    first = await collection(running, conversation_id, "summary")
    assert first
    for item in first:
        assert item["id"].isdigit()
        (ref,) = item["messageRefs"]
        assert messages[ref["id"]] in item["text"]
    assert await collection(running, conversation_id, "summary") == first
    assert await collection(running, conversation_id, "summary", refresh="true") == first, "it is as fresh as can be"
    (member, _) = await collection(running, conversation_id, "members")
    await ask(running, "PUT", f"/{conversation_id}/members/{member['id']}", {"name": "Joan"})
    again = await collection(running, conversation_id, "summary")
    assert [one["text"] for one in again] == [one["text"].replace("Jane", "Joan") for one in first]
    async with running.socket("silent") as jane:
        silent = await jane.start(JANE)
        await jane.stop()
    assert (await running.get(f"/{silent}/summary")).status_code == 404


async def test_the_summary_has_sections(running: Engine) -> None:
    conversation_id = await meet(running)
    messages = {one["id"]: one["text"] for one in await collection(running, conversation_id, "messages")}
    made = {one["name"]: one for one in (await running.get(f"/{conversation_id}/summary")).json()["sections"]}
    to_do = [one["text"] for kind in ("action-items", "follow-ups") for one in await collection(running, conversation_id, kind)]
    assert [one["text"] for one in made["to_do"]["items"]] == to_do
    topics = [one["text"] for one in await collection(running, conversation_id, "topics")]
    assert [one["text"] for one in made["talked_about"]["items"]] == topics
    assert all(ref["id"] in messages for one in made.values() for entry in one["items"] for ref in entry["messageRefs"])
    assert "decided" not in made, "nobody decided anything"


async def transcript(it: Engine, conversation_id: str, **body: Any) -> httpx.Response:
    return await ask(it, "POST", f"/{conversation_id}/transcript", body)


async def test_transcripts(running: Engine) -> None:
    conversation_id = await meet(running)
    phrases = {"highlightOnlyInsightKeyPhrases": True}
    told = await transcript(running, conversation_id, contentType="text/markdown", showSpeakerSeparation=True, phrases=phrases)
    assert told.json() == {
        "transcript": {
            "payload": "Jane: Who takes the minutes?<br/><br/>Jane: I will <mark>send the draft</mark>.<br/><br/>"
            "Jane: The release plan is ready.<br/><br/>Bob: Let us <mark>call Bob</mark>.",
            "contentType": "text/markdown",
        }
    }
    phrases = {"highlightAllKeyPhrases": True}
    told = await transcript(running, conversation_id, contentType="text/markdown", createParagraphs=True, phrases=phrases)
    assert "The <mark>release plan</mark> is ready." in told.json()["transcript"]["payload"]
    told = await transcript(running, conversation_id, contentType="text/srt")
    content = told.json()["transcript"]["payload"]["content"]
    assert content.startswith("1\n00:00:00,000 --> 00:00:00,500\nWho takes the minutes?\n\n2\n00:00:01,500")
    for kind in ("text/vtt", "text/plain", "application/json"):
        assert (await transcript(running, conversation_id, contentType=kind)).json()["transcript"]["contentType"] == kind
    for bad in ({}, {"contentType": "text/html"}, {"contentType": "text/srt", "createParagraphs": "perhaps"}):
        refused = await transcript(running, conversation_id, **bad)
        assert (refused.status_code, list(refused.json())) == (400, ["message"])


async def test_an_experience_is_a_page_for_whoever_has_its_address(running: Engine) -> None:
    conversation_id = await meet(running)
    (member, _) = await collection(running, conversation_id, "members")
    await ask(running, "PUT", f"/{conversation_id}/members/{member['id']}", {"name": "<b>Jane</b>"})
    answer = await ask(running, "POST", f"/{conversation_id}/experiences", {"name": "verbose-text-summary"})
    assert answer.status_code == 201
    url = answer.json()["url"]
    page = await running.http.get(url)
    assert page.status_code == 200
    assert "script-src" not in page.headers["content-security-policy"]
    assert "&lt;b&gt;Jane&lt;/b&gt; will send the draft by Friday." in page.text
    assert "<b>Jane</b>" not in page.text
    for wrong in (url[:-1] + ("0" if url[-1] != "0" else "1"), re.sub(r"\d{16}", "1" * 16, url), url.replace("verbose", "other")):
        assert (await running.http.get(wrong)).status_code == 404
    refused = await ask(running, "POST", f"/{conversation_id}/experiences", {"name": "video-summary"})
    assert refused.status_code == 400


async def test_topics_by_the_client_s_own_words(running: Engine) -> None:
    conversation_id = await meet(running)
    by_text = {one["text"]: one["id"] for one in await collection(running, conversation_id, "messages")}
    topics = await collection(
        running,
        conversation_id,
        "topics",
        customTopicVocabulary=["Minutes, the DRAFT", "nothing"],
        customVocabulary="release plan",
    )
    assert [(one["text"], one["messageIds"]) for one in topics] == [
        ("release plan", [by_text["The release plan is ready."]]),
        ("Minutes", [by_text["Who takes the minutes?"]]),
        ("the DRAFT", [by_text["I will send the draft."]]),
    ]
    again = await collection(running, conversation_id, "topics", customTopicVocabulary='["minutes"]')
    assert again[1]["id"] == topics[1]["id"]
    assert (await running.get(f"/{conversation_id}/topics", customTopicVocabulary="[1]")).status_code == 400


async def test_topics_and_insights_can_be_found_again(running: Engine) -> None:
    conversation_id = await meet(running)
    before = await collection(running, conversation_id, "topics")
    after = await collection(running, conversation_id, "topics", refresh="true")
    assert [one["text"] for one in after] == [one["text"] for one in before]
    assert len(running.insights) == 2, "a second reading of the whole conversation"
    assert len(await collection(running, conversation_id, "action-items")) == 1


async def test_what_was_tracked_and_named(running: Engine) -> None:
    conversation_id = await meet(running)
    store = running.server._app.state.archive.store
    rows = {row.text: row for row in await store.messages(conversation_id)}
    ready, draft = rows["The release plan is ready."], rows["I will send the draft."]
    (insight,) = await store.insights(conversation_id, "action_item")
    ref = {"id": insight.realtime_id, "type": "action_item", "text": insight.text, "offset": 15}
    common = {"conversation_id": conversation_id, "tracker_id": "1" * 16, "name": "Plans"}
    await store.add(
        TrackerMatchRow(**common, value="release plan", message_id=ready.realtime_id, offset=4),
        TrackerMatchRow(**common, value="draft", message_id=draft.realtime_id, offset=16, insight_refs=[ref]),
        TrackerMatchRow(**common, value="release plan", message_id=draft.realtime_id, offset=-1),
    )
    kind = {"conversation_id": conversation_id, "sub_type": "", "category": ""}
    person = {"name": "Bob", "id": "7"}
    await store.add(
        EntityRow(**kind, kind="person", text="Bob", value=person, message_id=draft.realtime_id, offset=3),
        EntityRow(**kind, kind="person", text="bob", value=person, message_id=ready.realtime_id, offset=0),
    )
    for path in ("trackers-detected", "trackers"):
        (tracker,) = (await running.get(f"/{conversation_id}/{path}")).json()
        assert (tracker["id"], tracker["name"]) == ("1" * 16, "Plans")
        plan, letter = tracker["matches"]
        assert [(one["id"], one["offset"]) for one in plan["messageRefs"]] == [(ready.id, 4), (draft.id, -1)]
        assert letter == {
            "type": "vocabulary",
            "value": "draft",
            "messageRefs": [{"id": draft.id, "text": draft.text, "offset": 16}],
            "insightRefs": [{"id": insight.id, "text": insight.text, "offset": 15, "type": "action_item"}],
        }
    (entity,) = await collection(running, conversation_id, "entities")
    assert (entity["type"], entity["value"], entity["text"]) == ("person", person, "Bob")
    assert [one["id"] for one in entity["messageRefs"]] == [draft.id, ready.id]


async def test_a_page_of_another_origin_may_ask(running: Engine) -> None:
    answer = await running.http.options(
        "/v1/conversations/1/messages",
        headers={
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = await running.http.get("/v1/conversations/1", headers={"Origin": "https://example.com"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'"x"', b"{" * 5_000])
async def test_bodies_that_cannot_be_read(running: Engine, body: bytes) -> None:
    conversation_id = await meet(running)
    headers = {"x-api-key": await running.token()}
    for method, path in (("PUT", ""), ("POST", "/transcript"), ("PUT", "/speakers")):
        answer = await running.http.request(method, f"/v1/conversations/{conversation_id}{path}", content=body, headers=headers)
        assert (answer.status_code, list(answer.json())) == (400, ["message"])


async def test_a_body_beyond_the_bound_is_not_read(running: Engine) -> None:
    conversation_id = await meet(running)
    headers = {"x-api-key": await running.token()}
    answer = await running.http.put(
        f"/v1/conversations/{conversation_id}", content=b'{"metadata":{"a":"' + b"x" * 5_000_000, headers=headers
    )
    assert (answer.status_code, list(answer.json())) == (413, ["message"])
    answer = await ask(running, "PUT", f"/{conversation_id}", {"metadata": {"a": "x" * 70_000}})
    assert answer.status_code == 400
