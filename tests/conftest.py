"""What all tests share: the order in which they run, and how properties are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest

settings.register_profile("minutes", deadline=None, derandomize=True)  # speed is measured elsewhere; a failure can be had again
settings.load_profile("minutes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole meetings first: they take their own time, in which the others run beside them."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
