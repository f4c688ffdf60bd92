"""Topics: the phrases a person would put over a part of the talk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.insights.lexicon import numbers, words
from engine.insights.phrases import Key, Phrase, PhraseBook, c_value, excess_rarity
from engine.insights.types import Topic
from engine.insights.verbs import is_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.normalise import Token

MOST_TOPICS = 20
LIVE_MESSAGES = 3
"""A phrase is told while the talk goes on once it was said in this many messages."""
_LEAST_MESSAGES = 2
_HEADING = 1.8
"""How much more a phrase of several words is worth as a heading than one word."""
_UNDER = 0.3
"""The share of a topic's messages in which its parent is said as well, at least."""
_OFTENER = 2
"""How many times as many messages a parent is said in, at least."""
_FULL_SCORE = 60.0
"""The weight at which a topic scores a half."""


class TopicFinder:
    """Grows the topics of a meeting message by message."""

    def __init__(self) -> None:
        self._book = PhraseBook()
        self._told: dict[Key, Topic] = {}

    def push(self, tokens: Sequence[Token], message_id: str, speaker_id: str) -> list[Topic]:
        """Counts a message; returns the topics that became worth telling with it."""
        seen = self._book.add(tokens, message_id, speaker_id)
        found = []
        for key in sorted(seen, key=len, reverse=True):
            phrase = self._book.phrases.get(key)
            if phrase is None or key in self._told or phrase.message_count < LIVE_MESSAGES:
                continue
            topic = self._topic(phrase, weight(phrase, ()))
            if topic.score < 0.5 or any(set(key) < set(told) for told in self._told):
                continue
            if len(self._told) < 4 * MOST_TOPICS:
                self._told[key] = topic
                found.append(topic)
        return found

    def finish(self) -> list[Topic]:
        """The topics of the whole talk, the weightiest first, each with the messages it was said in."""
        longer = self._book.contained()
        weighed = [
            (weight(phrase, longer.get(phrase.key, ())), phrase)
            for phrase in self._book.phrases.values()
            if phrase.message_count >= _LEAST_MESSAGES
        ]
        weighed.sort(key=lambda pair: (-pair[0], pair[1].key))
        chosen: list[tuple[float, Phrase, list[Phrase]]] = []
        for value, phrase in weighed:
            if value <= 0.0 or len(chosen) >= MOST_TOPICS:
                break
            home = next((entry for entry in chosen if _nested(phrase.key, entry[1].key)), None)
            if home is None:
                chosen.append((value, phrase, []))
            else:
                home[2].append(phrase)
        headings = self._book.headings()
        return [
            self._topic(phrase, value, nested, _parents(phrase, chosen), headings.get(phrase.key, phrase).text)
            for value, phrase, nested in chosen
        ]

    def _topic(
        self, phrase: Phrase, value: float, nested: Sequence[Phrase] = (), parents: tuple[str, ...] = (), text: str = ""
    ) -> Topic:
        references = list(
            dict.fromkeys(
                [*phrase.messages, *(message for part in nested if set(part.key) > set(phrase.key) for message in part.messages)]
            )
        )
        return Topic(
            key="topic-" + "-".join(phrase.key),
            text=text or phrase.text,
            score=round(value / (value + _FULL_SCORE), 4),
            message_ids=tuple(references),
            root_words=tuple((text or phrase.text).split()),
            parents=parents,
        )


def weight(phrase: Phrase, longer: Sequence[int]) -> float:
    """C-value times word rarity, more for what many people and many messages share."""
    spoken = phrase.text.split()
    if not _noun_like(phrase, spoken):
        return 0.0
    rare = [excess_rarity(word) for word in spoken]
    if min(rare) <= 0.0:
        return 0.0
    spread = 1.0 + 0.5 * math.log2(1 + len(phrase.speakers))
    density = math.sqrt(phrase.message_count / phrase.count)
    return (_HEADING if len(spoken) > 1 else 1.0) * c_value(phrase, longer) * (sum(rare) / len(rare)) * spread * density


def _noun_like(phrase: Phrase, spoken: Sequence[str]) -> bool:
    """Whether a phrase was said where nouns stand; a verb by itself is none."""
    if spoken[-1].endswith("ly") or spoken[-1] in words("adverbs.txt") or any(map(_empty, spoken)):
        return False
    if spoken[-1] in words("adjectives.txt") or (len(spoken) == 1 and spoken[0].endswith(("ed", "ful"))):
        return False
    share = phrase.noun / phrase.count
    if len(spoken) == 1:
        return share >= (0.5 if is_verb(spoken[0]) else 0.25)
    return not is_verb(spoken[0]) or share > 0.5


def _empty(word: str) -> bool:
    """Whether a word is a person's name, a number written out, or a sound: none of them is what a talk is about."""
    parts = word.split("-")
    counted = any(part in numbers("dates.txt", "number") for part in parts)
    return counted or word in words("names.txt") or len(set(word)) == 1


def _nested(one: Key, other: Key) -> bool:
    """Whether two phrases say the same in more or fewer words, or in other forms of them."""
    first, second = set(one), set(other)
    if first <= second or second <= first:
        return True
    return len(one) == len(other) and all(a.startswith(b) or b.startswith(a) for a, b in zip(one, other, strict=True))


def _parents(phrase: Phrase, chosen: Sequence[tuple[float, Phrase, list[Phrase]]]) -> tuple[str, ...]:
    """The topic said much oftener that comes up wherever this one does: in so many of its messages, or by sharing its last word."""
    own = set(phrase.messages)
    best: tuple[float, str] = (_UNDER, "")
    for _, other, _ in chosen:
        if other.message_count < _OFTENER * phrase.message_count:
            continue
        shared = 1.0 if other.key[-1] == phrase.key[-1] else len(own.intersection(other.messages)) / len(own)
        best = max(best, (shared, other.text))
    return (best[1],) if best[1] else ()
