"""What people said is never markup: escaping for Discord's Markdown, and lengths as Discord's limits mean them.

Discord's clients read a backslash before any character that is neither a letter, a digit nor a space as that character itself
(https://support.discord.com/hc/en-us/articles/210298617), so escaping more than needed changes nothing that a reader sees.
"""

from __future__ import annotations

import re
import unicodedata

MESSAGE_LIMIT = 2_000
"""The most characters in one message. Counted in UTF-16 units, which never are fewer than any other count."""

_ACTIVE = re.compile(r"[\\*_~`|>#<\[\]/]")
_SHORTCODE = re.compile(r":(?=[\w+-]+:)")
_MENTION = re.compile(r"@(?!\u200b)")
_LEADING = re.compile(r"^(?:([-+])|(\d+)([.)]))(?=\s|$)")
_BLANK = re.compile(r"\s+")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction: with them a name could rewrite the line that it stands in."""


def length(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) + sum(1 for char in text if char > "\uffff")


def plain(text: str) -> str:
    """The text on one line, without control characters, half surrogates and marks that turn the reading direction."""
    kept = "".join(char for char in text if char not in _REORDERING and (char.isspace() or _visible(char)))
    return _BLANK.sub(" ", kept).strip()


def escape(text: str) -> str:
    """The text so that it shows as it is: no formatting, list, heading, link, emoji, time or mention comes to life in it."""
    escaped = _ACTIVE.sub(r"\\\g<0>", plain(text))
    escaped = _SHORTCODE.sub(r"\\:", escaped)
    escaped = _MENTION.sub("@\u200b", escaped)
    return _LEADING.sub(_defuse, escaped)


def bold_name(name: str) -> str:
    """A person's name in bold; somebody without a name is "Somebody"."""
    return f"**{escape(name) or 'Somebody'}**"


def clock(seconds: float) -> str:
    """A time since the meeting began: `0:12`, `12:34`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def split(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` UTF-16 units, cut at spaces where there are any, never inside an escape; only spaces at cuts go."""
    pieces = []
    rest = text
    while length(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip(" "))
        rest = rest[cut:].lstrip(" ")
    return [*pieces, rest] if rest or not pieces else pieces


def _cut(text: str, limit: int) -> int:
    """The best index to cut at, above 0, so that what stands before it fits."""
    used = fits = 0
    for char in text:
        used += 2 if char > "\uffff" else 1
        if used > limit:
            break
        fits += 1
    space = text.rfind(" ", 1, fits + 1)
    if space > 0:
        return space
    backslashes = len(text[:fits]) - len(text[:fits].rstrip("\\"))
    return max(1, fits - backslashes % 2)


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"}


def _defuse(match: re.Match[str]) -> str:
    bullet, number, mark = match.groups()
    return f"\\{bullet}" if bullet else f"{number}\\{mark}"
