"""The filter language of `GET /v1/conversations`: RSQL with AND alone, two different parameters at most. No I/O.

conversation.name==Weekly*;conversation.metadata.agentId=in=(anna,'bob b')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.errors import BadRequest

MAX_LENGTH: Final = 2_048
MAX_PARAMETERS: Final = 2
MAX_COMPARISONS: Final = 20

_OPERATORS: Final = {
    "==": "==",
    "!=": "!=",
    "=gt=": ">",
    ">": ">",
    "=ge=": ">=",
    ">=": ">=",
    "=lt=": "<",
    "<": "<",
    "=le=": "<=",
    "<=": "<=",
    "=in=": "in",
    "=out=": "out",
}
_SELECTOR: Final = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*")
_OPERATOR: Final = re.compile(r"==|!=|=(?:gt|ge|lt|le|in|out)=|>=|<=|>|<")
_VALUE: Final = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"'();,=<>!~]+))""")
_AND: Final = re.compile(r"\s*;\s*|\s+and\s+", re.IGNORECASE)
_OR: Final = re.compile(r"\s*,|\s+or\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition.

    `selector` is without `conversation.`; `operator` is one of `==`, `!=`, `>`, `>=`, `<`, `<=`, `in`, `out`. Where values are
    compared for being equal, `*` stands for any text.
    """

    selector: str
    operator: str
    values: tuple[str, ...]


def parse(text: str) -> list[Comparison]:
    """All comparisons of a filter; all of them must hold. Raises `BadRequest`."""
    if len(text) > MAX_LENGTH:
        raise BadRequest(f'"filter" holds at most {MAX_LENGTH} characters.')
    found: list[Comparison] = []
    place = 0
    while True:
        comparison, place = _comparison(text, place)
        found.append(comparison)
        if not text[place:].strip():
            break
        if _OR.match(text, place):
            raise BadRequest('"filter" has no OR: join comparisons with ";".')
        joint = _AND.match(text, place)
        if joint is None:
            raise _unreadable(text, place)
        place = joint.end()
    if len(found) > MAX_COMPARISONS:
        raise BadRequest(f'"filter" holds at most {MAX_COMPARISONS} comparisons.')
    if len({comparison.selector for comparison in found}) > MAX_PARAMETERS:
        raise BadRequest(f'"filter" holds at most {MAX_PARAMETERS} different parameters.')
    return found


def _comparison(text: str, place: int) -> tuple[Comparison, int]:
    selector = _SELECTOR.match(text, place)
    operator = _OPERATOR.match(text, selector.end()) if selector else None
    if selector is None or operator is None:
        raise _unreadable(text, place)
    meaning = _OPERATORS[operator.group()]
    place = operator.end()
    if meaning in {"in", "out"}:
        values, place = _list(text, place)
    else:
        value, place = _value(text, place)
        values = (value,)
    return Comparison(selector.group(1).removeprefix("conversation."), meaning, values), place


def _list(text: str, place: int) -> tuple[tuple[str, ...], int]:
    begin = re.compile(r"\s*\(").match(text, place)
    if begin is None:
        raise _unreadable(text, place)
    place = begin.end()
    values: list[str] = []
    while True:
        value, place = _value(text, place)
        values.append(value)
        follows = re.compile(r"\s*([,)])").match(text, place)
        if follows is None:
            raise _unreadable(text, place)
        place = follows.end()
        if follows.group(1) == ")":
            return tuple(values), place


def _value(text: str, place: int) -> tuple[str, int]:
    value = _VALUE.match(text, place)
    if value is None:
        raise _unreadable(text, place)
    double, single, bare = value.groups()
    quoted = double if double is not None else single
    return (bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)), value.end()


def _unreadable(text: str, place: int) -> BadRequest:
    return BadRequest(
        f'"filter" cannot be read at character {place + 1} of {len(text)}: write parameter==value;parameter=gt=value.'
    )
