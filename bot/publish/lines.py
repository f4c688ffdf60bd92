"""Sentences, gaps and notes -> messages for the thread. Pure: entries in, texts out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.meetings.entries import Gap, Line, Note, Spoken, time_of
from bot.publish.markup import MESSAGE_LIMIT, bold_name, clock, escape, length, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NAME_LIMIT = 100
"""Discord's names have at most 32 characters; the rest is room for escapes and for names from elsewhere."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to send. `keys` are the entries that are complete with it; `key` is the same for the same entries again."""

    key: str
    text: str
    keys: tuple[str, ...]
    ends: bool
    """It ends where an entry ends: the next message can be made anew from what came in meanwhile."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that stays together: `head` opens a block and is left out where the block goes on."""

    speaker: tuple[int | None, str] | None
    head: str
    text: str
    keys: tuple[str, ...]


def drafts(entries: Sequence[Spoken], *, limit: int = MESSAGE_LIMIT) -> list[Draft]:
    """Messages of at most `limit` UTF-16 units that hold all entries, ordered by when they were said.

    Sentences of one speaker that follow each other stand in one block, which begins with the name and the time; a block that goes
    on in the next message begins so again. An entry longer than a message goes over several.
    """
    made: list[Draft] = []
    text = ""
    keys: list[str] = []
    speaker: tuple[int | None, str] | None = None
    ends = True
    for piece in _pieces(entries, limit):
        if text and speaker is not None and piece.speaker == speaker:
            longer = f"{text} {piece.text}"
        else:
            longer = f"{text}\n{piece.head}{piece.text}" if text else f"{piece.head}{piece.text}"
        if text and length(longer) > limit:
            made.append(_draft(text, keys, len(made), ends=ends))
            longer, keys = f"{piece.head}{piece.text}", []
        text, speaker, ends = longer, piece.speaker, bool(piece.keys)
        keys.extend(piece.keys)
    if text:
        made.append(_draft(text, keys, len(made), ends=ends))
    return made


def gap_text(gap: Gap) -> str:
    """`[gap 3.2 s: Ana's audio lost]`, not escaped."""
    whose = f"{gap.name}'s audio" if gap.user_id is not None or gap.name else "audio"
    return f"[gap {gap.seconds:.1f} s: {whose} lost]"


def _pieces(entries: Iterable[Spoken], limit: int) -> Iterator[_Piece]:
    for entry in sorted(entries, key=time_of):
        match entry:
            case Line():
                name = bold_name(entry.name[:_NAME_LIMIT])
                yield from _cut(f"{name} `{clock(entry.start)}` ", escape(entry.text), entry, limit, (entry.user_id, entry.name))
            case Gap():
                yield from _cut("-# ", f"[{escape(gap_text(entry)[1:-1])}]", entry, limit)
            case Note():
                yield from _cut("-# ", escape(entry.text), entry, limit)


def _cut(head: str, text: str, entry: Spoken, limit: int, speaker: tuple[int | None, str] | None = None) -> Iterator[_Piece]:
    pieces = split(text, limit - length(head))
    for index, piece in enumerate(pieces):
        yield _Piece(speaker, head, piece, (entry.key,) if index == len(pieces) - 1 else ())


def _draft(text: str, keys: Sequence[str], index: int, *, ends: bool) -> Draft:
    """The key is a digest, 24 characters: Discord takes at most 25 in a nonce."""
    return Draft(post_key(*keys, "" if ends else f"{index} {text}"), text, tuple(keys), ends)


def post_key(*parts: str) -> str:
    """The same key for the same parts, at most 25 characters long: Discord's limit for a nonce."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
