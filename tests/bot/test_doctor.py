from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from pydantic import SecretStr
from rich.console import Console

from bot import doctor
from bot.settings import DiscordSettings, EngineSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def server(*routes: web.RouteDef) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def give_gateway(_request: web.Request) -> web.Response:
    return web.json_response({"url": "wss://gateway.test"})


async def give_name(request: web.Request) -> web.Response:
    if request.headers["Authorization"] != "Bot right":
        raise web.HTTPUnauthorized
    return web.json_response({"username": "Minutes"})


async def give_token(request: web.Request) -> web.Response:
    body = await request.json()
    if body != {"type": "application", "appId": "app", "appSecret": "secret"}:
        raise web.HTTPUnauthorized
    return web.json_response({"accessToken": "jwt", "expiresIn": 86400})


def discord_at(address: str, token: str = "") -> DiscordSettings:
    return DiscordSettings().model_copy(update={"api_url": address, "token": SecretStr(token)})


def engine_at(address: str, secret: str) -> EngineSettings:
    return EngineSettings().model_copy(update={"url": address, "app_id": "app", "app_secret": SecretStr(secret)})


@pytest.mark.parametrize(("version", "result"), [((3, 10), "failed"), ((3, 11), "ok"), ((3, 14), "ok"), ((3, 15), "warning")])
def test_python(version: tuple[int, int], result: str) -> None:
    assert doctor.python_version(version).result == result


def test_what_hearing_needs_is_here() -> None:
    assert doctor.opus().result == "ok"
    assert doctor.encryption().result == "ok"


def test_a_folder_that_can_be_written(tmp_path: Path) -> None:
    assert doctor.data_folder(tmp_path / "new").result == "ok"
    assert doctor.disk(tmp_path / "not" / "there").result in {"ok", "warning"}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check = doctor.data_folder(tmp_path / "file" / "data")

    assert check.failed
    assert "DATA_DIR" in check.advice


async def test_discord_and_a_right_token() -> None:
    async with server(web.get("/gateway", give_gateway), web.get("/users/@me", give_name)) as address:
        assert (await doctor.gateway(discord_at(address))).found == "gateway wss://gateway.test"
        assert (await doctor.token(discord_at(address, "right"))).found == "belongs to Minutes"
        refused = await doctor.token(discord_at(address, "wrong"))

    assert refused.failed
    assert "wrong" not in refused.found + refused.advice


async def test_discord_out_of_reach() -> None:
    async with server() as address:
        assert (await doctor.gateway(discord_at(address, "right"))).found == "answers 404"
    assert (await doctor.gateway(discord_at(address, "right"))).failed
    assert not (await doctor.gateway(discord_at(address))).failed, "demo and serve work without Discord"
    assert (await doctor.token(discord_at(address, "right"))).result == "warning"


async def test_no_token_is_no_failure() -> None:
    assert (await doctor.token(discord_at("http://127.0.0.1:1"))).result == "warning"


async def test_an_engine_of_ones_own(tmp_path: Path) -> None:
    async with server(web.post("/oauth2/token:generate", give_token)) as address:
        assert (await doctor.engine(engine_at(address, "secret"), tmp_path)).result == "ok"
        assert (await doctor.engine(engine_at(address, "wrong"), tmp_path)).found == f"{address} answers 401"
    assert (await doctor.engine(engine_at(address, "secret"), tmp_path)).failed


def test_the_table_shows_result_and_advice() -> None:
    checks = [doctor.Check("disk", "failed", "0.1 GB free", "Free some space."), doctor.Check("token", "ok", "belongs to M")]
    out = io.StringIO()
    Console(file=out, width=100).print(doctor.table(checks))

    assert "failed" in out.getvalue()
    assert "Free some space." in out.getvalue()
