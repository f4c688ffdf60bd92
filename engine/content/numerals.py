"""Numbers in a text, in figures or in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.content.lists import sections
from engine.content.words import MAX_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = re.compile(r"[$\u20ac\u00a3]?\d{1,18}(?:,\d{3}){0,6}(?:\.\d{1,18})?%?|[^\W\d_]+")
_GLUE: Final = re.compile(r"[ \t]*-?[ \t]*")
_MOST: Final = 10**15


@dataclass(frozen=True, slots=True)
class Numeral:
    """`text[begin:end]` is a number; `value` in digits, `kind` cardinal, percentage or money."""

    begin: int
    end: int
    value: str
    kind: str


def numbers(text: str) -> Iterator[Numeral]:
    """All numbers of a text in order; `one` alone is a pronoun more often than a number."""
    pieces = list(islice(_PIECE.finditer(text), MAX_WORDS))
    at = 0
    while at < len(pieces):
        word = pieces[at].group()
        if any(letter.isdigit() for letter in word):
            value, length = word.strip("$\u20ac\u00a3%").replace(",", ""), 1
            kind = "percentage" if word.endswith("%") else "money" if word[0] in "$\u20ac\u00a3" else "cardinal"
            glued = _letter(text, pieces[at].start() - 1) or _letter(text, pieces[at].end())
            if glued or not value.replace(".", "", 1).isdecimal():  # a version, a name: v2, MP3
                at += 1
                continue
        else:
            value, length, kind = *_spoken(text, pieces, at), "cardinal"
        if not length:
            at += 1
            continue
        end = pieces[at + length - 1].end()
        scale = _table("scale").get(pieces[at + length].group().lower()) if at + length < len(pieces) else None
        if scale and word[-1:].isdigit() and float(value) * scale < _MOST:  # 2.5 million
            value, end, length = f"{float(value) * scale:.15g}", pieces[at + length].end(), length + 1
        if at + length < len(pieces) and (unit := _units().get(pieces[at + length].group().lower())):
            kind, end, length = unit, pieces[at + length].end(), length + 1
        yield Numeral(pieces[at].start(), end, value, kind)
        at += length


def _letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalpha() or text[at] == "_")


def _spoken(text: str, pieces: list[re.Match[str]], at: int) -> tuple[str, int]:
    """The value of number words at a place and how many there are; 0 where there are none."""
    total, current, length = 0, 0, 0
    smallest = 10**12
    while at + length < len(pieces):
        word = pieces[at + length].group().lower()
        if word == "and" and smallest == 100 and _small(pieces, at + length + 1):  # two hundred and ten
            length += 1
            continue
        if length and not _GLUE.fullmatch(text, pieces[at + length - 1].end(), pieces[at + length].start()):
            break
        unit, ten, scale = _table("unit").get(word), _table("ten").get(word), _table("scale").get(word)
        if unit is not None and (length == 0 or smallest >= 10):
            if length and smallest < 100 and unit >= 10:
                break
            current, smallest = current + unit, 1
        elif ten is not None and (length == 0 or smallest >= 100):
            current, smallest = current + ten, 10
        elif scale is not None and length and total + current * scale < _MOST:
            current *= scale
            if scale > 100:
                total, current = total + current, 0
            smallest = scale
        else:
            break
        length += 1
    if length == 1 and pieces[at].group().lower() == "one":
        return "", 0
    return str(total + current), length


def _small(pieces: list[re.Match[str]], at: int) -> bool:
    word = pieces[at].group().lower() if at < len(pieces) else ""
    return word in _table("unit") or word in _table("ten")


@cache
def _table(heading: str) -> dict[str, int]:
    return {word: int(value) for word, value in (row.split(" = ") for row in sections("numerals.txt")[heading])}


@cache
def _units() -> dict[str, str]:
    return dict(row.split(" = ") for row in sections("numerals.txt")["unit of"])
