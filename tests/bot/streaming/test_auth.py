from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from pydantic import SecretStr

from bot.errors import EngineDown, EngineRefused, ProtocolError
from bot.streaming.auth import TokenSource
from tests.bot.fakes import FakeClock


class TokenServer(httpx.AsyncBaseTransport):
    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = self._answers.pop(0) if self._answers else token(f"t{len(self.requests)}")
        if isinstance(answer, Exception):
            raise answer
        return answer


def token(name: str, expires_in: float = 86400) -> httpx.Response:
    return httpx.Response(200, json={"accessToken": name, "expiresIn": expires_in})


def source(server: TokenServer, clock: FakeClock | None = None) -> TokenSource:
    http = httpx.AsyncClient(base_url="http://engine.test", transport=server)
    return TokenSource(http, "my-app", SecretStr("my-secret"), clock or FakeClock())


async def test_the_credentials_are_posted_once_for_many_who_ask() -> None:
    server = TokenServer()
    tokens = source(server)
    assert await asyncio.gather(*(tokens.token() for _ in range(5))) == ["t1"] * 5
    (request,) = server.requests
    assert request.method == "POST"
    assert request.url.raw_path == b"/oauth2/token:generate"
    assert json.loads(request.content) == {"type": "application", "appId": "my-app", "appSecret": "my-secret"}


async def test_a_token_is_renewed_shortly_before_it_expires() -> None:
    server, clock = TokenServer(token("old", 600)), FakeClock()
    tokens = source(server, clock)
    given = []
    for seconds in (0, 530, 20):
        clock.time += seconds
        given.append(await tokens.token())
    assert given == ["old", "old", "t2"]


async def test_a_token_that_lives_shortly_is_still_used() -> None:
    server, clock = TokenServer(token("brief", 20)), FakeClock()
    tokens = source(server, clock)
    await tokens.token()
    clock.time += 9
    assert await tokens.token() == "brief"


async def test_a_refused_token_is_forgotten_but_not_its_successor() -> None:
    tokens = source(TokenServer())
    first = await tokens.token()
    tokens.forget(first)
    second = await tokens.token()
    tokens.forget(first)
    assert [first, second, await tokens.token()] == ["t1", "t2", "t2"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx.ConnectError("refused"), EngineDown, "ENGINE_URL"),
        (httpx.ReadTimeout("slow"), EngineDown, "ENGINE_URL"),
        (httpx.Response(401, json={"message": "no"}), EngineRefused, "ENGINE_APP_ID"),
        (httpx.Response(429, json={"statusCode": 429, "message": "Too many."}), EngineRefused, "429: Too many."),
        (httpx.Response(500, text="<html>"), EngineRefused, "500"),
        (httpx.Response(200, text="welcome"), ProtocolError, "cannot be read"),
    ],
)
async def test_errors_are_sentences_without_the_secret(
    answer: httpx.Response | Exception, error: type[Exception], words: str
) -> None:
    server = TokenServer(answer)
    tokens = source(server)
    with pytest.raises(error) as caught:
        await tokens.token()
    assert words in str(caught.value)
    assert "my-secret" not in str(caught.value)
    assert await tokens.token() == "t2"
