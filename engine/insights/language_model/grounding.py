"""Holds what a model says against what was said.

An entry stays only if the messages that it names exist and hold its words: a good share of its content words, and every number,
address, mention and member of the meeting in it, must stand in them or right beside them, and at least one content word in the messages
themselves. The assignee must be of the meeting, and be near or named there. When something is due is read by our own grammar, from words that stand in a
message that the entry names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from engine.insights import due
from engine.insights.language_model.passages import short_id
from engine.insights.lexicon import words
from engine.insights.merge import content_stems
from engine.insights.normalise import normalise
from engine.insights.types import Due

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.language_model.passages import Passage
    from engine.insights.types import Speaker, Utterance

NEAR: Final = 3
"""Messages before and after those that an entry names: what it rests on may be spread over question and answer."""
SHARE: Final = 0.5
"""More than this of an entry's content words must have been spoken."""
TEXT_CHARACTERS: Final = 400
_LITERAL: Final = re.compile(r"\d[\d.,:]*\d|\d|https?://\S+|www\.\S+|<?[@#]!?&?\w+>?")
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]+")
"""Thai, Lao, Burmese, Japanese and Chinese are written without spaces between words."""


class Ground:
    """The messages of one part that the model was shown, by the ids that it knows them by."""

    def __init__(self, said: Sequence[Utterance], passage: Passage, roster: Iterable[Speaker]) -> None:
        self._said = said
        self._passage = passage
        self._places = {short_id(place): place for place in range(passage.begin, passage.end)}
        self._people: dict[str, Speaker | None] = {}
        for speaker in roster:
            for name in {speaker.name.casefold(), speaker.name.casefold().split(" ", 1)[0]}:
                known = self._people.setdefault(name, speaker)
                if known != speaker:
                    self._people[name] = None  # two people of that name: nobody in particular
        self.names = frozenset(stem for person in self._people for stem in content_of(person))

    def places(self, message_ids: Sequence[str]) -> tuple[int, ...]:
        """Where the messages stand in the meeting, in order; nothing if one of them is unknown."""
        found = {self._places.get(name) for name in message_ids}
        return tuple(sorted(place for place in found if place is not None)) if None not in found else ()

    def ids(self, places: Sequence[int]) -> tuple[str, ...]:
        """The messages' own ids."""
        return tuple(self._said[place].id for place in places)

    def speaker(self, places: Sequence[int]) -> Speaker:
        """Who said the first of them."""
        return self._said[places[0]].speaker

    def text(self, text: str, places: Sequence[int]) -> str | None:
        """The entry's text in one line, None if it does not rest on these messages."""
        text = " ".join(text.split())
        if not places or not text or len(text) > TEXT_CHARACTERS:
            return None
        near, around = self._around(places), content_of(self._around(places))
        people, stems = content_of(text) & self.names, content_of(text) - self.names
        if not people <= around or not _literals(text) <= _literals(near) or not stems & content_of(self._texts(places)):
            return None
        return text if len(stems & around) > SHARE * len(stems) else None

    def assignee(self, name: str, places: Sequence[int]) -> Speaker | None:
        """The person of the meeting with that name who speaks or is named near these messages."""
        person = self._people.get(name.strip().casefold())
        if person is None:
            return None
        speak = any(self._said[place].speaker == person for place in self._near(places))
        return person if speak or self.mentions(person.name.split(" ", 1)[0], places) else None

    def mentions(self, name: str, places: Sequence[int]) -> bool:
        """Whether all words of a name stand near these messages."""
        parts = set(_WORD.findall(name.casefold()))
        return bool(parts) and parts <= set(_WORD.findall(self._around(places).casefold()))

    def due(self, phrase: str, places: Sequence[int], text: str) -> Due | None:
        """The time that the phrase means, where it was spoken in one of these messages."""
        asked = [token.word for token in normalise(phrase)]
        for place in places if asked else ():
            tokens = normalise(self._said[place].text)
            row = [token.word for token in tokens]
            first = next((at for at in range(len(row)) if row[at : at + len(asked)] == asked), None)
            if first is None:
                continue
            last = first + len(asked) - 1
            reads = [read for read in due.find(tokens, self._said[place].start) if read.first <= last and read.last >= first]
            if chosen := due.choose(reads):
                spoken = self._said[place].text[tokens[chosen.first].begin : tokens[chosen.last].end]
                return Due(chosen.when, spoken, text.find(spoken))
        return None

    def _near(self, places: Sequence[int]) -> list[int]:
        found = {near for place in places for near in range(place - NEAR, place + NEAR + 1)}
        return sorted(place for place in found if self._passage.begin <= place < self._passage.end)

    def _around(self, places: Sequence[int]) -> str:
        return " ".join(f"{self._said[place].speaker.name}: {self._said[place].text}" for place in self._near(places))

    def _texts(self, places: Sequence[int]) -> str:
        return " ".join(self._said[place].text for place in places)


def rests_on(text: str, sources: Iterable[str]) -> bool:
    """Whether a sentence of the summary says no more than the points that it names."""
    source = " ".join(sources)
    stems = content_of(text)
    return bool(stems) and _literals(text) <= _literals(source) and len(stems & content_of(source)) > SHARE * len(stems)


def content_of(text: str) -> frozenset[str]:
    """The stems of a text's content words; of writing without spaces, its pairs of characters."""
    runs = _UNSPACED.findall(text)
    pairs = frozenset(run[at : at + 2] for run in runs for at in range(len(run) - 1))
    return content_stems(_UNSPACED.sub(" ", text)) | pairs


def _literals(text: str) -> set[str]:
    """Numbers, addresses and mentions: they are right or wrong, never alike."""
    return {token.casefold() for token in _LITERAL.findall(text)}


def titled(topic: str) -> str:
    """A topic as a heading: without marks around it, at most four words; empty if it says nothing."""
    found = topic.strip(" .,;:!?\"'")
    light = words("stop.txt") | words("function_words.txt")
    spoken = found.casefold().split()
    return found if 1 <= len(spoken) <= 4 and any(word not in light for word in spoken) else ""
