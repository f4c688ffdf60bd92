"""Personal data in a text: names of the roster, addresses, phone numbers, cards, long runs of digits, written or read out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from engine.content.lists import lines
from engine.content.words import MAX_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.content.names import Names

MAX_TEXT: Final = 20_000
"""Characters of a text that are looked at; what stands behind them is personal as a whole."""
LEAST_DIGITS: Final = 6
"""Digits in a row from which they are taken for a number of somebody's."""

_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_SPOKEN_EMAIL: Final = re.compile(
    r"\b[\w+-]{1,64}(?:\s+(?:dot|underscore|dash)\s+[\w+-]{1,64}){0,4}\s+at\s+[\w-]{1,63}(?:\s+dot\s+[\w-]{1,63}){1,4}\b"
    r"|\b[\w.+-]{1,64}\s+at\s+[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}\b",
    re.IGNORECASE,
)
_SSN: Final = re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_PIECE: Final = re.compile(r"\d+|[^\W\d_]+")
_BETWEEN: Final = re.compile(r"[ \t.()+/-]{0,4}|,\s{1,2}")
"""What may stand between the digits of one number: a comma only as a pause between digits that are read out."""
_AMOUNT: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_PHONE_MOST: Final = 15


@dataclass(frozen=True, slots=True)
class Personal:
    """A stretch of a text, `text[begin:end]`, in the service's word for it: EMAIL_ADDRESS, PHONE_NUMBER, PERSON_NAME, ..."""

    kind: str
    begin: int
    end: int


def find(text: str, names: Names) -> list[Personal]:
    """All personal data of a text in order; stretches do not overlap."""
    looked, rest = text[:MAX_TEXT], text[MAX_TEXT:]
    found = [Personal("EMAIL_ADDRESS", *match.span()) for match in _EMAIL.finditer(looked)]
    found += [Personal("EMAIL_ADDRESS", *match.span()) for match in _SPOKEN_EMAIL.finditer(looked)]
    found += [Personal("SSN", *match.span()) for match in _SSN.finditer(looked)]
    found += [Personal("IBAN_CODE", *match.span()) for match in _IBAN.finditer(looked)]
    found += _numbers(looked)
    found += [Personal("PERSON_NAME", one.begin, one.end) for one in names.find(looked)]
    if rest:
        found.append(Personal("TEXT", MAX_TEXT, len(text)))
    return _apart(found)


def redact(text: str, found: Sequence[Personal], mask: str) -> str:
    """The text with each stretch replaced by `mask`."""
    pieces: list[str] = []
    at = 0
    for one in found:
        pieces += [text[at : one.begin], mask]
        at = one.end
    return "".join([*pieces, text[at:]])


def _apart(found: Iterable[Personal]) -> list[Personal]:
    """Where stretches overlap, the first and longest stands, drawn out over the others."""
    kept: list[Personal] = []
    for one in sorted(found, key=lambda one: (one.begin, -one.end)):
        if kept and one.begin < kept[-1].end:
            last = kept[-1]
            kept[-1] = Personal(last.kind, last.begin, max(last.end, one.end))
        else:
            kept.append(one)
    return kept


@dataclass(slots=True)
class _Run:
    begin: int
    end: int
    digits: str
    spoken: bool


def _numbers(text: str) -> Iterable[Personal]:
    """Runs of digits, in figures or in words, with what people put between them."""
    amounts = [match.span() for match in _AMOUNT.finditer(text)]
    run: _Run | None = None
    double = 0
    for count, match in enumerate(_PIECE.finditer(text)):
        if count >= 2 * MAX_WORDS:
            break
        begin, end = match.span()
        piece = match.group().lower()
        digits = "" if any(first <= begin < last for first, last in amounts) else _digits(piece)
        gap = text[run.end : begin] if run else ""
        near = run is not None and _BETWEEN.fullmatch(gap) is not None and ("," not in gap or run.spoken)
        if piece in {"double", "triple"} and (near or run is None):
            double = 2 if piece == "double" else 3
            run = run or _Run(begin, begin, "", spoken=True)
            run.end = end if near or run.end == begin else run.end
            continue
        if digits and run and near:
            run.digits += digits * (double or 1)
            run.end, run.spoken = end, run.spoken or not piece.isdigit()
        else:
            yield from _told(run)
            run = _Run(begin, end, digits, not piece.isdigit()) if digits else None
        double = 0
    yield from _told(run)


def _told(run: _Run | None) -> Iterable[Personal]:
    if run is not None and len(run.digits) >= LEAST_DIGITS:
        yield Personal(_kind(run.digits), run.begin, run.end)


def _kind(digits: str) -> str:
    if 12 <= len(digits) <= 19 and _luhn(digits):
        return "CREDIT_CARD_NUMBER"
    return "PHONE_NUMBER" if 7 <= len(digits) <= _PHONE_MOST else "NUMBER"


def _luhn(digits: str) -> bool:
    """The check digit of cards (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


@cache
def _read_out() -> dict[str, str]:
    return dict(line.split(" = ") for line in lines("digits.txt"))


def _digits(piece: str) -> str:
    return piece if piece.isdecimal() and piece.isascii() else _read_out().get(piece, "")
