"""Numbers in words: what they are worth, and how long they are. Lower-case words in, no punctuation."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Sequence


class Lexicon(BaseModel):
    """The data file: words by what they do, and what they are worth."""

    months: frozenset[str]
    weekdays: frozenset[str]
    at: frozenset[str]
    halves: frozenset[str]
    year_leads: frozenset[str]
    fractions: frozenset[str]
    percents: frozenset[str]
    units: dict[str, int]
    teens: dict[str, int]
    tens: dict[str, int]
    scales: dict[str, int]
    ordinals: dict[str, int]
    currencies: dict[str, str]
    spellings: dict[str, str]


LEXICON: Final = Lexicon.model_validate(
    tomllib.loads((Path(__file__).parent / "data" / "writing.toml").read_text(encoding="utf-8"))
)
UNITS: Final = LEXICON.units
TEENS: Final = LEXICON.teens
TENS: Final = LEXICON.tens
SCALES: Final = LEXICON.scales
ORDINALS: Final = LEXICON.ordinals
DIGITS: Final = {"zero": 0, "oh": 0, **UNITS}
COUNTS: Final = UNITS.keys() | TEENS.keys() | TENS.keys()
"""Words that a number begins with."""
WORDS: Final = COUNTS | SCALES.keys() | {"hundred"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how many words it took. `decimals`: digits after the point; `scale`: its last word if that is million or more."""

    value: int
    length: int
    ordinal: bool = False
    decimals: str = ""
    scale: str = ""


def below_hundred(words: Sequence[str], at: int) -> tuple[int, int]:
    """(value, words) of a number from 1 to 99 at a place; (0, 0) if there is none."""
    word, following = _word(words, at), _word(words, at + 1)
    if word in TENS:
        return (TENS[word] + UNITS[following], 2) if following in UNITS else (TENS[word], 1)
    value = UNITS.get(word) or TEENS.get(word) or 0
    return value, int(value > 0)


def number(words: Sequence[str], at: int) -> Number | None:
    """The longest number at a place: cardinal, ordinal, or with decimals."""
    total, end, last = 0, at, 10**15
    while True:
        group, length = _below_thousand(words, end + _joined(words, end, total))
        length += _joined(words, end, total) if length else 0
        scale = SCALES.get(_word(words, end + length), 1)
        if not group or scale >= last or (group >= 1_000 and scale > 1):
            break
        total, end, last = total + group * scale, end + length + (scale > 1), scale
        if scale == 1:
            break
    ordinal = _ordinal(words, end, total)
    if ordinal is not None:
        value, length = ordinal
        return Number(total + value, end + length - at, ordinal=True)
    if not total:
        return None
    if _word(words, end) == "point":
        return _decimal(words, at, total, end)
    scale_word = _word(words, end - 1)
    return Number(total, end - at, scale=scale_word if SCALES.get(scale_word, 0) >= SCALES["million"] else "")


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, int]:
    """(value, words) of a number below a thousand, or of hundreds up to ninety-nine of them."""
    value, length = below_hundred(words, at)
    if not value or _word(words, at + length) != "hundred":
        return value, length
    value, length = value * 100, length + 1
    gap = int(_word(words, at + length) == "and")
    rest, more = below_hundred(words, at + length + gap)
    return (value + rest, length + gap + more) if rest else (value, length)


def _joined(words: Sequence[str], at: int, total: int) -> int:
    """1 where "and" stands between thousands and what follows: "two thousand and five"."""
    return int(total > 0 and _word(words, at) == "and" and _word(words, at + 1) in COUNTS)


def _ordinal(words: Sequence[str], at: int, total: int) -> tuple[int, int] | None:
    """(value, words) of an ordinal that a number ends with: "first" behind "twenty", "fifth" behind "hundred and", or one alone."""
    gap = int(total > 0 and _word(words, at) == "and")
    value = ORDINALS.get(_word(words, at + gap))
    if value is None:
        return None
    room = 100 if total and total % 100 == 0 else 10 if total and total % 10 == 0 and total % 100 >= 20 else 0
    return (value, 1 + gap) if not total or value < room else None


def _decimal(words: Sequence[str], at: int, total: int, point: int) -> Number | None:
    end = point + 1
    while _word(words, end) in DIGITS:
        end += 1
    digits = "".join(str(DIGITS[word]) for word in words[point + 1 : end])
    if not digits:
        return Number(total, point - at)
    scale = _word(words, end)
    named = scale if SCALES.get(scale, 0) >= SCALES["million"] else ""
    return Number(total, end + bool(named) - at, decimals=digits, scale=named)


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if 0 <= at < len(words) else ""
