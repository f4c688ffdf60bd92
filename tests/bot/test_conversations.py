from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from bot.conversations import ConversationClient
from bot.errors import EngineDown, EngineRefused, ProtocolError
from bot.streaming.auth import TokenSource
from tests.bot.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "5103365432579787"

# Composed from the documented shapes, with members that are unknown here.
ANSWERS: dict[str, object] = {
    f"/v1/conversations/{ID}": {"id": ID, "type": "meeting", "name": "Weekly", "members": [], "metadata": {"a": 1}, "new": 1},
    f"/v1/conversations/{ID}/messages": {
        "messages": [
            {
                "id": "6391234702857622",
                "text": "The first build goes out on Tuesday.",
                "from": {"id": "9531985d", "name": "Jane", "email": "1001"},
                "startTime": "2020-07-10T11:16:21.024Z",
                "endTime": "2020-07-10T11:16:26.724Z",
                "conversationId": ID,
                "phrases": [],
            }
        ]
    },
    f"/v1/conversations/{ID}/topics": {"topics": [{"id": "1", "text": "plan", "type": "topic", "score": 1, "messageIds": ["2"]}]},
    f"/v1/conversations/{ID}/action-items": {
        "actionItems": [{"id": "1", "text": "Do it.", "type": "action_item", "from": {}, "assignee": {"email": "1001"}}]
    },
    f"/v1/conversations/{ID}/follow-ups": {"followUps": [{"id": "1", "text": "Meet.", "type": "follow_up", "dueBy": "2021"}]},
    f"/v1/conversations/{ID}/questions": {"questions": [{"id": "1", "text": "Why?", "from": {"userId": "1002"}}]},
    f"/v1/conversations/{ID}/members": {"members": [{"id": "1", "name": "Jane", "email": "1001"}]},
}


class Api(httpx.AsyncBaseTransport):
    """Answers from the table, after the answers that are given first."""

    def __init__(self, *first: httpx.Response | Exception) -> None:
        self.first = list(first)
        self.asked: list[str] = []
        self.tokens = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token:generate":
            self.tokens += 1
            return httpx.Response(200, json={"accessToken": f"t{self.tokens}"})
        self.asked.append(request.headers["authorization"])
        if self.first:
            answer = self.first.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        found = ANSWERS.get(request.url.path)
        return httpx.Response(200, content=json.dumps(found)) if found else httpx.Response(404, json={"message": "Unknown id."})


class PatientClock(FakeClock):
    """Sleeping takes no time, but is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def client(api: Api, clock: PatientClock | None = None) -> ConversationClient:
    clock = clock or PatientClock()
    http = httpx.AsyncClient(base_url="http://engine.test", transport=api)
    return ConversationClient(http, TokenSource(http, "app", SecretStr("secret"), clock), clock)


async def test_everything_is_read_by_conversation_id() -> None:
    reader = client(Api())
    assert (await reader.conversation(ID)).name == "Weekly"
    (message,) = await reader.messages(ID)
    assert (message.text, message.from_.email) == ("The first build goes out on Tuesday.", "1001")
    assert [topic.score for topic in await reader.topics(ID)] == [1.0]
    assert [item.assignee.email for item in await reader.action_items(ID)] == ["1001"]
    assert [item.due_by for item in await reader.follow_ups(ID)] == ["2021"]
    assert [question.from_.user_id for question in await reader.questions(ID)] == ["1002"]
    assert [member.email for member in await reader.members(ID)] == ["1001"]


async def test_a_link_to_the_page_is_none_where_the_server_gives_none() -> None:
    given = httpx.Response(200, json={"url": "https://x/#conversation/1/t", "expires": "2026-01-05T09:00:00.000Z"})
    page = await client(Api(given)).page(ID)
    assert page is not None
    assert page.url == "https://x/#conversation/1/t"
    for status in (404, 405):
        assert await client(Api(httpx.Response(status, json={"message": "No."}))).page(ID) is None
    with pytest.raises(EngineRefused):
        await client(Api(httpx.Response(400, json={"message": "No."}))).page(ID)


async def test_an_unknown_conversation_is_refused_with_its_status_and_not_asked_for_again() -> None:
    api = Api()
    with pytest.raises(EngineRefused, match="Unknown id") as caught:
        await client(api).messages("1/../2")
    assert caught.value.status == 404
    assert len(api.asked) == 1


async def test_a_failing_server_is_asked_again_with_pauses() -> None:
    api, clock = Api(httpx.ConnectError("no"), httpx.Response(503), httpx.ReadTimeout("slow")), PatientClock()
    assert len(await client(api, clock).messages(ID)) == 1
    assert clock.slept == [0.2, 0.8, 2.0]


@pytest.mark.parametrize("make", [lambda: httpx.ConnectError("no"), lambda: httpx.Response(500)])
async def test_a_server_that_stays_away_is_down(make: Callable[[], httpx.Response | Exception]) -> None:
    api = Api(*(make() for _ in range(10)))
    with pytest.raises(EngineDown):
        await client(api).topics(ID)
    assert len(api.asked) == 4


async def test_an_expired_token_is_renewed_once() -> None:
    api = Api(httpx.Response(401, json={"message": "expired"}))
    await client(api).topics(ID)
    assert api.asked == ["Bearer t1", "Bearer t2"]
    with pytest.raises(EngineRefused):
        await client(Api(*(httpx.Response(401) for _ in range(3)))).topics(ID)


@pytest.mark.parametrize("body", ["", "<html>", '{"topics": 3}', '{"topics": [{"id": 1}]}'])
async def test_an_answer_that_cannot_be_read(body: str) -> None:
    with pytest.raises(ProtocolError, match="topics"):
        await client(Api(httpx.Response(200, text=body))).topics(ID)
