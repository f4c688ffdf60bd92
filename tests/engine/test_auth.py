from __future__ import annotations

import base64
import json
import logging
import stat
import sys
from logging.handlers import BufferingHandler
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import websockets
from typer.testing import CliRunner

from engine.__main__ import app
from engine.auth import Tokens
from engine.credentials import Credentials, add_application, applications, load_credentials, remove_application
from engine.errors import SettingsError, Unauthorized
from engine.settings import EngineSettings
from tests.engine.fakes import OwnClock
from tests.engine.server import APP, OTHER_APP, SECRETS, SIGNING_KEY

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.engine.server import Engine

INVALID = {"message": "Token validation failed for provided token."}


def settings(folder: Path, app_id: str = "", secret: str = "") -> EngineSettings:
    return EngineSettings.model_validate({"DATA_DIR": folder, "ENGINE_APP_ID": app_id, "ENGINE_APP_SECRET": secret})


def test_credentials_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = load_credentials(settings(tmp_path))
    ((app_id, secret),) = made.applications.items()
    assert (len(app_id), len(secret)) == (64, 128)
    assert (app_id + secret).isalnum()
    assert load_credentials(settings(tmp_path)) == made
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "engine" / "credentials.json").stat().st_mode) == 0o600


def test_given_credentials_take_the_place_of_the_made_ones(tmp_path: Path) -> None:
    given = load_credentials(settings(tmp_path, "mine", "secret"))
    assert given.applications == {"mine": "secret"}
    assert given.signing_key == load_credentials(settings(tmp_path)).signing_key, "tokens live through a restart"


@pytest.mark.parametrize(("app_id", "secret", "missing"), [("mine", "", "ENGINE_APP_SECRET"), ("", "s", "ENGINE_APP_ID")])
def test_half_a_pair_is_named(tmp_path: Path, app_id: str, secret: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=f"^{missing} is missing"):
        load_credentials(settings(tmp_path, app_id, secret))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    load_credentials(settings(tmp_path))
    (tmp_path / "engine" / "credentials.json").write_text("{}")
    with pytest.raises(SettingsError, match="damaged"):
        load_credentials(settings(tmp_path))


def test_more_applications_have_their_own_pair(tmp_path: Path) -> None:
    first = load_credentials(settings(tmp_path))
    notes, robot = add_application(settings(tmp_path), "notes"), add_application(settings(tmp_path), "robot")
    assert (len(notes.app_id), len(notes.app_secret)) == (64, 128)
    known = load_credentials(settings(tmp_path))
    assert known.applications == {**first.applications, notes.app_id: notes.app_secret, robot.app_id: robot.app_secret}
    assert known.signing_key == first.signing_key
    assert next(iter(known.applications)) == next(iter(first.applications)), "the first one is shown at the start"
    given = load_credentials(settings(tmp_path, "mine", "secret")).applications
    assert list(given) == ["mine", notes.app_id, robot.app_id]
    remove_application(settings(tmp_path), "notes")
    assert [one.name for one in applications(settings(tmp_path))] == ["robot"]
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "engine" / "credentials.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "said"), [("", "has 1 to 64"), ("x" * 65, "has 1 to 64"), ("a\nb", "has 1 to 64"), ("twice", "already")]
)
def test_a_name_that_cannot_be_given(tmp_path: Path, name: str, said: str) -> None:
    add_application(settings(tmp_path), "twice")
    with pytest.raises(SettingsError, match=said):
        add_application(settings(tmp_path), name)
    assert len(applications(settings(tmp_path))) == 1


def test_an_application_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    add_application(settings(tmp_path), "notes")
    with pytest.raises(SettingsError, match="There is no application robot; there are: notes"):
        remove_application(settings(tmp_path), "robot")


def test_applications_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["apps", *arguments])
        return result.exit_code, result.output

    assert run("list") == (0, "There is only the engine's first application.\n")
    code, added = run("add", "notes")
    secret = applications(settings(tmp_path))[0].app_secret
    assert code == 0
    assert secret not in added, "a secret is shown to a terminal alone"
    assert run("list") == (0, f"{applications(settings(tmp_path))[0].app_id}  notes\n")
    assert run("add", "notes")[0] == 2
    assert run("remove", "notes") == (0, "Removed notes\n")
    assert run("remove", "notes")[0] == 2


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsError, match="DATA_DIR"):
        load_credentials(settings(tmp_path / "data"))


@pytest.mark.parametrize("app_id", [APP, *("x" * shift + ">?~\x7f\xff" for shift in range(4))])
def test_claims_need_neither_minus_nor_underscore(app_id: str) -> None:
    token, _ = Tokens(Credentials({app_id: "s"}, SIGNING_KEY), OwnClock()).issue(app_id, "s")
    claims = token.split(".")[1]
    assert not set("-_") & set(claims)
    decoded = json.loads(base64.b64decode(claims + "=" * (-len(claims) % 4)))
    assert decoded["sub"] == f"{app_id}@clients"
    assert {"iss", "aud", "iat", "exp"} <= decoded.keys()


def test_a_token_lives_a_day_and_is_the_same_until_its_last_minute() -> None:
    clock = OwnClock()
    tokens = Tokens(Credentials(SECRETS, SIGNING_KEY), clock)
    first, seconds = tokens.issue(APP, SECRETS[APP])
    assert seconds == 86_400
    clock.advance(86_000)
    assert tokens.issue(APP, SECRETS[APP]) == (first, 400)
    clock.advance(350)
    second, seconds = tokens.issue(APP, SECRETS[APP])
    assert second != first
    assert seconds == 86_400
    assert tokens.application(first) == APP
    clock.advance(50)
    with pytest.raises(Unauthorized):
        tokens.application(first)


def forged(**claims: Any) -> str:
    return jwt.encode({"sub": f"{APP}@clients", "exp": 4_000_000_000, **claims}, SIGNING_KEY)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "no token",
        "a.b.c",
        forged(),
        forged(aud="elsewhere"),
        jwt.encode({"sub": f"{APP}@clients", "exp": 4_000_000_000}, "another key" * 4),
        jwt.encode({"sub": f"{APP}@clients", "exp": 4_000_000_000}, "", algorithm="none"),
    ],
)
def test_other_tokens_are_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        Tokens(Credentials(SECRETS, SIGNING_KEY), OwnClock()).application(token)


def test_an_application_that_is_no_longer_known_is_refused() -> None:
    clock = OwnClock()
    token, _ = Tokens(Credentials(SECRETS, SIGNING_KEY), clock).issue(OTHER_APP, SECRETS[OTHER_APP])
    with pytest.raises(Unauthorized):
        Tokens(Credentials({APP: "s"}, SIGNING_KEY), clock).application(token)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "application", "appId": APP, "appSecret": SECRETS[APP], "AuthURI": "https://elsewhere"}, 200),
        ({"type": "application", "appId": APP, "appSecret": "wrong"}, 401),
        ({"type": "application", "appId": "unknown", "appSecret": ""}, 401),
        ({"type": "password", "appId": APP, "appSecret": SECRETS[APP]}, 400),
        ({"type": "application", "appId": 7}, 400),
        ([], 400),
        ({"appId": "x" * 100_000}, 413),
    ],
)
async def test_the_token_address(running: Engine, body: object, status: int) -> None:
    answer = await running.http.post("/oauth2/token:generate", json=body)
    assert answer.status_code == status
    assert answer.json().keys() == ({"accessToken", "expiresIn"} if status == 200 else {"message"})


async def test_rest_takes_the_token_in_two_headers_and_refuses_without(running: Engine) -> None:
    token = await running.token()
    for headers in ({"Authorization": f"Bearer {token}"}, {"authorization": f"bearer {token}"}, {"x-api-key": token}):
        assert (await running.http.get("/v1/conversations", headers=headers)).status_code == 200
    for bad in ({}, {"Authorization": "Bearer nonsense"}, {"x-api-key": f"{token}x"}, {"Authorization": token}):
        answer = await running.http.get("/v1/conversations", headers=bad)
        assert (answer.status_code, answer.json()) == (401, INVALID)


@pytest.mark.parametrize("path", ["/v1/streaming", "/v1/realtime/insights"])
@pytest.mark.parametrize("form", ["query", "old query", "x-api-key", "bearer", "subprotocol", "subprotocol and header"])
async def test_a_stream_takes_the_token_in_every_form(running: Engine, path: str, form: str) -> None:
    token = await running.token()
    query = {"query": f"?access_token={token}", "old query": f"?source=js_sdk&accessToken={token}"}.get(form, "")
    headers = {
        "x-api-key": {"x-api-key": token},
        "bearer": {"Authorization": f"Bearer {token}"},
        "subprotocol and header": {"X-API-KEY": token},
    }.get(form)
    offered = [websockets.Subprotocol(token)] if form.startswith("subprotocol") else None
    uri = running.ws(f"{path}/dXNlckBleGFtcGxlLmNvbQ=={query}")
    async with websockets.connect(uri, additional_headers=headers, subprotocols=offered) as socket:
        assert socket.subprotocol == (token if offered else None)


@pytest.mark.parametrize("path", ["/v1/streaming", "/v1/realtime/insights", "/v1/subscribe", "/session/subscribe"])
@pytest.mark.parametrize("query", ["", "?access_token=nonsense"])
async def test_an_upgrade_without_a_good_token_is_refused_as_rest_is(running: Engine, path: str, query: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(running.ws(f"{path}/meeting{query}"))
    response = refused.value.response
    assert response.status_code == 401
    assert json.loads(response.body or b"") == INVALID


async def test_an_upgrade_that_was_refused_is_no_error_in_the_log(running: Engine) -> None:
    log, said = logging.getLogger("uvicorn.error"), BufferingHandler(100)
    log.addHandler(said)
    try:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(running.ws("/v1/streaming/meeting"))
        await running.stop()
    finally:
        log.removeHandler(said)
    assert [record.getMessage() for record in said.buffer if record.levelno >= logging.WARNING] == []


async def test_browsers_may_ask_from_any_page(running: Engine) -> None:
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    for path, wanted in (("/oauth2/token:generate", "content-type"), ("/v1/conversations/1/messages", "authorization")):
        answer = await running.http.request("OPTIONS", path, headers={**headers, "Access-Control-Request-Headers": wanted})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert wanted in answer.headers["access-control-allow-headers"]
    refused = await running.http.get("/v1/conversations", headers={"Origin": "https://page.example"})
    assert refused.headers["access-control-allow-origin"] == "*", "a page can read why it was refused"


async def test_health_needs_no_token(running: Engine) -> None:
    answer = await running.http.get("/health")
    assert answer.json() == {"status": "ok", "lag": 0.0, "streams": 0}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/v1/conversations", 405)])
async def test_other_errors_have_the_same_body(running: Engine, method: str, path: str, status: int) -> None:
    answer: httpx.Response = await running.http.request(method, path)
    assert answer.status_code == status
    assert answer.json().keys() == {"message"}
