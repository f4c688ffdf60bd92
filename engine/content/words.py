"""A text as words: blind to case, punctuation and hyphens, with the place of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final

MAX_WORDS: Final = 2_000
"""Words of a text that are looked at; nobody says more in one breath."""

_WORD: Final = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['\u2019][^\W_]+)*", re.UNICODE)
_STOP: Final = re.compile(r"[.?!;\n]")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word; `plain` in lower case without apostrophes and dots, `text[begin:end]` how it stands, `last` at the end of a sentence."""

    plain: str
    begin: int
    end: int
    last: bool = False


def read(text: str) -> list[SpokenWord]:
    """The words of a text: `U.S.A.` and `don't` are one word, `follow-up` is two."""
    found: list[SpokenWord] = []
    matches = list(islice(_WORD.finditer(text), MAX_WORDS))
    for match, following in zip_longest(matches, matches[1:]):
        begin, end = match.span()
        between = text[end : following.start() if following else len(text)]
        plain = match.group().lower().replace("'", "").replace("\u2019", "").replace(".", "")
        found.append(SpokenWord(plain, begin, end, following is None or _STOP.search(between) is not None))
    return found
