"""Who is meant: names in a text matched with the roster of the meeting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.insights.lexicon import lines, rarity, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.types import Speaker

_MENTION = re.compile(r"<@!?(\w+)>")
_NAME_WORDS = re.compile(r"[^\W_]+")
_ROSTER_LIMIT = 500
_SHORTEST_FUZZY = 5


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the roster, named by `length` words."""

    speaker: Speaker
    length: int


class Roster:
    """The people of a meeting, found by display name, first name, nickname, mention, or a name misheard by a letter."""

    def __init__(self) -> None:
        self._people: dict[str, Speaker] = {}
        self._names: dict[tuple[str, ...], Speaker | None] = {}

    def __len__(self) -> int:
        return len(self._people)

    def add(self, speakers: Iterable[Speaker]) -> None:
        """Adds people, or their new names; beyond the first 500 nobody is added."""
        changed = False
        for speaker in speakers:
            if self._people.get(speaker.id) != speaker and (speaker.id in self._people or len(self._people) < _ROSTER_LIMIT):
                self._people[speaker.id] = speaker
                changed = True
        if changed:
            self._index()

    def at(self, row: Sequence[str], place: int) -> Named | None:
        """Whoever is named by the words at a place of a row, the longest name first."""
        word = row[place]
        mention = _MENTION.fullmatch(word)
        if mention:
            found = next((person for person in self._people.values() if mention[1] in {person.user_id, person.id}), None)
            return Named(found, 1) if found else None
        for length in (3, 2, 1):
            name = tuple(part.lstrip("@").removesuffix("'s") for part in row[place : place + length])
            if len(name) == length:
                speaker = self._names.get(name)
                if speaker is not None:
                    return Named(speaker, length)
        near = self._near(word.lstrip("@").removesuffix("'s"))
        return Named(near, 1) if near else None

    def shares(self, name: str) -> bool:
        """Whether several people have a single name, so that it fits nobody."""
        return (name,) in self._names and self._names[name,] is None

    def _index(self) -> None:
        """Full names count before first names, those before nicknames; what fits two people fits nobody."""
        common = words("common_names.txt")
        full: dict[tuple[str, ...], set[str]] = {}
        first: dict[tuple[str, ...], set[str]] = {}
        nick: dict[tuple[str, ...], set[str]] = {}
        for person in self._people.values():
            parts = tuple(_NAME_WORDS.findall(person.name.lower()))
            letters = tuple(part for part in parts if not part.isdecimal())
            if not letters:
                continue
            full.setdefault(letters[:3], set()).add(person.id)
            if letters[0] not in common or len(letters) == 1:
                first.setdefault(letters[:1], set()).add(person.id)
            for other in _short_forms(letters[0]):
                nick.setdefault((other,), set()).add(person.id)
        self._names = {}
        for layer in (nick, first, full):
            for name, owners in layer.items():
                if name[0] in common and len(name) == 1:
                    continue
                self._names[name] = self._people[next(iter(owners))] if len(owners) == 1 else None

    def _near(self, word: str) -> Speaker | None:
        """A single name one letter off, where it is long enough and no word or name of its own."""
        if len(word) < _SHORTEST_FUZZY or not word.isalpha() or word in words("names.txt") or word in rarity():
            return None
        found = {
            speaker.id: speaker
            for name, speaker in self._names.items()
            if speaker is not None
            and len(name) == 1
            and len(name[0]) >= _SHORTEST_FUZZY
            and name[0][0] == word[0]
            and one_apart(name[0], word)
        }
        return next(iter(found.values())) if len(found) == 1 else None


def _short_forms(name: str) -> set[str]:
    """The other forms of a first name; a line of the file holds one family of them."""
    return {other for line in lines("nicknames.txt") if name in (family := line.split()) for other in family} - {name}


def one_apart(one: str, other: str) -> bool:
    """Whether two words differ by one letter put in, left out, changed, or swapped with its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((index for index, letter in enumerate(one) if letter != other[index]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    return one[at + 1 :] == other[at + 1 :] or (one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :])
