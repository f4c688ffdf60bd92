"""What a second look corrected, shown beside what was posted first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.meetings.entries import Line, time_of
from bot.publish.markup import bold_name, clock, escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.meetings.result import MeetingResult

_SHOWN = 10


def correction_lines(result: MeetingResult, urls: Mapping[str, str]) -> list[str]:
    """A section for the summary: how many lines were corrected, and the first of them; nothing if none was."""
    lines = sorted(
        (entry for entry in result.entries if isinstance(entry, Line) and entry.key in result.corrections), key=time_of
    )
    if not lines:
        return []
    count = "1 line was" if len(lines) == 1 else f"{len(lines)} lines were"
    head = ["### Second look", f"{count} corrected on a second look; the transcript's file has both readings."]
    return [*head, *(_correction(line, result.corrections[line.key], urls) for line in lines[:_SHOWN])]


def _correction(line: Line, text: str, urls: Mapping[str, str]) -> str:
    url = urls.get(line.key)
    moment = f"[{clock(line.start)}]({url})" if url else clock(line.start)
    return f"- {bold_name(line.name)} {moment}: ~~{escape(line.text)}~~ {escape(text)}"
