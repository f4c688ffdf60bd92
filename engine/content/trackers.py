"""Trackers: phrases that a client wants to be told of, found literally or in similar wording."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.content.lists import entries
from engine.content.words import read
from engine.insights.merge import stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.content.words import SpokenWord

SIMILAR: Final = -1
"""The offset of a match that is similar, not literal."""
SLACK: Final = 3
"""Words that may stand between those of a similar phrase."""
MAX_MATCHES: Final = 100
"""Matches in one text; more are not looked for."""

_LONG_STEM: Final = 6
_STEM_ENDING: Final = 3
_MAY_MISS_ONE: Final = 4


@dataclass(frozen=True, slots=True)
class Tracker:
    """A name and the phrases that mean it; `id` has 16 digits."""

    id: str
    name: str
    vocabulary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of a tracker was said; `offset` is where, in characters, or `SIMILAR`."""

    tracker: Tracker
    value: str
    offset: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    tracker: Tracker
    value: str
    words: tuple[str, ...]
    """As they must stand, one behind the other."""
    stems: tuple[str, ...]
    """Those that must stand near each other, in any order."""
    negations: int

    @property
    def roots(self) -> int:
        """How many different roots its stems have."""
        return len({_root(one) for one in self.stems})


class TrackerBook:
    """Finds the phrases of all trackers of a conversation in its texts."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self.trackers = tuple(trackers)
        self._by_first: dict[str, list[_Phrase]] = {}
        self._by_stem: dict[str, list[_Phrase]] = {}
        self._order: dict[_Phrase, int] = {}
        for tracker in trackers:
            for value in dict.fromkeys(tracker.vocabulary):
                if phrase := _phrase(tracker, value):
                    self._order[phrase] = len(self._order)
                    self._by_first.setdefault(phrase.words[0], []).append(phrase)
                    for root in {_root(one) for one in phrase.stems}:
                        self._by_stem.setdefault(root, []).append(phrase)

    def find(self, text: str) -> list[Match]:
        """Every phrase that is said literally, at each place, and those that are only said in similar words, once each."""
        if not self._order:
            return []
        words = read(text)
        literal: dict[_Phrase, list[int]] = {}
        for at, word in enumerate(words):
            for phrase in self._by_first.get(word.plain, ()):
                if all(one.plain == wanted for one, wanted in zip(words[at:], phrase.words, strict=False)) and at + len(
                    phrase.words
                ) <= len(words):
                    literal.setdefault(phrase, []).append(word.begin)
        similar = self._similar(words, literal)
        found = [
            Match(phrase.tracker, phrase.value, offset)
            for phrase in sorted({*literal, *similar}, key=self._order.__getitem__)
            for offset in literal.get(phrase, [SIMILAR])
        ]
        return found[:MAX_MATCHES]

    def _similar(self, words: Sequence[SpokenWord], literal: Iterable[_Phrase]) -> set[_Phrase]:
        sentences = _sentences(words)
        said: Counter[_Phrase] = Counter()
        for root in {root for sentence in sentences for root in sentence.places}:
            said.update(self._by_stem.get(root, ()))
        likely = {phrase for phrase, count in said.items() if count >= phrase.roots - _may_miss(phrase)} - set(literal)
        return {phrase for phrase in likely if any(_says(sentence, phrase) for sentence in sentences)}


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: tuple[str, ...]
    stems: tuple[str, ...]
    places: Mapping[str, Sequence[int]]
    """Where the stems with a root stand."""


def _sentences(words: Sequence[SpokenWord]) -> list[_Sentence]:
    found: list[_Sentence] = []
    begin = 0
    for at, word in enumerate(words):
        if word.last:
            row = tuple(one.plain for one in words[begin : at + 1])
            stems = tuple(_stem(one) for one in row)
            places: dict[str, list[int]] = {}
            for place, one in enumerate(stems):
                places.setdefault(_root(one), []).append(place)
            found.append(_Sentence(row, stems, places))
            begin = at + 1
    return found


def _phrase(tracker: Tracker, value: str) -> _Phrase | None:
    words = tuple(word.plain for word in read(value))
    if not words:
        return None
    negations = sum(word in entries("negations.txt") for word in words)
    heavy = [word for word in words if word not in entries("light_words.txt") and word not in entries("negations.txt")]
    if not heavy or (len(words) == 1 and len(words[0]) < 4):
        wanted: list[str] = []  # such words mean something only as they stand
    elif len(heavy) == 1:
        wanted = [word for word in words if word not in entries("negations.txt")]
    else:
        wanted = heavy
    return _Phrase(tracker, value, words, tuple(_stem(word) for word in wanted), negations)


def _may_miss(phrase: _Phrase) -> int:
    return int(len(phrase.stems) >= _MAY_MISS_ONE)


def _stem(word: str) -> str:
    """A word without any of its endings: `covering` and `cover` meet."""
    while (shorter := stem(word)) != word:
        word = shorter
    return word


def _root(one: str) -> str:
    """What stems of the same word have in common."""
    return one[:_LONG_STEM]


def _alike(one: str, other: str) -> bool:
    """The same stem, or a long one with another ending: `vaccin`, `vaccinat`."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= _LONG_STEM and long.startswith(short) and len(long) - len(short) <= _STEM_ENDING


def _says(sentence: _Sentence, phrase: _Phrase) -> bool:
    """Whether the stems of a phrase stand near each other, with as many negations before and among them as in the phrase."""
    reach = len(phrase.words) + SLACK
    for begin in sorted({place for one in phrase.stems for place in sentence.places.get(_root(one), ())}):
        window = list(sentence.stems[begin : begin + reach])
        missing = 0
        last = 0
        for wanted in phrase.stems:
            at = next((place for place, one in enumerate(window) if one and _alike(one, wanted)), None)
            if at is None:
                missing += 1
            else:
                window[at] = ""
                last = max(last, at)
        if missing <= _may_miss(phrase):
            near = sentence.words[max(0, begin - SLACK) : begin + last + 1]
            return sum(word in entries("negations.txt") for word in near) == phrase.negations
    return False
