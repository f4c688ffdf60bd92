"""Word templates of the data files, compiled to patterns over a row of words.

`(a|b)` one of, `[a]` optional, `{slot}` a list of `slots.txt`, `~` up to three words, `*` the place of the verb (`*ing`, `*ed`: in that
form), `@name` somebody of the roster.
"""

from __future__ import annotations

import re
from functools import cache

from engine.insights.lexicon import sections

NAME = "@name"

_PIECES = re.compile(r"\{\w+\}|[()\[\]|]|[^\s()\[\]|{}]+")
_REPEATED = frozenset({"adv", "wrap"})


@cache
def compiled(template: str) -> re.Pattern[str]:
    """A template as a pattern; it matches whole words of a row in which every word is followed by one space."""
    return re.compile(r"(?<!\S)" + _translate(template), re.UNICODE)


def _translate(template: str) -> str:
    out: list[str] = []
    for piece in _PIECES.findall(template):
        if piece in {"(", "["}:
            out.append("(?:")
        elif piece == "]":
            out.append(")?")
        elif piece in {")", "|"}:
            out.append(piece)
        elif piece == "~":
            out.append(r"(?:\S+ ){0,3}?")
        elif piece.startswith("*"):
            out.append(f"(?P<{piece[1:] or 'base'}>)")
        elif piece.startswith("{"):
            out.append(_slot(piece.strip("{}")))
        else:
            out.append(re.escape(piece) + " ")
    return "".join(out)


@cache
def _slot(name: str) -> str:
    entries = sorted(sections("slots.txt")[name], key=len, reverse=True)
    alternatives = "|".join(re.escape(entry) + " " for entry in entries)
    return f"(?:{alternatives})" + ("{0,3}" if name in _REPEATED else "")
