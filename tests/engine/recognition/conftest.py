from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.recognition.index import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of an index, and the folder that it serves."""
    root = tmp_path / "index"
    root.mkdir()
    with serving(root) as address:
        yield address, root
