"""The table of what the engine has agrees with the engine, with the tests, and with the page in the docs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import websockets
from fastapi import FastAPI

from tests import conformance
from tests.conformance import COMMAND, functions, load, render, shape
from tests.engine.server import engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance import Row

API = ("/v1/", "/oauth2/")
MIGRATION = conformance.PAGE.with_name("coming-from-symbl.md")
DRIVERS = conformance.TESTS / "clients" / "drivers"
ADDRESS_LINES = re.compile(r"^ *(?:#|//) Point it at the engine:\n(.*?)^ *(?:#|//) As ever from here\.", re.MULTILINE | re.DOTALL)


def routes(app: FastAPI) -> set[str]:
    """Methods and paths of the REST side, each path with `{}` for its parameters."""
    paths = app.openapi()["paths"]
    found = {f"{method.upper()} {shape(path)}" for path, methods in paths.items() for method in methods}
    return {route for route in found if route.partition(" ")[2].startswith(API)}


async def streams(url: str, row: Row) -> bool:
    """Whether a WebSocket address is known: then it asks for a token."""
    path = (row.route or "").removeprefix("WS ").replace("{}", "call")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{url.replace('http', 'ws')}{path}")
    return refused.value.response.status_code == 401


def test_the_page_is_up_to_date() -> None:
    assert conformance.PAGE.read_text(encoding="utf-8") == render(load()), f"run {COMMAND}"


def test_every_test_that_is_named_exists() -> None:
    named = {test for part in load() for row in part.rows for test in row.tests}
    assert not {test for test in named if test.partition("::")[2] not in functions(test.partition("::")[0])}


async def test_the_table_agrees_with_the_engine(tmp_path: Path) -> None:
    rows = {row.route: row for part in load() for row in part.rows if row.route}
    sockets = {route for route in rows if route.startswith("WS ")}
    async with engine(tmp_path) as running:
        app = running.server.config.app
        assert isinstance(app, FastAPI)
        there = routes(app) | {route for route in sockets if await streams(running.url, rows[route])}
    assert not {route for route in rows if route not in there and rows[route].tests}, "named as tested, but not there"
    assert not {route for route in there if route not in rows or not rows[route].tests}, "there, but no row names its tests"


@pytest.mark.parametrize(
    "driver",
    sorted([*DRIVERS.glob("*.js"), *DRIVERS.glob("*.cjs")]) + sorted(DRIVERS.glob("symbl_*.py")),
    ids=lambda path: path.name,
)
def test_the_lines_for_people_who_move_are_the_ones_that_are_tested(driver: Path) -> None:
    page = MIGRATION.read_text(encoding="utf-8")
    for lines in ADDRESS_LINES.findall(driver.read_text(encoding="utf-8")):
        for line in filter(None, map(str.strip, lines.splitlines())):
            assert line in page
