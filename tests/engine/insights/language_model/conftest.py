from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.insights.language_model.server import ScriptedServer, scripted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as it:
        yield it
