"""Finds the clauses that promise, ask for, or name something to be done.

A clause is recognised by a frame of `frames.txt`: who, with what modal verb, before which verb. Whether it is an action
item is decided by `actions.py` from the features of the match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.insights.lexicon import lines, words
from engine.insights.templates import NAME, compiled
from engine.insights.verbs import Form, Verb, classify, inflected

if TYPE_CHECKING:
    from collections.abc import Sequence

_NONE = Verb("", "other", 0)
_FORMS: tuple[Form, ...] = ("base", "ing", "ed")
_NO_OBJECT = frozenset({"not", "i", "we", "you", "he", "she", "they", "is", "are", "was", "were", "of", "will", "can"})
"""What after a would-be imperative shows that it is none: `do you`, `report is`."""
_CUES = re.compile(r"\S+ ")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of `frames.txt`."""

    family: str
    name: str
    pattern: re.Pattern[str]
    anchored: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A frame that fits a row of words: from word `first`, its verb at word `at` (the end of the frame where it has none)."""

    frame: Frame
    first: int
    at: int
    form: Form
    verb: Verb


@cache
def frames() -> tuple[Frame, ...]:
    """All frames, in the order of the file."""
    found = []
    for line in lines("frames.txt"):
        label, template = line.split(" | ", 1)
        family, _, _ = label.partition(".")
        anchored = template.startswith("^ ")
        found.append(Frame(family, label, compiled(template.removeprefix("^ ")), anchored))
    return tuple(found)


def starts(row: Sequence[str], marks: Sequence[str]) -> set[int]:
    """The words at which a clause may begin: the first, those after openers, connectives, vocatives and punctuation."""
    leads = words("openers.txt")
    found = {0}
    for index, word in enumerate(row):
        opened = index in found and (
            word in leads or word == NAME or word in {"please", "you", "guys", "everyone", "everybody", "just", "maybe"}
        )
        if opened or marks[index] or word in {"and", "so", "but", "then", "also"}:
            found.add(index + 1)
    return found


def find(row: Sequence[str], marks: Sequence[str]) -> list[Clause]:
    """The clauses of one sentence, in order; `row` has its words with roster names as `@name`, `marks` what follows each."""
    text = " ".join(row) + " "
    places = {match.start(): index for index, match in enumerate(_CUES.finditer(text))}
    beginnings = starts(row, marks)
    best: dict[int, Clause] = {}
    for frame in frames():
        for match in frame.pattern.finditer(text):
            first = places.get(match.start(), len(row))
            if first == len(row) or (frame.anchored and first not in beginnings):
                continue
            clause = _clause(frame, match, first, row, places)
            if clause is not None:
                best.setdefault(clause.at, clause)
    return _apart(sorted(best.values(), key=lambda clause: clause.at))


def _clause(frame: Frame, match: re.Match[str], first: int, row: Sequence[str], places: dict[int, int]) -> Clause | None:
    groups = match.re.groupindex
    form: Form = next((name for name in _FORMS if name in groups), "base")
    if form not in groups:
        return Clause(frame, first, places.get(match.end(), len(row)), "base", _NONE)
    at = places.get(match.start(form), len(row))
    if at >= len(row):
        return None
    if (
        len(row[at]) == 1
        or row[at] in words("function_words.txt")
        or row[at] == NAME
        or (form != "base" and not inflected(row[at], form))
    ):
        return None
    following = row[at + 1] if at + 1 < len(row) else ""
    if form == "ing" and (row[at], following) == ("going", "to"):
        return None
    verb = classify(row, at, form)
    if frame.family == "imperative" and (verb.kind in {"other", "state"} or following in _NO_OBJECT):
        return None
    return Clause(frame, first, at, form, verb)


def _apart(clauses: list[Clause]) -> list[Clause]:
    """Without those whose frame lies inside an earlier one's; of two with the same beginning the longer frame stays."""
    kept: list[Clause] = []
    for clause in clauses:
        if kept and kept[-1].first == clause.first:
            kept.pop()
        if kept and clause.first < kept[-1].at and kept[-1].first <= clause.first and clause.at <= kept[-1].at + 1:
            continue
        if kept and kept[-1].first > clause.first:
            kept.pop()
        kept.append(clause)
    return kept
