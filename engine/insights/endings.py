"""Where what is said begins and ends: without `oh, so`, broken-off ends (`find out tomorrow whether`) and what it ran on into (`yeah okay`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.insights.lexicon import sections, words

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUESTION_REACH: Final = 8
_QUANTITIES: Final = frozenset({"many", "much", "few", "far", "long", "often", "called"})


def whole(row: Sequence[str], least: int) -> int:
    """How many words of a row make a whole clause; the first `least` always count."""
    lists = sections("endings.txt")
    end = len(row)
    while end > least:
        word, before = row[end - 1], row[end - 2] if end > 1 else ""
        asked = not lists["question"].isdisjoint(row[max(0, end - 1 - _QUESTION_REACH) : end - 1])
        begins = before in lists["joint"] and (word in lists["subject"] or word in lists["question"])
        if not (
            word in lists["end"]
            or f"{before} {word}" in lists["end"]
            or begins
            or (word in lists["open"] and not asked)
            or (end < len(row) and word in lists["then"] and not (asked and word not in lists["question"]))
        ):
            break
        end -= 1
    return end


def dangles(row: Sequence[str]) -> bool:
    """Whether a question was broken off: `what's the`, `so are you a`, `is it for`."""
    lists = sections("endings.txt")
    asked = not lists["question"].isdisjoint(row[-1 - _QUESTION_REACH : -1])
    return row[-1] in lists["dangling"] or (row[-1] in lists["open"] and not asked)


def runs_on(row: Sequence[str], least: int) -> int:
    """How many words of a row belong to its clause before another thing is said; the first `least` always do."""
    lists = sections("endings.txt")
    for place in range(least, len(row)):
        if row[place - 1] in lists["question"] or row[place - 1] in lists["open"]:
            continue
        if row[place] in lists["break"] or " ".join(row[place : place + 2]) in lists["break"]:
            return place
    return len(row)


def leads_in(row: Sequence[str], least: int) -> int:
    """How many words at the beginning only lead up to the others, of which `least` stay: `oh, so how many do we need`, but not `so many`."""
    first = 0
    while len(row) - first > least and row[first] in words("lead_ins.txt") and row[first + 1] not in _QUANTITIES:
        first += 1
    return first
