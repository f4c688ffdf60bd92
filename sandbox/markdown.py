"""Discord's markdown for a terminal: bold, code, links, mentions, headings, lists, small print; escapes shown as what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from sandbox.transcript import unescape

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(
    r"(?P<escape>\\[^a-zA-Z0-9\s])"
    r"|\*\*(?P<bold>(?:\\.|[^*\\])+)\*\*"
    r"|`(?P<code>[^`]+)`"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<address>[^)\s]+)\)"
    r"|<(?:@!?|#|@&)(?P<mention>\d+)>"
    r"|<t:(?P<moment>\d+)(?::(?P<form>\w))?>"
)
_HEADING = re.compile(r"(#{1,3}) (.*)")
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


def render(content: str, names: Mapping[int, str], *, voices: tuple[str, ...] = ()) -> Text:
    """A message as it would be read. `names` are those of users and channels by id; people in `voices` get a colour each."""
    text = Text()
    fenced = False
    for number, line in enumerate(content.splitlines()):
        if line.startswith("```"):
            fenced = not fenced
            continue
        if number and text:
            text.append("\n")
        text.append(Text(line, "bright_black") if fenced else _line(line, names, voices))
    return text


def _line(line: str, names: Mapping[int, str], voices: tuple[str, ...]) -> Text:
    if heading := _HEADING.fullmatch(line):
        shown = _inline(heading[2], names, voices)
        shown.stylize("bold underline" if len(heading[1]) < 3 else "bold")
        return shown
    if line.startswith("-# "):
        shown = _inline(line[3:], names, voices)
        shown.stylize("dim italic")
        return shown
    if line.startswith("- "):
        return Text("  • ").append(_inline(line[2:], names, voices))
    return _inline(line, names, voices)


def _inline(line: str, names: Mapping[int, str], voices: tuple[str, ...]) -> Text:
    text = Text()
    end = 0
    for token in _TOKEN.finditer(line):
        text.append(line[end : token.start()])
        end = token.end()
        if token["escape"]:
            text.append(token["escape"][1])
        elif token["bold"]:
            name = unescape(token["bold"])
            text.append(name, f"bold {_COLOURS[voices.index(name) % len(_COLOURS)]}" if name in voices else "bold")
        elif token["code"]:
            text.append(token["code"], "bright_black")
        elif token["label"]:
            text.append(unescape(token["label"]), Style(underline=True, link=token["address"]))
        elif token["mention"]:
            text.append(names.get(int(token["mention"]), token["mention"]), "blue")
        else:
            moment = datetime.fromtimestamp(int(token["moment"]), UTC).astimezone()
            text.append(f"{moment:%d %B %Y}" if token["form"] in {"D", "d"} else f"{moment:%d %B %Y %H:%M}", "blue")
    return text.append(line[end:].replace("\u200b", ""))
