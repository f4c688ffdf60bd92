"""Who gets the page's token, what it opens, and what the page may do; without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

import engine.web
from engine.auth import PAGE_APPLICATION, PAGE_SECONDS, Tokens
from engine.credentials import Credentials
from engine.errors import Forbidden, Unauthorized
from engine.web.access import check_page
from tests.engine.fakes import OwnClock
from tests.engine.server import SECRETS, SIGNING_KEY, Engine
from tests.engine.server import engine as engine_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STATIC = Path(engine.web.__file__).parent / "static"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Engine]:
    async with engine_in(tmp_path) as it:
        yield it


def asked(client: str, host: str, **headers: str) -> Request:
    all_headers = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(
        {
            "type": "http",
            "client": (client, 50_000),
            "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        }
    )


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "127.0.0.1:8765"),
        ("127.0.0.1", "localhost:8765"),
        ("::1", "[::1]:8765"),
        ("::ffff:127.0.0.1", "localhost"),
    ],
)
def test_the_own_page_on_this_machine_is_let_in(client: str, host: str) -> None:
    check_page(asked(client, host, origin=f"http://{host}", sec_fetch_site="same-origin"))


@pytest.mark.parametrize(
    ("client", "host", "headers"),
    [
        pytest.param("192.168.1.7", "localhost:8765", {}, id="another machine"),
        pytest.param("127.0.0.1", "evil.example:8765", {}, id="a name that was made to point here"),
        pytest.param("127.0.0.1", "127.0.0.1.evil.example", {}, id="a name that looks like an address"),
        pytest.param("127.0.0.1", "[::1", {}, id="a broken host"),
        pytest.param("127.0.0.1", "localhost:8765", {"x_forwarded_for": "203.0.113.5"}, id="through a proxy"),
        pytest.param("127.0.0.1", "localhost:8765", {"origin": "http://evil.example"}, id="another page"),
        pytest.param("127.0.0.1", "localhost:8765", {"origin": "http://localhost:3000"}, id="another page of this machine"),
        pytest.param("127.0.0.1", "localhost:8765", {"origin": "null"}, id="a page without an address"),
        pytest.param("127.0.0.1", "localhost:8765", {"origin": ""}, id="no page"),
        pytest.param("127.0.0.1", "localhost:8765", {"sec_fetch_site": "cross-site"}, id="the browser says it is another page"),
    ],
)
def test_everybody_else_is_refused(client: str, host: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        check_page(asked(client, host, **{"origin": f"http://{host}", **headers}))


def test_a_page_token_is_short_lived_and_no_one_elses() -> None:
    clock = OwnClock()
    tokens = Tokens(Credentials(SECRETS, SIGNING_KEY), clock)
    token, seconds = tokens.issue_to_page()
    assert tokens.application(token) == PAGE_APPLICATION
    with pytest.raises(Unauthorized):
        tokens.issue(PAGE_APPLICATION, "")
    clock.advance(seconds)
    with pytest.raises(Unauthorized):
        tokens.application(token)


async def test_a_session_is_given_to_the_page_and_opens_its_own_conversations_alone(running: Engine) -> None:
    refused = await running.http.post("/web/session", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert "Another page" in refused.json()["message"]
    session = (await running.http.post("/web/session", headers={"Origin": running.url})).json()
    assert session["expiresIn"] == PAGE_SECONDS
    async with running.socket("room") as socket:
        theirs = await socket.start()
        answer = await running.http.get(
            f"/v1/conversations/{theirs}", headers={"Authorization": f"Bearer {session['accessToken']}"}
        )
        assert answer.status_code == 404, "the bot's conversations are none of the page's business"


async def test_the_page_and_all_its_parts_are_served_with_a_strict_policy(running: Engine) -> None:
    files = sorted(path.name for path in STATIC.iterdir())
    assert {"index.html", "main.js", "worklet.js", "style.css"} <= set(files)
    for path in ("/", *(f"/web/{name}" for name in files)):
        answer = await running.http.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await running.http.get("/web/main.js")).headers["content-type"].startswith("text/javascript")
    assert (await running.http.get("/web/routes.py")).status_code == 404
    assert (await running.http.get("/web/../app.py")).status_code == 404


async def test_an_unchanged_part_is_not_sent_again(running: Engine) -> None:
    first = await running.http.get("/web/main.js")
    again = await running.http.get("/web/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_in_the_page_is_inline_or_read_as_markup() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "style=" not in page
    assert "onclick=" not in page
    for script in STATIC.glob("*.js"):
        source = script.read_text(encoding="utf-8")
        for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert dangerous not in source, f"{script.name} uses {dangerous}"
