"""What was said as a person would write it: figures for numbers, dates, times, money, percentages; today's spelling.

Rules only where they are sure: a count below ten stays a word, and so does whatever could be read in two ways ("two three", "fifty fifty",
"a hundred and ten", "two and a half", "a twenty second delay"). Data: `data/writing.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.recognition.numerals import COUNTS, DIGITS, LEXICON, ORDINALS, SCALES, WORDS, Number, below_hundred, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARTS: Final = re.compile(r"^(\W*)(.*?)([^\w%]*)$", re.DOTALL)
_SUFFIXES: Final = {1: "st", 2: "nd", 3: "rd"}
_CENTURY: Final = "century"
_SMALL: Final = 10
_LAST_OF_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class Written:
    """One word as it is written, and which of the spoken ones it stands for: `first` and the `count - 1` after it."""

    text: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A word, or one side of a hyphen: in lower case, as it was, the punctuation around it, and the spoken word that it is of."""

    key: str
    core: str
    before: str
    after: str
    of: int


def write(words: Sequence[str]) -> list[Written]:
    """The words of one utterance, punctuation attached, as they are written."""
    return list(_Writer(_parts(words)).words())


class _Writer:
    def __init__(self, parts: list[_Part]) -> None:
        self._parts = parts
        self._keys = [part.key for part in parts]

    def words(self) -> Iterator[Written]:
        at = 0
        while at < len(self._parts):
            found = self._figures(at) if self._keys[at] in COUNTS or self._keys[at] in ORDINALS else None
            if found is None:
                stop = self._leave(at)
                yield from self._as_said(at, stop)
            else:
                text, stop = found
                if self._parts[stop - 1].of == self._of(stop):  # the hyphen goes on: "twenty-year"
                    stop = self._leave(at)
                    yield from self._as_said(at, stop)
                else:
                    yield from self._as_figures(text, self._parts[at], self._parts[stop - 1])
            at = stop

    def _figures(self, at: int) -> tuple[str, int] | None:
        """The number at a part in figures and the part behind it; None if it stays in words."""
        clock = self._clock(at)
        if clock is not None:
            return clock
        year = self._year(at)
        if year is not None:
            return year
        end = self._run_end(at)
        if self._parts[end - 1].after.startswith("-"):  # broken off
            return None
        found = number(self._keys[:end], at)
        if found is None or at + found.length != end or self._ambiguous(at, end):
            return None
        return self._date(at, found) if found.ordinal else self._amount(at, found)

    def _date(self, at: int, found: Number) -> tuple[str, int] | None:
        """An ordinal: of a month or a weekday, of a century, or one of two words that is no time span."""
        end = at + found.length
        named = self._core(at - 1) in LEXICON.months or (self._core(at - 2) in LEXICON.months and self._key(at - 1) == "the")
        named = named or (self._key(end) == "of" and self._core(end + 1) in LEXICON.months) or self._core(end) in LEXICON.months
        named = named or (self._key(at - 1) == "the" and self._core(at - 2).rstrip(",") in LEXICON.weekdays)
        sure = found.length > 1 and self._keys[end - 1] not in {"second", *LEXICON.fractions}
        if not ((named and found.value <= _LAST_OF_MONTH) or sure or (self._key(end) == _CENTURY and found.value >= _SMALL)):
            return None
        return _ordinal(found.value), end

    def _amount(self, at: int, found: Number) -> tuple[str, int] | None:
        """A cardinal: money, a percentage, or a count."""
        end = at + found.length
        if self._key(end) in LEXICON.currencies and self._joined(end):
            return self._money(found, end)
        for words in LEXICON.percents if not found.scale else ():
            size = len(words.split())
            if " ".join(self._keys[end : end + size]) == words and self._joined(end):
                return f"{_count(found)}%", end + size
        if self._key(end) in LEXICON.halves and self._joined(end) and found.value <= 12 and not found.decimals:
            return str(found.value), end
        if found.value < _SMALL and not found.decimals:
            return None
        if found.length == 1 and self._starts_sentence(at):
            return None
        return _count(found), end

    def _money(self, found: Number, end: int) -> tuple[str, int]:
        """`$42,000`, `$2.5 million`, `$5.50`."""
        sign, end = LEXICON.currencies[self._keys[end]], end + 1
        cents, length = below_hundred(self._keys, end + 1)
        if (
            self._key(end) == "and"
            and length
            and self._key(end + 1 + length) == "cents"
            and not found.decimals
            and all(map(self._joined, range(end, end + length + 2)))
        ):
            return f"{sign}{found.value:,}.{cents:02}", end + length + 2
        return sign + _count(found), end

    def _clock(self, at: int) -> tuple[str, int] | None:
        """`3:30`: an hour and minutes before a.m. or p.m., or behind "at"."""
        hour, taken = below_hundred(self._keys, at)
        if not 1 <= hour <= 12 or taken != 1 or not self._joined(at + 1):
            return None
        minute, length = below_hundred(self._keys, at + 1)
        if self._key(at + 1) == "oh" and self._joined(at + 2):
            minute, length = DIGITS.get(self._key(at + 2), 0), 2
        elif minute < _SMALL:
            return None
        end = at + 1 + length
        if not 1 <= minute <= 59 or not all(map(self._joined, range(at + 1, end))):
            return None
        half = self._key(end) in LEXICON.halves and self._joined(end)
        alone = self._key(at - 1) in LEXICON.at and (
            self._parts[end - 1].after or self._key(end) in {"", "on", "in", "to", "and", "or"}
        )
        return (f"{hour}:{minute:02}", end) if half or alone else None

    def _year(self, at: int) -> tuple[str, int] | None:
        """`1945`, `2024`, `1905`: two numbers of two figures, the first of 11 to 20."""
        century, taken = below_hundred(self._keys, at)
        if taken != 1 or not 11 <= century <= 20 or not self._joined(at + 1):
            return None
        rest, length = below_hundred(self._keys, at + 1)
        if self._key(at + 1) == "oh":
            rest, length = DIGITS.get(self._key(at + 2), 0), 2
        elif rest < _SMALL:
            return None
        end = at + 1 + length
        if not rest or not all(map(self._joined, range(at + 1, end))) or (self._key(end) in WORDS and self._joined(end)):
            return None
        led = self._key(at - 1) in LEXICON.year_leads or self._core(at - 1) in LEXICON.months
        following = "" if self._parts[end - 1].after else self._key(end)
        counted = following.endswith("s") or following in {"people", "percent", "men", "women", "children", *LEXICON.halves}
        if not led and (century < 19 or counted):
            return None
        return f"{century}{rest:02}", end

    def _ambiguous(self, at: int, end: int) -> bool:
        """Whether the number stands in something that has no sure form: "a hundred", "two and a half", "two thirds"."""
        before, following = self._key(at - 1), self._key(end)
        if before in {"point", "oh"} or (before == "and" and self._key(at - 2) in {"hundred", *SCALES}):
            return True
        if following == "and" and self._key(end + 1) == "a" and self._key(end + 2) in LEXICON.fractions:
            return True
        return following in LEXICON.fractions and self._joined(end)

    def _run_end(self, at: int) -> int:
        """Behind the number words that stand together without a mark between them, "and" and "point" inside."""
        end = at + 1
        while end < len(self._parts) and self._joined(end):
            key, following = self._keys[end], self._key(end + 1)
            inside = (key == "and" and self._keys[end - 1] in {"hundred", *SCALES}) or (key == "point" and following in DIGITS)
            number_word = key in WORDS or key in ORDINALS or (key in DIGITS and "point" in self._keys[at:end])
            if not number_word and not (
                inside and self._joined(end + 1) and (following in WORDS or following in ORDINALS or key == "point")
            ):
                break
            end += 1
        return end

    def _leave(self, at: int) -> int:
        """Behind what stays as it was said: a whole run of numbers, or one word."""
        end = self._run_end(at) if self._keys[at] in COUNTS or self._keys[at] in ORDINALS else at + 1
        while end < len(self._parts) and self._parts[end].of == self._parts[end - 1].of:
            end += 1
        return end

    def _as_figures(self, text: str, first: _Part, last: _Part) -> Iterator[Written]:
        """One word, or two where a scale is written out: `$2 million`."""
        figures, *scale = f"{first.before}{text}{last.after}".split()
        count = last.of - first.of + 1
        yield Written(figures, first.of, max(1, count - len(scale)))
        if scale:
            yield Written(scale[0], last.of, 1)

    def _as_said(self, at: int, stop: int) -> Iterator[Written]:
        for of in range(self._parts[at].of, self._parts[stop - 1].of + 1):
            word = "-".join(part.core for part in self._parts[at:stop] if part.of == of)
            same = [place for place in range(at, stop) if self._parts[place].of == of]
            spelled = _respelled(word, begins=self._starts_sentence(same[0]))
            yield Written(f"{self._parts[same[0]].before}{spelled}{self._parts[same[-1]].after}", of, 1)

    def _starts_sentence(self, at: int) -> bool:
        return at == 0 or self._parts[at - 1].after[-1:] in {".", "?", "!"}

    def _joined(self, at: int) -> bool:
        """Whether no mark stands between a part and the one before it."""
        return 0 < at < len(self._parts) and not self._parts[at - 1].after and not self._parts[at].before

    def _key(self, at: int) -> str:
        return self._keys[at] if 0 <= at < len(self._keys) else ""

    def _core(self, at: int) -> str:
        return self._parts[at].core if 0 <= at < len(self._parts) else ""

    def _of(self, at: int) -> int:
        return self._parts[at].of if at < len(self._parts) else -1


def _parts(words: Sequence[str]) -> list[_Part]:
    """Words without the punctuation around them; numbers with a hyphen in two."""
    parts: list[_Part] = []
    for of, word in enumerate(words):
        match = _PARTS.match(word)
        before, core, after = match.groups() if match else ("", word, "")
        if core.lower() in {"p.m", "a.m"} and after.startswith("."):
            core, after = f"{core}.", after[1:]
        sides = core.split("-")
        if len(sides) == 1 or sides[0].lower() not in WORDS:
            sides = [core]
        last = len(sides) - 1
        parts.extend(
            _Part(side.lower(), side, before if place == 0 else "", after if place == last else "", of)
            for place, side in enumerate(sides)
        )
    return parts


def _count(found: Number) -> str:
    """Figures, thousands apart; "million" stays a word; a number such as 2005 is a year more often than not."""
    value, scale = found.value, SCALES.get(found.scale, 1)
    if found.decimals:
        return f"{value:,}.{found.decimals}{' ' if found.scale else ''}{found.scale}"
    if scale > 1 and value % scale == 0:
        return f"{value // scale:,} {found.scale}"
    return str(value) if 2_000 < value < 2_100 else f"{value:,}"


def _ordinal(value: int) -> str:
    suffix = "th" if value % 100 in {11, 12, 13} else _SUFFIXES.get(value % 10, "th")
    return f"{value:,}{suffix}"


def _respelled(word: str, *, begins: bool) -> str:
    """In today's spelling, with a capital where it has one; "OK" has capitals anywhere, so what counts is whether it begins a sentence."""
    spelling = LEXICON.spellings.get(word.lower())
    if spelling is None:
        return word
    return spelling.capitalize() if word[:1].isupper() and (begins or not word.isupper()) else spelling
