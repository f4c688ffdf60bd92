"""People named in a text: those of the roster, and strangers whose first name is well known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.content.words import MAX_WORDS
from engine.insights.lexicon import words
from engine.insights.people import Roster

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.insights.types import Speaker

MAX_PEOPLE: Final = 500

_WORD: Final = re.compile(r"<@!?\w+>|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_OPENING: Final = re.compile(r"(?:\A|[.?!:\n])\W*\Z")
_SPACE: Final = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody is named by `text[begin:end]`; `speaker` is None for somebody who is not in the meeting."""

    begin: int
    end: int
    speaker: Speaker | None


class Names:
    """The people of a meeting, and well-known first names."""

    def __init__(self) -> None:
        self._roster = Roster()
        self._parts: dict[str, dict[str, Speaker]] = {}
        """Whoever has a word in their name."""

    def add(self, speakers: Iterable[Speaker]) -> None:
        """Adds people, or their new names."""
        known = list(speakers)[:MAX_PEOPLE]
        self._roster.add(known)
        self._parts = {}
        for speaker in known:
            for part in _WORD.findall(speaker.name.lower()):
                if len(part) > 1:
                    self._parts.setdefault(part, {})[speaker.id] = speaker

    def find(self, text: str) -> list[NamedPerson]:
        """Everybody who is named, in order. A possessive ending is no part of the name."""
        found: list[NamedPerson] = []
        pieces = list(islice(_WORD.finditer(text), MAX_WORDS))
        row = [piece.group().lower().replace("\u2019", "'") for piece in pieces]
        at = 0
        while at < len(pieces):
            named = self._roster.at(row, at)
            speaker = named.speaker if named else self._by_part(text, pieces[at], row[at])
            length = named.length if named else 1 if speaker else _stranger(text, pieces, row, at)
            if length:
                last = pieces[at + length - 1]
                end = last.end() - (2 if row[at + length - 1].endswith("'s") else 0)
                found.append(NamedPerson(pieces[at].start(), end, speaker))
            at += max(1, length)
        return found

    def _by_part(self, text: str, piece: re.Match[str], word: str) -> Speaker | None:
        """Somebody of the meeting, by one word of their name with its capital; one that is a common word too not as the first of a sentence."""
        owners = self._parts.get(word.removesuffix("'s"))
        if not owners or not piece.group()[0].isupper():
            return None
        if word in words("common_names.txt") and _OPENING.search(text, max(0, piece.start() - 8), piece.start()):
            return None
        return next(iter(owners.values()))


def _stranger(text: str, pieces: list[re.Match[str]], row: list[str], at: int) -> int:
    """How many words name a stranger here: a known first name with its capital, and a family name behind it."""
    if row[at].removesuffix("'s") not in words("names.txt") or not pieces[at].group()[0].isupper():
        return 0
    if at + 1 < len(pieces) and not row[at].endswith("'s"):
        following = pieces[at + 1].group()
        together = _SPACE.fullmatch(text, pieces[at].end(), pieces[at + 1].start()) is not None
        light = row[at + 1] in words("function_words.txt") | words("not_names.txt")
        if together and following[0].isupper() and len(following) > 1 and not light:
            return 2
    return 1
