"""A conversation as one text: Markdown, plain text, SRT, WebVTT, or lines for programs. No I/O."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from wire.reports import Transcript, TranscriptFile, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wire.reports import TranscriptType

PARAGRAPH_SECONDS: Final = 600.0
"""A paragraph of one person ends when they begin again after so long, or when the person changes."""
PARAGRAPH_LENGTH: Final = 1_000
"""Characters after which a paragraph ends with its sentence."""
LEAST_SECONDS: Final = 0.5
"""A subtitle is shown for this long at least."""
_SPACE: Final = re.compile(r"\s{2,}|[^\S ]")
_SPECIAL: Final = re.compile(r"[\\`*_\[\]|~<>&]|\s\s|[^\S ]|^[#+-]")
"""What is spelled otherwise in Markdown: few texts hold any of it."""
_MARKUP: Final = re.compile(r"([\\`*_\[\]|~]|^[#+-])")


class Line(NamedTuple):
    """One message: seconds since the first word; the speaker's name is None where nobody gave one."""

    start: float
    end: float
    speaker: str | None
    text: str
    marks: tuple[str, ...] = ()
    """Phrases of the text to highlight."""


def render(lines: Sequence[Line], content_type: TranscriptType, *, paragraphs: bool, speakers: bool) -> Transcript:
    """The transcript in the form asked for; `paragraphs` and `marks` count for Markdown and plain text."""
    match content_type:
        case "text/markdown":
            return _markdown(lines, paragraphs=paragraphs, speakers=speakers)
        case "text/plain":
            blocks = (_plain(block, speakers=speakers) for block in _blocks(lines, paragraphs=paragraphs))
            return Transcript(
                payload="\n\n".join(blocks) if paragraphs or speakers else " ".join(blocks), content_type="text/plain"
            )
        case "text/srt":
            cues = (
                f"{number}\n{_clock(line.start, ',')} --> {_clock(_shown_until(line), ',')}\n{_spoken(line, speakers=speakers)}\n"
                for number, line in enumerate(lines, start=1)
            )
            content = TranscriptFile(content="\n".join(cues), content_type="text/srt")
            return Transcript(payload=content, content_type="text/srt")
        case "text/vtt":
            return Transcript(payload=_vtt(lines, speakers=speakers), content_type="text/vtt")
        case _:
            payload = [
                TranscriptLine(start=round(line.start, 3), end=round(line.end, 3), speaker=line.speaker, text=line.text)
                for line in lines
            ]
            return Transcript(payload=payload, content_type="application/json")


def _blocks(lines: Iterable[Line], *, paragraphs: bool) -> list[list[Line]]:
    """One message each, or what one person says in a stretch."""
    blocks: list[list[Line]] = []
    length = 0
    for line in lines:
        goes_on = (
            paragraphs
            and blocks
            and blocks[-1][-1].speaker == line.speaker
            and line.start - blocks[-1][-1].end < PARAGRAPH_SECONDS
            and length < PARAGRAPH_LENGTH
        )
        if goes_on:
            blocks[-1].append(line)
        else:
            blocks.append([line])
            length = 0
        length += len(line.text)
    return blocks


def _markdown(lines: Sequence[Line], *, paragraphs: bool, speakers: bool) -> Transcript:
    written: list[str] = []
    for block in _blocks(lines, paragraphs=paragraphs):
        text = " ".join(_marked(line) for line in block)
        written.append(f"{_escaped(_name(block[0]))}: {text}" if speakers else text)
    joined = "<br/><br/>".join(written) if paragraphs or speakers else " ".join(written)
    return Transcript(payload=joined, content_type="text/markdown")


def _marked(line: Line) -> str:
    """The text with its key phrases in `<mark>`, and everything that people said taken literally."""
    if not line.marks:
        return _escaped(line.text)
    written: list[str] = []
    place = 0
    for begin, end in _places(line):
        if begin >= place:
            written += _escaped(line.text[place:begin]), f"<mark>{_escaped(line.text[begin:end])}</mark>"
            place = end
    return "".join((*written, _escaped(line.text[place:])))


def _places(line: Line) -> list[tuple[int, int]]:
    """Where phrases stand, the longer one first where two begin together."""
    found = ((line.text.find(mark), len(mark)) for mark in line.marks if mark)
    return sorted(((begin, begin + length) for begin, length in found if begin >= 0), key=lambda place: (place[0], -place[1]))


def _escaped(text: str) -> str:
    """What was said is never markup."""
    if not _SPECIAL.search(text):
        return text
    return _MARKUP.sub(r"\\\1", html.escape(_SPACE.sub(" ", text), quote=False))


def _plain(block: Sequence[Line], *, speakers: bool) -> str:
    text = " ".join(" ".join(line.text.split()) for line in block)
    return f"{_name(block[0])}: {text}" if speakers else text


def _vtt(lines: Iterable[Line], *, speakers: bool) -> str:
    cues = ["WEBVTT\n"]
    for line in lines:
        text = html.escape(" ".join(line.text.split()), quote=False)
        voiced = f"<v {html.escape(_name(line), quote=False)}>{text}" if speakers else text
        cues.append(f"{_clock(line.start, '.')} --> {_clock(_shown_until(line), '.')}\n{voiced}\n")
    return "\n".join(cues)


def _spoken(line: Line, *, speakers: bool) -> str:
    """One line without the arrow that would begin another subtitle."""
    text = " ".join(line.text.split()).replace("-->", "->")
    return f"{_name(line)}: {text}" if speakers else text


def _name(line: Line) -> str:
    return " ".join((line.speaker or "Unknown speaker").split())


def _shown_until(line: Line) -> float:
    return max(line.end, line.start + LEAST_SECONDS)


def _clock(seconds: float, comma: str) -> str:
    whole, milliseconds = divmod(max(0, round(seconds * 1000)), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{comma}{milliseconds:03d}"
