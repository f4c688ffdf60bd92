"""A message as the rules look at it: its sentences, who is named in them, when they say something is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.insights import due
from engine.insights.lexicon import words
from engine.insights.normalise import normalise, sentences
from engine.insights.templates import NAME
from engine.insights.types import Speaker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.insights.due import DueRead
    from engine.insights.normalise import Token
    from engine.insights.people import Roster

_QUOTES = frozenset('"\u201c\u201d')


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `row` has its words with names as `@name`, `people` who is named at which word; strangers have no id."""

    tokens: tuple[Token, ...]
    row: tuple[str, ...]
    people: Mapping[int, Speaker]
    dates: tuple[DueRead, ...]
    quotes: tuple[int, ...] = ()

    def quoted(self, place: int) -> bool:
        """Whether a word stands inside quotation marks, or right behind a closing text of them."""
        begin = self.tokens[min(place, len(self.tokens) - 1)].begin
        return sum(quote < begin for quote in self.quotes) % 2 == 1

    @property
    def marks(self) -> list[str]:
        """The punctuation after each word."""
        return [token.mark for token in self.tokens]

    @property
    def asks(self) -> bool:
        """Whether it ends in a question mark."""
        return "?" in self.tokens[-1].mark


def read_sentences(text: str, roster: Roster, now: datetime) -> list[Sentence]:
    """The sentences of a message that was said at `now`."""
    return [_sentence(tokens, text, roster, now) for tokens in sentences(normalise(text))]


def _sentence(tokens: Sequence[Token], text: str, roster: Roster, now: datetime) -> Sentence:
    spoken = [token.word for token in tokens]
    kept: list[Token] = []
    row: list[str] = []
    people: dict[int, Speaker] = {}
    strangers = words("names.txt")
    at = 0
    while at < len(tokens):
        named = roster.at(spoken, at)
        length = named.length if named else 1
        if named:
            people[len(row)] = named.speaker
        token = tokens[at] if length == 1 else _joined(tokens[at : at + length])
        stranger = token.word.removesuffix("'s")
        known = named is not None or stranger in strangers or (at > 0 and _proper(token, tokens[at - 1], text))
        if named is None and stranger in strangers and not roster.shares(stranger):
            people[len(row)] = Speaker("", stranger.capitalize())
        kept.append(token)
        row.append(NAME if known else token.word)
        at += length
    quotes = tuple(place for place, letter in enumerate(text) if letter in _QUOTES) if not _QUOTES.isdisjoint(text) else ()
    return Sentence(tuple(kept), tuple(row), people, tuple(due.find(kept, now)), quotes)


def _joined(tokens: Sequence[Token]) -> Token:
    first, last = tokens[0], tokens[-1]
    return type(first)(" ".join(token.word for token in tokens), first.begin, last.end, last.mark)


def _proper(token: Token, before: Token, text: str) -> bool:
    """Whether a word inside a sentence is written like a person's name, with one capital and small letters after it."""
    written = text[token.begin : token.end]
    if before.stops or len(written) < 3 or not (written[0].isupper() and written[1:].islower() and written.isalpha()):
        return False
    return token.word not in words("not_names.txt") and token.word not in words("function_words.txt")
