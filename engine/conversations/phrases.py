"""Key phrases: the words of a message that an insight or a topic rests on. No I/O."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from engine.insights.lexicon import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ACTION: Final = "action_phrase"
TOPIC: Final = "key_phrase"
LEAST_WORDS: Final = 2
_LEADS: Final = frozenset({"let", "let's", "please", "going", "need", "needs", "want", "wants"})
"""Words that lead to the verb of an action."""
_WORD: Final = re.compile(r"\w+(?:['\u2019-]\w+)*")


def action_phrase(said: str, insight: str) -> str | None:
    """The longest run of words that a message shares with the insight made of it, as the message has it."""
    mine, theirs = list(_WORD.finditer(said)), [word.group().lower() for word in _WORD.finditer(insight)]
    begin, length = _longest_run([word.group().lower() for word in mine], theirs)
    weak = _weak()
    while length and mine[begin].group().lower() in weak:
        begin, length = begin + 1, length - 1
    if length < LEAST_WORDS:
        return None
    return said[mine[begin].start() : mine[begin + length - 1].end()]


@cache
def _weak() -> frozenset[str]:
    return words("function_words.txt") | _LEADS


def _longest_run(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """Where it begins in `one`, and how many words it has."""
    best = (0, 0)
    row = [0] * (len(other) + 1)
    for index, word in enumerate(one):
        before = 0
        for place, candidate in enumerate(other, start=1):
            kept, row[place] = row[place], before + 1 if word == candidate else 0
            before = kept
            if row[place] > best[1]:
                best = (index - row[place] + 1, row[place])
    return best


def topic_phrase(said: str, topic: str) -> str | None:
    """A topic as the message says it."""
    found = _whole(topic).search(said)
    return found.group() if found else None


@lru_cache(maxsize=256)
def _whole(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)


def key_phrases(
    said: Mapping[str, str], actions: Iterable[tuple[str, Sequence[str]]], topics: Iterable[tuple[str, Sequence[str]]]
) -> dict[str, list[tuple[str, str]]]:
    """`(type, text)` by message: `said` are texts by message id, actions and topics are texts with the messages they rest on."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, find, items in ((ACTION, action_phrase, actions), (TOPIC, topic_phrase, topics)):
        for text, message_ids in items:
            for message_id in message_ids:
                phrase = find(said[message_id], text) if message_id in said else None
                if phrase and (kind, phrase) not in found.setdefault(message_id, []):
                    found[message_id].append((kind, phrase))
    return found
