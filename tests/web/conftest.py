from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

import sandbox
from sandbox.people.script import Meeting
from tests.clients.install import Unavailable, find_chromium
from tests.web.engine import EngineProgram, engine_program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    try:
        find_chromium()
    except Unavailable as reason:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=str(reason)))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EngineProgram]:
    """One engine with the real model for all tests of the page."""
    async with engine_program(tmp_path_factory.mktemp("engine")) as it:
        yield it


@pytest.fixture(scope="package")
def weekly() -> Meeting:
    return Meeting.load(Path(sandbox.__file__).parent / "meetings" / "weekly-sync")
