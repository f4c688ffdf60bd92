"""What all tests share: the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole meetings first: they take their own time, in which the others run beside them."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
