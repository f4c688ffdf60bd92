"""Reads the word lists, grammars and coefficients that lie in `data/`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

_DATA = files("engine.insights") / "data"


@cache
def text_of(name: str) -> str:
    """The text of a data file, e.g. `fillers.txt`."""
    return (_DATA / name).read_text(encoding="utf-8")


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a text file without comments (`#`) and empty ones."""
    rows = (line.split("#", 1)[0].strip() for line in text_of(name).splitlines())
    return tuple(row for row in rows if row)


@cache
def words(name: str) -> frozenset[str]:
    """All words of a text file, whatever the line they stand on."""
    return frozenset(word for line in lines(name) for word in line.split())


@cache
def phrases(name: str) -> frozenset[tuple[str, ...]]:
    """One phrase a line, as tuples of words."""
    return frozenset(tuple(line.split()) for line in lines(name))


@cache
def mapping(name: str) -> dict[str, str]:
    """Lines of the form `key = value`."""
    pairs = (line.split("=", 1) for line in lines(name))
    return {key.strip(): value.strip() for key, value in pairs}


@cache
def sections(name: str) -> dict[str, frozenset[str]]:
    """A file of headed word lists: `[heading]`, then entries separated by commas or line ends; an entry may be a phrase."""
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in lines(name):
        if line.startswith("["):
            current = found.setdefault(line.strip("[] "), set())
        else:
            current.update(entry for part in line.split(",") if (entry := part.strip()))
    return {heading: frozenset(entries) for heading, entries in found.items()}


@cache
def listed(name: str) -> dict[str, tuple[str, ...]]:
    """A file of headed lists, one entry a line, in their order."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines(name):
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line.strip("[] "), [])
        else:
            current.append(line)
    return {heading: tuple(entries) for heading, entries in found.items()}


@cache
def tables(name: str) -> dict[str, dict[str, str]]:
    """A file of headed `key = value` lists."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in lines(name):
        if line.startswith("["):
            current = found.setdefault(line.strip("[] "), {})
        else:
            key, value = line.split("=", 1)
            current[key.strip()] = value.strip()
    return found


@cache
def numbers(name: str, heading: str) -> dict[str, int]:
    """One list of `tables` whose values are whole numbers."""
    return {key: int(value) for key, value in tables(name)[heading].items()}


@cache
def rarity() -> dict[str, float]:
    """How rare the words of conversation are, in bits; a word that is missing is rarer than all of them."""
    pairs = (line.split() for line in lines("rarity.txt"))
    return {word: int(bits) / 10 for word, bits in pairs}


@cache
def coefficients(name: str) -> tuple[float, dict[str, float]]:
    """The intercept and the weight of each feature of a linear model."""
    model = json.loads(text_of(name))
    return float(model["intercept"]), {str(key): float(value) for key, value in model["weights"].items()}
