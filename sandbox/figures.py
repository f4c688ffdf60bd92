"""Numbers in figures back into words, so that `$42,000` and `forty two thousand dollars` are the same words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_SIGNS = {"$": "dollars", "\u20ac": "euros", "\u00a3": "pounds"}
_FIGURES = re.compile(
    r"(?P<sign>[$\u20ac\u00a3])?(?<![\w.])(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(?P<decimals>\d+)|:(?P<minutes>[0-5]\d))?"
    r"(?P<suffix>st|nd|rd|th)?(?P<scale> (?:million|billion|trillion))?(?P<percent>%)?(?!\w)"
)
_AND = re.compile(r"\b(hundred|thousand|million) and (?=\w)")


def in_words(text: str) -> str:
    """A lower-case text with its numbers in words; four figures without a comma are a year; "hundred and ten" loses its "and"."""
    return _AND.sub(r"\1 ", _FIGURES.sub(lambda match: " ".join(_spoken(match)), text).replace("per cent", "percent"))


def _spoken(match: re.Match[str]) -> Iterator[str]:
    whole, decimals, minutes = match["whole"], match["decimals"], match["minutes"]
    value = int(whole.replace(",", ""))
    words = _year(value) if len(whole) == 4 and decimals is None else list(_cardinal(value))
    if match["suffix"]:
        words[-1] = _ordinal(words[-1])
    yield from words
    if minutes is not None:
        yield from (
            ["oh", _SMALL[int(minutes)]] if minutes.startswith("0") and minutes != "00" else list(_cardinal(int(minutes)))
        )
    if decimals is not None and match["sign"] and len(decimals) == 2:
        yield from ([_SIGNS[match["sign"]], "and", *_cardinal(int(decimals)), "cents"])
        return
    if decimals is not None:
        yield from ("point", *(_SMALL[int(digit)] for digit in decimals))
    if match["scale"]:
        yield match["scale"].strip()
    if match["sign"]:
        yield _SIGNS[match["sign"]]
    if match["percent"]:
        yield "percent"


def _cardinal(value: int) -> Iterator[str]:
    for size, name in _SCALES:
        if value >= size:
            yield from (*_cardinal(value // size), name)
            value %= size
            if not value:
                return
    if value >= 20:
        yield _TENS[value // 10]
        value %= 10
        if not value:
            return
    yield _SMALL[value]


def _year(value: int) -> list[str]:
    """`1945` as "nineteen forty five", `2005` as "two thousand five"."""
    century, rest = divmod(value, 100)
    if not 11 <= century <= 20 or (century == 20 and rest < 10):
        return list(_cardinal(value))
    if rest == 0:
        return [*_cardinal(century), "hundred"]
    return [*_cardinal(century), *(["oh"] if rest < 10 else []), *_cardinal(rest)]


def _ordinal(word: str) -> str:
    return _ORDINALS.get(word) or (f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th")
