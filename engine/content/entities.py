"""Named entities of a text: persons, dates, numbers, locations, organizations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from engine.content.lists import sections
from engine.content.numerals import numbers
from engine.content.words import MAX_WORDS
from engine.insights import due
from engine.insights.normalise import normalise, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.content.names import NamedPerson, Names

Kind = Literal["person", "date", "number", "location", "organization"]
MAX_ENTITIES: Final = 100
"""Entities of one text; more are not told."""

_LONGEST: Final = 3
_CAPITAL: Final = re.compile(r"[^\W\d_][\w'\u2019&-]*")


@dataclass(frozen=True, slots=True)
class Entity:
    """`text[begin:end]` names something; `value` is what it means: an ISO date, a number as digits, a person's `{name, id, userId}`."""

    kind: Kind
    sub_type: str
    begin: int
    end: int
    value: str | dict[str, str]

    @property
    def category(self) -> str:
        """The service's grouping."""
        return "Personal" if self.kind == "person" else "General"


def find(text: str, said: datetime, names: Names) -> list[Entity]:
    """All entities of a text that was said at a time, in order; of two that overlap the longer one stands."""
    found = [
        *(_person(text, one) for one in names.find(text)),
        *_dates(text, said),
        *(Entity("number", one.kind, one.begin, one.end, one.value) for one in numbers(text)),
        *_capitals(text),
    ]
    kept: list[Entity] = []
    for one in sorted(found, key=lambda one: (one.begin - one.end, one.begin)):
        if all(one.end <= other.begin or one.begin >= other.end for other in kept):
            kept.append(one)
        if len(kept) >= MAX_ENTITIES:
            break
    return sorted(kept, key=lambda one: one.begin)


def _person(text: str, named: NamedPerson) -> Entity:
    who = named.speaker
    name = who.name if who else text[named.begin : named.end]
    value = {"name": name, "id": who.id if who else "", "userId": who.user_id if who else ""}
    return Entity("person", "name", named.begin, named.end, {key: one for key, one in value.items() if one})


def _dates(text: str, said: datetime) -> Iterable[Entity]:
    for tokens in sentences(normalise(text)):
        for read in due.find(tokens, said):
            begin, end = tokens[read.first].begin, tokens[read.last].end
            yield Entity("date", "date", begin, end, read.when.date().isoformat())


def _capitals(text: str) -> Iterable[Entity]:
    """Places and organisations."""
    words = [match for _, match in zip(range(MAX_WORDS), _CAPITAL.finditer(text), strict=False)]
    at = 0
    while at < len(words):
        length, kind, sub_type = _known(text, words, at) or _organisation(text, words, at) or (0, "location", "")
        if length:
            begin, last = words[at].start(), words[at + length - 1]
            end = last.start() + len(_bare(last.group()))
            yield Entity("location" if kind == "location" else "organization", sub_type, begin, end, text[begin:end])
        at += max(1, length)


def _known(text: str, words: list[re.Match[str]], at: int) -> tuple[int, str, str] | None:
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        if _together(text, words, at, length):
            row = [word.group() for word in words[at : at + length]]
            found = _gazetteer().get(" ".join([*row[:-1], _bare(row[-1])]))
            if found:
                return length, *found
    return None


def _organisation(text: str, words: list[re.Match[str]], at: int) -> tuple[int, str, str] | None:
    """Words with capitals up to an ending such as `Ltd`, or `University of` and a name."""
    endings, openings = sections("organisations.txt")["ending"], sections("organisations.txt")["opening"]
    if not words[at].group()[0].isupper():
        return None
    row = [word.group() for word in words[at : at + _LONGEST + 1]]
    if row[0] in openings and len(row) > 2 and row[1] == "of" and row[2][0].isupper() and _together(text, words, at, 3):
        return 3, "organization", "organization"
    for length in range(len(row), 1, -1):
        named = all(word[0].isupper() for word in row[:length]) and row[0] not in {"The", "A", "An", "This", "Our", "My", "Your"}
        if named and _bare(row[length - 1]) in endings and _together(text, words, at, length):
            return length, "organization", "organization"
    return None


def _together(text: str, words: list[re.Match[str]], at: int, length: int) -> bool:
    """Whether nothing but spaces stands between the words."""
    return all(text[words[place].end() : words[place + 1].start()].isspace() for place in range(at, at + length - 1))


def _bare(word: str) -> str:
    """Without a possessive ending."""
    return word.removesuffix("'s").removesuffix("\u2019s") if word != "McDonald's" else word


@cache
def _gazetteer() -> dict[str, tuple[str, str]]:
    places = {name: ("location", heading) for heading, row in sections("places.txt").items() for name in row}
    return places | dict.fromkeys(sections("organisations.txt")["known"], ("organization", "organization"))
