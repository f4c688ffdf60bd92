from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.server import Engine, engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Engine]:
    async with engine(tmp_path) as it:
        yield it
