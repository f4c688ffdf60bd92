"""Parts of a transcript as a model reads them: a few dozen messages each, the last of one again at the beginning of the next.

What people spoke stands in JSON strings, one message a line, between two marks with a code that is drawn anew for every request:
nobody can speak the mark that ends the data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.insights.types import Utterance

MESSAGES: Final = 60
OVERLAP: Final = 10
CHARACTERS: Final = 9_000
"""Of a part's messages, about 2,500 tokens: many local models read 4,096 with prompt and answer."""
MESSAGE_CHARACTERS: Final = 4_000
"""A longer message is cut."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Messages `begin` to `end` of a meeting; those before `fresh` stood in the part before as well."""

    begin: int
    fresh: int
    end: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is told, and the data that it is told it about."""

    instructions: str
    data: str


def passages(said: Sequence[Utterance]) -> list[Passage]:
    """The parts of a transcript, in order; every message is fresh in exactly one."""
    sizes = [min(len(one.text), MESSAGE_CHARACTERS) + len(one.speaker.name) for one in said]
    found: list[Passage] = []
    fresh = 0
    while fresh < len(said):
        begin, size = fresh, 0
        while begin > max(0, fresh - OVERLAP) and size + sizes[begin - 1] <= CHARACTERS // 4:
            begin -= 1
            size += sizes[begin]
        end = fresh
        while end < len(said) and (end == fresh or (end - begin < MESSAGES and size + sizes[end] <= CHARACTERS)):
            size += sizes[end]
            end += 1
        found.append(Passage(begin, fresh, end))
        fresh = end
    return found


def short_id(place: int) -> str:
    """What the message at a place of the meeting is called towards the model."""
    return f"m{place + 1}"


def passage_prompt(said: Sequence[Utterance], passage: Passage, code: str) -> Prompt:
    """The question about one part; `code` must be one that nobody can guess."""
    rows = [
        {"id": short_id(place), "speaker": said[place].speaker.name, "text": said[place].text[:MESSAGE_CHARACTERS]}
        for place in range(passage.begin, passage.end)
    ]
    return _prompt("passage.md", rows, code)


def digest_prompt(points: Iterable[tuple[str, str, str]], code: str) -> Prompt:
    """The question for the summary of points: `(id, kind, text)`."""
    return _prompt("digest.md", [{"id": name, "kind": kind, "text": text} for name, kind, text in points], code)


def _prompt(template: str, rows: Sequence[Mapping[str, str]], code: str) -> Prompt:
    lines = (json.dumps(row, ensure_ascii=False).replace("<", "\\u003c") for row in rows)
    return Prompt(_template(template).replace("{code}", code), "\n".join([f"<data {code}>", *lines, f"</data {code}>"]))


@cache
def _template(name: str) -> str:
    return (files("engine.insights.language_model") / "data" / name).read_text(encoding="utf-8")
