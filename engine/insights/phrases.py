"""Phrases that may be topics: runs of words that mean something, counted as the talk goes on."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.insights.lexicon import rarity, words
from engine.insights.merge import stem
from engine.insights.verbs import is_verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.normalise import Token

LONGEST = 3
MOST_PHRASES = 20_000
MOST_REFERENCES = 100
_UNKNOWN_RARITY = 19.5
_COMMON_RARITY = 9.0
_NOUN_LEADS = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "our",
        "your",
        "my",
        "their",
        "his",
        "her",
        "its",
        "some",
        "any",
        "no",
        "each",
        "every",
        "all",
        "both",
        "of",
        "on",
        "about",
        "for",
        "with",
        "in",
        "into",
        "from",
        "between",
        "another",
        "other",
        "new",
        "old",
        "first",
        "second",
    ]
)

Key = tuple[str, ...]


@dataclass(slots=True)
class Phrase:
    """A phrase by its stems: how it was written, how often, in which messages, by how many people, and where it led as a noun."""

    key: Key
    forms: dict[str, int] = field(default_factory=dict)
    count: int = 0
    nested: int = 0
    noun: int = 0
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_REFERENCES))
    speakers: set[str] = field(default_factory=set)
    message_count: int = 0
    longer: set[Key] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The form it was said in most often."""
        return max(self.forms.items(), key=lambda form: (form[1], -len(form[0])))[0]


def excess_rarity(word: str) -> float:
    """How much rarer than the common words of conversation a word is, in bits."""
    return max(0.0, rarity().get(word, _UNKNOWN_RARITY) - _COMMON_RARITY)


class PhraseBook:
    """Counts the phrases of a meeting; at most `MOST_PHRASES` are kept, the ones said once go first."""

    def __init__(self) -> None:
        self.phrases: dict[Key, Phrase] = {}

    def add(self, tokens: Sequence[Token], message_id: str, speaker_id: str) -> set[Key]:
        """Counts the phrases of a message and returns their keys."""
        seen: set[Key] = set()
        for run, leads in runs(tokens):
            for size in range(1, LONGEST + 1):
                for start in range(len(run) - size + 1):
                    whole = size == len(run)
                    self._count(
                        run[start : start + size],
                        seen,
                        message_id,
                        speaker_id,
                        noun=(leads and start == 0) or (start > 0 and not is_verb(run[start])),
                        whole=whole,
                    )
        if len(self.phrases) > MOST_PHRASES:
            self._prune()
        return seen

    def _count(self, part: Sequence[str], seen: set[Key], message_id: str, speaker_id: str, *, noun: bool, whole: bool) -> None:
        key = tuple(stem(word) for word in part)
        phrase = self.phrases.get(key)
        if phrase is None:
            phrase = self.phrases[key] = Phrase(key)
        text = " ".join(part)
        if text in phrase.forms or len(phrase.forms) < 8:
            phrase.forms[text] = phrase.forms.get(text, 0) + 1
        phrase.count += 1
        phrase.noun += noun
        phrase.nested += not whole
        if key not in seen:
            seen.add(key)
            phrase.messages.append(message_id)
            phrase.message_count += 1
            if len(phrase.speakers) < 32:
                phrase.speakers.add(speaker_id)

    def _prune(self) -> None:
        kept = sorted(self.phrases.values(), key=lambda phrase: phrase.count, reverse=True)[: MOST_PHRASES // 2]
        self.phrases = {phrase.key: phrase for phrase in kept}

    def contained(self) -> dict[Key, list[int]]:
        """For each phrase, how often the longer ones said more than once that contain it were said."""
        found: dict[Key, list[int]] = {}
        for phrase in self.phrases.values():
            if len(phrase.key) < 2 or phrase.count < 2:
                continue
            for size in range(1, len(phrase.key)):
                for start in range(len(phrase.key) - size + 1):
                    found.setdefault(phrase.key[start : start + size], []).append(phrase.count)
        return found

    def headings(self) -> dict[Key, Phrase]:
        """For each single word, the phrase of two that ends in it where that makes up at least half of its use."""
        found: dict[Key, Phrase] = {}
        for phrase in self.phrases.values():
            if len(phrase.key) != 2 or phrase.noun == 0:
                continue
            word = self.phrases.get(phrase.key[-1:])
            best = found.get(phrase.key[-1:])
            if word is not None and 2 * phrase.count >= word.count and (best is None or phrase.count > best.count):
                found[phrase.key[-1:]] = phrase
        return found


def runs(tokens: Sequence[Token]) -> Iterable[tuple[list[str], bool]]:
    """Runs of neighbouring words that mean something, and whether a word before them shows a noun."""
    light = words("stop.txt") | words("function_words.txt") | words("fillers.txt")
    run: list[str] = []
    leads = False
    before = ""
    for token in tokens:
        word = token.word.removesuffix("'s")
        if word in light or len(word) < 2 or not word[0].isalpha():
            if run:
                yield run, leads
            run = []
            before = word
            continue
        if not run:
            leads = before in _NOUN_LEADS
        run.append(word)
        before = word
        if token.mark or (token.word.endswith("'s") and len(run) >= LONGEST):
            yield run, leads
            run = []
            before = ""
    if run:
        yield run, leads


def c_value(phrase: Phrase, longer: Sequence[int]) -> float:
    """Frantzi's C-value: the length in bits times how often a phrase was said by itself."""
    alone = phrase.count - (sum(longer) / len(longer) if longer else 0.0)
    return math.log2(len(phrase.key) + 1) * max(0.0, alone)
