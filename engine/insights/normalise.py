"""Text as the rules read it: lower case, contractions written out, fillers, cut-off words and repeats gone.

Every token keeps where it stands in the original, so that items can quote what was said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.insights.lexicon import mapping, words

MAX_TOKENS = 6_000
"""A message is read as far as this many tokens; the longest a person says in one breath is far below."""

_TOKEN = re.compile(r"<@!?\w+>|\b[ap]\.m\.|@?\w+(?:[.:,/]\d+)*(?:['\u2019-]\w+)*-?|[.?!,;:\u2026\u2014]|\n", re.UNICODE)
_MARKS = frozenset(".?!,;:\u2026\u2014\n")
_STOPS = frozenset(".?!;\u2026\n")
_WHOLE = frozenset(
    [
        "a",
        "i",
        "so",
        "to",
        "the",
        "we",
        "he",
        "no",
        "in",
        "on",
        "an",
        "as",
        "is",
        "it",
        "at",
        "be",
        "by",
        "do",
        "go",
        "if",
        "me",
        "my",
        "of",
        "or",
        "up",
        "us",
        "am",
        "re",
        "ok",
        "all",
        "for",
        "can",
    ]
)
"""Short words that may stand before a longer one with the same beginning without being its first, broken-off try."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word; `begin` and `end` are offsets in the original text, `mark` the punctuation right after it."""

    word: str
    begin: int
    end: int
    mark: str = ""

    @property
    def stops(self) -> bool:
        """Whether a sentence ends here."""
        return bool(self.mark) and not _STOPS.isdisjoint(self.mark)


def plain(word: str) -> str:
    """A word in lower case with a straight apostrophe."""
    return word.lower().replace("\u2019", "'")


def read(text: str) -> list[Token]:
    """The words of a text as they stand, with their punctuation, nothing left out."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece in _MARKS:
            if found:
                last = found[-1]
                found[-1] = Token(last.word, last.begin, last.end, last.mark + piece)
            continue
        found.append(Token(plain(piece), match.start(), match.end()))
        if len(found) >= MAX_TOKENS:
            break
    return found


def clean(tokens: list[Token]) -> list[Token]:
    """Without fillers, broken-off words and repeats; contractions written out."""
    return _without_repeats(_written_out(_without_fragments(tokens)))


def normalise(text: str) -> list[Token]:
    """`clean` over `read`."""
    return clean(read(text))


def _without_fragments(tokens: list[Token]) -> list[Token]:
    fillers = words("fillers.txt")
    kept: list[Token] = []
    for index, token in enumerate(tokens):
        word = token.word
        following = tokens[index + 1].word if index + 1 < len(tokens) else ""
        broken = word.endswith("-") or (
            len(word) <= 3 and len(following) > len(word) and following.startswith(word) and word.isalpha() and word not in _WHOLE
        )
        if word in fillers or broken or (_is_aside(tokens, index) and not token.stops):
            if kept:
                last = kept[-1]
                ends = token.mark if token.stops and not last.stops else ""
                kept[-1] = Token(last.word, last.begin, last.end, last.mark.replace(",", "") + ends)
            continue
        kept.append(token)
    return kept


def _is_aside(tokens: list[Token], index: int) -> bool:
    """Whether a word belongs to a `you know` between commas."""
    for start in (index - 1, index):
        pair = [token.word for token in tokens[max(start, 0) : start + 2]]
        if pair == ["you", "know"] and start > 0 and "," in tokens[start - 1].mark and "," in tokens[start + 1].mark:
            return True
    return False


def _written_out(tokens: list[Token]) -> list[Token]:
    contractions = mapping("contractions.txt")
    found: list[Token] = []
    for token in tokens:
        parts = contractions.get(token.word, token.word).split()
        found.extend(Token(part, token.begin, token.end) for part in parts[:-1])
        found.append(Token(parts[-1], token.begin, token.end, token.mark))
    return found


def _without_repeats(tokens: list[Token]) -> list[Token]:
    """Drops the first of two equal runs of one to three words; a repeat over the end of a sentence stays."""
    kept: list[Token] = []
    for token in tokens:
        kept.append(token)
        for size in (1, 2, 3):
            if len(kept) < 2 * size:
                break
            first, second = kept[-2 * size : -size], kept[-size:]
            same = all(one.word == other.word for one, other in zip(first, second, strict=True))
            if same and not any(one.stops for one in first) and not second[0].word.isdecimal():
                del kept[-2 * size : -size]
                break
    return kept


def sentences(tokens: list[Token]) -> list[list[Token]]:
    """Cut where the punctuation ends a sentence; a text without any is one sentence."""
    found: list[list[Token]] = []
    current: list[Token] = []
    for token in tokens:
        current.append(token)
        if token.stops:
            found.append(current)
            current = []
    if current:
        found.append(current)
    return found
