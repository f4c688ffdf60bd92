"""Reads the word lists that lie in `data/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_DATA = files("engine.content") / "data"


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a file without comments (`#`) and empty ones."""
    rows = (line.split("#", 1)[0].strip() for line in (_DATA / name).read_text(encoding="utf-8").splitlines())
    return tuple(row for row in rows if row)


@cache
def entries(name: str) -> frozenset[str]:
    """A file of entries that are separated by commas or line ends."""
    return frozenset(entry for line in lines(name) for part in line.split(",") if (entry := part.strip()))


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """A file of headed lists: `[heading]`, then entries separated by commas or line ends."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines(name):
        if line.startswith("["):
            current = found.setdefault(line.strip("[] "), [])
        else:
            current.extend(entry for part in line.split(",") if (entry := part.strip()))
    return {heading: tuple(entries) for heading, entries in found.items()}
