"""Links to the pages of meetings: what they open, to whom, and how long; and what the owner sees of the page's meetings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import websockets
from pydantic import ValidationError

from engine.auth import PAGE_APPLICATION
from engine.settings import EngineSettings
from tests.engine.conversations.test_routes import UNKNOWN, meet
from tests.engine.server import OTHER_APP, engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from tests.engine.server import Engine

PUBLIC = "https://minutes.example"
PARTS = ("", "/messages?verbose=true", "/topics", "/questions", "/action-items", "/follow-ups")


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Engine]:
    async with engine(tmp_path, ENGINE_PUBLIC_URL=f"{PUBLIC}/", ENGINE_LINK_DAYS=2) as it:
        yield it


async def link(it: Engine, conversation_id: str) -> str:
    """What the address ends with."""
    answer = (await it.get(f"/{conversation_id}/page")).json()
    address, _, token = answer["url"].rpartition("/")
    assert address == f"{PUBLIC}/#conversation/{conversation_id}"
    return str(token)


async def ask(it: Engine, token: str, path: str, method: str = "GET") -> httpx.Response:
    return await it.http.request(method, f"/v1/conversations{path}", headers={"Authorization": f"Bearer {token}"})


async def test_there_are_no_links_without_a_public_address(running: Engine) -> None:
    answer = await running.get(f"/{await meet(running)}/page")
    assert answer.status_code == 404
    assert "ENGINE_PUBLIC_URL" in answer.json()["message"]


@pytest.mark.parametrize("address", ["minutes.example", "ftp://x", "https://x.example/minutes", "https://x y", "https://x/#a"])
def test_a_public_address_is_an_origin(address: str) -> None:
    with pytest.raises(ValidationError, match="without a path"):
        EngineSettings(ENGINE_PUBLIC_URL=address)


async def test_a_link_opens_what_its_page_shows_and_nothing_else(public: Engine) -> None:
    shown, other = await meet(public, "one"), await meet(public, "two")
    token = await link(public, shown)
    for part in PARTS:
        answer = await ask(public, token, f"/{shown}{part}")
        assert answer.status_code == 200, part
    assert (await ask(public, token, f"/{shown}")).json()["name"] == "Weekly"
    forbidden = [
        ("GET", ""),
        ("GET", f"/{other}"),
        ("GET", f"/{other}/messages"),
        ("GET", f"/{shown}/page"),
        ("GET", f"/{shown}/members"),
        ("GET", f"/{shown}/topics?refresh=true"),
        ("GET", f"/{shown}/messages/"),
        ("PUT", f"/{shown}"),
        ("DELETE", f"/{shown}"),
        ("POST", f"/{shown}/transcript"),
        ("POST", f"/{shown}/experiences"),
    ]
    for method, path in forbidden:
        answer = await ask(public, token, path, method)
        assert answer.status_code in {401, 404}, (method, path)
        assert list(answer.json()) == ["message"]
    for path in ("/v1/streaming/x", "/v1/subscribe/one"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(public.ws(f"{path}?access_token={token}"))
        assert refused.value.response.status_code == 401
    job = await public.http.post("/v1/process/text", json={"messages": []}, headers={"x-api-key": token})
    assert job.status_code == 401


async def test_a_link_ends_with_its_time_and_with_its_meeting(public: Engine) -> None:
    kept, deleted = await meet(public, "one"), await meet(public, "two")
    expires = (await public.get(f"/{kept}/page")).json()["expires"]
    assert expires.startswith("2023-11-16T22:13:"), "two days after the fixed now of the tests"
    tokens = {one: await link(public, one) for one in (kept, deleted)}
    head, _, signature = tokens[kept].rpartition(".")
    forged = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    assert (await ask(public, forged, f"/{kept}")).status_code == 401
    await ask(public, await public.token(), f"/{deleted}", "DELETE")
    assert (await ask(public, tokens[deleted], f"/{deleted}")).status_code == 404
    public.clock.advance(2 * 86_400)
    assert (await ask(public, tokens[kept], f"/{kept}")).status_code == 401


async def test_a_public_engine_gives_the_page_no_sessions(public: Engine) -> None:
    answer = await public.http.post("/web/session", headers={"Origin": public.url})
    assert answer.status_code == 403
    assert "ENGINE_PUBLIC_URL" in answer.json()["message"]


async def test_the_owner_sees_the_meetings_of_the_page_and_nobody_else_does(running: Engine) -> None:
    page = (await running.http.post("/web/session", headers={"Origin": running.url})).json()["accessToken"]
    address = running.ws(f"/v1/streaming/mine?access_token={page}")
    async with websockets.connect(address) as socket:
        await socket.send('{"type": "start_request", "speaker": {"userId": "jane", "name": "Jane"}}')
        while "conversation_created" not in (frame := str(await socket.recv())):
            pass
        await socket.send('{"type": "stop_request"}')
        async for _ in socket:
            pass
    mine = frame.split('"conversationId":"')[1][:16]
    bots = await meet(running, "theirs")
    assert (await running.store.known(mine)).app_id == PAGE_APPLICATION
    assert (await running.get(f"/{mine}")).status_code == 200
    listed = (await running.get("")).json()["conversations"]
    assert {one["id"] for one in listed} == {mine, bots}
    foreign = await running.get(f"/{mine}", OTHER_APP)
    assert (foreign.status_code, foreign.json()) == (404, UNKNOWN)
    assert (await running.get("", OTHER_APP)).json() == {"conversations": []}
    assert (await ask(running, page, f"/{bots}")).status_code == 404
    assert [one["id"] for one in (await ask(running, page, "")).json()["conversations"]] == [mine]
    assert (await ask(running, await running.token(), f"/{mine}", "DELETE")).status_code == 200
    assert (await ask(running, page, f"/{mine}")).status_code == 404
