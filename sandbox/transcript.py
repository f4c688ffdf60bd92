r"""Reads a transcript out of a thread's messages: blocks like ``**Alice** `0:12` text``, one a line, markdown escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = re.compile(r"\*\*(?P<name>(?:\\.|[^*\\])+)\*\* `(?P<time>\d+(?::\d\d){1,2})` (?P<text>.*)")
_NOTE = re.compile(r"-# (?P<text>.*)")
_HEADING = re.compile(r"#{1,3} ")
_ESCAPE = re.compile(r"\\([^a-zA-Z0-9\s])")
_INVISIBLE = "\u200b"


@dataclass(frozen=True, slots=True)
class Block:
    """Something that one person said; `at` in seconds since the meeting began."""

    name: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What stands in a thread: what people said in the order of the messages, and the small print (gaps, who came and left)."""

    blocks: tuple[Block, ...]
    notes: tuple[str, ...]

    def said_by(self, name: str) -> str:
        """All that stands under a name."""
        return " ".join(block.text for block in self.blocks if block.name == name)

    def names(self) -> list[str]:
        """Whose names there are, in order of appearance."""
        return list(dict.fromkeys(block.name for block in self.blocks))


def read_transcript(messages: Iterable[str]) -> Transcript:
    """Parse messages, oldest first. A line without a name goes on with the block above it in the same message.

    The summary is no part of it: from a heading on, a message is not read.
    """
    blocks: list[Block] = []
    notes: list[str] = []
    for message in messages:
        goes_on = False
        for line in message.splitlines():
            if _HEADING.match(line):
                break
            if match := _BLOCK.fullmatch(line):
                blocks.append(Block(unescape(match["name"]), _seconds(match["time"]), unescape(match["text"])))
                goes_on = True
            elif match := _NOTE.fullmatch(line):
                notes.append(unescape(match["text"]))
                goes_on = False
            elif goes_on and line:
                blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text} {unescape(line)}")
    return Transcript(tuple(blocks), tuple(notes))


def unescape(text: str) -> str:
    """The text as Discord shows it: without backslashes before marks, and without invisible spaces."""
    return _ESCAPE.sub(r"\1", text).replace(_INVISIBLE, "")


def _seconds(clock: str) -> float:
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    return float(total)
